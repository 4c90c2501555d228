#include <filesystem>

#include "cli/sandbox.hpp"
#include "recipes/change.hpp"
#include "support/catch.hpp"

// The gate over releases: what may travel together, by zdm.lock, by git and by another checkout.

namespace zdm::tests {

namespace {

namespace fs = std::filesystem;

std::string rename_at(const std::string& phase, const std::string& more = "") {
  return "description = \"users.name becomes users.full_name\"\nphase = \"" + phase + "\"\n" +
         more +
         "\n[[change]]\nkind = \"rename_column\"\ntable = \"users\"\nfrom = \"name\"\n"
         "to = \"full_name\"\n";
}

constexpr auto kFile = "migrations/0001_users_full_name.toml";

/// A project whose releases can be kept in each of the three ways.
class Project {
 public:
  explicit Project(std::string way) : way_(std::move(way)) {
    box.write("migrations/.keep", "");
    box.write("db/.keep", "");
    box.write("zdm.toml", "[gate]\nsql = [\"db/*.sql\"]\n");
    box.write("db/001.sql", "CREATE TABLE users (id bigint PRIMARY KEY, name text, fax text);\n");
    if (way_ == "git") REQUIRE(git({"init", "-q", "."}) == 0);
  }

  /// The checkout as it is now is what runs from here on.
  void release() {
    ++number_;
    const auto name = std::to_string(number_);
    if (way_ == "lock") {
      const auto cut = box.zdm({"release", "cut", name});
      INFO(cut.err);
      REQUIRE(cut.code == 0);
    }
    if (way_ == "git") {
      REQUIRE(git({"add", "-A"}) == 0);
      REQUIRE(git({"-c", "user.name=n", "-c", "user.email=n@example.org", "commit", "--allow-empty",
                   "-qm", name}) == 0);
    }
    if (way_ == "base") {
      fs::remove_all(box.path("../" + base()));
      fs::copy(box.path(), box.path("../" + base()), fs::copy_options::recursive);
    }
  }

  ~Project() {
    std::error_code ignored;
    fs::remove_all(box.path("../" + base()), ignored);
  }
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;

  [[nodiscard]] Finished check() const {
    std::vector<std::string> words = {"check"};
    if (way_ == "git") words.insert(words.end(), {"--since", "HEAD"});
    if (way_ == "base") words.insert(words.end(), {"--base", "../" + base()});
    return box.zdm(words);
  }

  void passes() const {
    const auto found = check();
    INFO(found.out << found.err);
    CHECK(found.code == 0);
    CHECK(found.out.empty());
  }
  void is_rejected_for(const std::string& rule, const std::string& words = "") const {
    const auto found = check();
    INFO(found.out << found.err);
    CHECK(found.code == 3);
    CHECK(contains(found.out, "error[" + rule + "]"));
    CHECK(contains(found.out, words));
  }

  Sandbox box;

 private:
  [[nodiscard]] std::string base() const {
    return fs::path(box.path()).filename().string() + "-base";
  }
  [[nodiscard]] int git(std::vector<std::string> words) const {
    Command command = box.command(std::move(words));
    command.words.front() = "git";
    command.words.insert(command.words.begin(), "/usr/bin/env");
    return run(command).code;
  }

  std::string way_;
  int number_ = 0;
};

}  // namespace

TEST_CASE("a rename passes release by release, and no two steps at once",
          "[cli][check][releases]") {
  const std::string way = GENERATE("lock", "git", "base");
  CAPTURE(way);
  Project project(way);
  project.release();
  project.box.write(kFile, rename_at("contract"));
  project.is_rejected_for("same-release-contract", "write phase = \"switch\" here");
  project.box.write(kFile, rename_at("expand"));
  project.passes();
  project.release();
  project.box.write(kFile, rename_at("contract"));
  project.is_rejected_for("same-release-contract", "at expand");
  project.box.write(kFile, rename_at("backfill"));
  project.passes();
  project.release();
  project.box.write(kFile, rename_at("expand"));
  project.is_rejected_for("shipped-file-changed", "goes back to expand");
  project.box.write(kFile, rename_at("expand", "hold = \"a reason\"\n"));
  project.passes();
  project.box.write(kFile, rename_at("switch"));
  project.passes();
  project.release();
  project.passes();
  project.box.write(kFile, rename_at("contract"));
  project.passes();
  project.release();
  project.passes();
  fs::remove(project.box.path(kFile));
  project.passes();
}

TEST_CASE("what shipped stays as it was until contract", "[cli][check][releases]") {
  const std::string way = GENERATE("lock", "git", "base");
  CAPTURE(way);
  Project project(way);
  project.box.write(kFile, rename_at("expand"));
  project.release();
  auto other = rename_at("expand");
  other.replace(other.find("full_name\"\n", other.find("to =")), 9, "fullname1");
  project.box.write(kFile, other);
  project.is_rejected_for("shipped-file-changed", "differ from what");
  project.box.write(kFile, rename_at("expand") + "up = \"upper(name)\"\n");
  project.is_rejected_for("shipped-file-changed");
  project.box.write(kFile, rename_at("expand", "amended = \"cased\"\n") + "up = \"upper(name)\"\n");
  project.passes();
  fs::remove(project.box.path(kFile));
  project.is_rejected_for("shipped-file-changed", "0001_users_full_name is gone");
  if (way != "lock") project.is_rejected_for("shipped-file-changed", std::string(kFile) + ":1:1");
  project.box.write(kFile, rename_at("expand"));
  project.box.write("db/001.sql", "CREATE TABLE users (id bigint PRIMARY KEY);\r\n");
  project.is_rejected_for("shipped-file-changed", "db/001.sql:1:1");
  project.box.write("db/001.sql",
                    "CREATE TABLE users (id bigint PRIMARY KEY, name text, fax text);\r\n");
  project.passes();
}

TEST_CASE("SQL drops what an earlier release retired, and nothing else", "[cli][check][releases]") {
  const std::string way = GENERATE("lock", "git", "base");
  CAPTURE(way);
  Project project(way);
  project.release();
  const auto drop = "ALTER TABLE users DROP COLUMN fax;\n";
  project.box.write("db/003.sql", drop);
  project.is_rejected_for("unretired-drop", "-- zdm:retires users.fax");
  project.box.write("db/002.sql", "-- zdm:retires users.fax\nSELECT 1;\n");
  project.is_rejected_for("same-release-contract", "db/002.sql:1");
  fs::remove(project.box.path("db/003.sql"));
  project.passes();
  project.release();
  project.box.write("db/003.sql", drop);
  project.passes();
  project.box.write("db/004.sql", "ALTER TABLE users DROP COLUMN name, ADD COLUMN label text;\n");
  project.is_rejected_for("unretired-drop", "a rename to label in disguise");
}

TEST_CASE("a migration at switch retires what SQL may drop a release later",
          "[cli][check][releases]") {
  Project project("lock");
  project.box.write("migrations/1_fax.toml",
                    "phase = \"switch\"\n[[change]]\nkind = \"drop_column\"\ntable = \"users\"\n"
                    "column = \"fax\"\n");
  project.box.write("db/002.sql", "ALTER TABLE users DROP COLUMN fax;\n");
  project.is_rejected_for("drop-column");
  fs::remove(project.box.path("db/002.sql"));
  project.release();
  project.box.write("db/002.sql", "ALTER TABLE users DROP COLUMN fax;\n");
  project.passes();
}

TEST_CASE("a demand waits for code that meets it", "[cli][check][releases]") {
  Project project("lock");
  project.release();
  const std::string demand =
      "[[change]]\nkind = \"set_not_null\"\ntable = \"users\"\ncolumn = \"name\"\n";
  project.box.write("migrations/1_name.toml", "phase = \"switch\"\n" + demand);
  project.is_rejected_for("breaks-previous-release", "write phase = \"backfill\" here");
  project.box.write("migrations/1_name.toml", "phase = \"switch\"\n" + demand + "up = \"''\"\n");
  project.passes();
  for (const std::string sql :
       {"ALTER TABLE users ADD COLUMN age int NOT NULL;", "ALTER TABLE users ALTER id TYPE int;",
        "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0) NOT VALID;",
        "CREATE UNIQUE INDEX CONCURRENTLY u ON users (name);",
        "ALTER TABLE users ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES o (id) NOT VALID;"}) {
    project.box.write("db/002.sql", sql + "\n");
    INFO(sql);
    project.is_rejected_for("breaks-previous-release");
  }
  project.box.write("db/002.sql",
                    "CREATE TABLE t (a int);\nCREATE UNIQUE INDEX u ON t (a);\n"
                    "ALTER TABLE users ADD COLUMN age int;\n"
                    "CREATE UNIQUE INDEX CONCURRENTLY v ON users (age);\n"
                    "ALTER TABLE users ADD CONSTRAINT c CHECK (age > 0) NOT VALID;\n");
  project.passes();
  project.box.write("db/002.sql",
                    "-- zdm:allow breaks-previous-release reason=no writer leaves it out\n"
                    "ALTER TABLE users ADD CONSTRAINT n CHECK (name IS NOT NULL) NOT VALID;\n"
                    "ALTER TABLE users VALIDATE CONSTRAINT n;\n"
                    "ALTER TABLE users ALTER name SET NOT NULL;\n");
  project.passes();
}

TEST_CASE("a column of the same name and another type is told, unless it can be read",
          "[cli][check][releases]") {
  Project project("lock");
  project.release();
  const std::string change =
      "phase = \"switch\"\n[[change]]\nkind = \"change_column\"\ntable = \"users\"\n"
      "column = \"id\"\ntype = \"numeric\"\nup = \"id::numeric\"\ndown = \"id::bigint\"\n";
  project.box.write("migrations/1_id.toml", change);
  project.is_rejected_for("breaks-previous-release", "compatible = \"reason\"");
  project.box.write("migrations/1_id.toml", change + "compatible = \"it is read as text\"\n");
  project.passes();
}

TEST_CASE("phases go one by one where the application writes both, or the team wants it",
          "[cli][check][releases]") {
  Project project("lock");
  project.release();
  project.box.write(kFile, rename_at("backfill") + "dual_write = \"app\"\n");
  project.is_rejected_for("same-release-switch", "dual_write = \"app\"");
  project.box.write(kFile, rename_at("switch"));
  project.passes();
  project.box.write("zdm.toml", "[gate]\nsql = [\"db/*.sql\"]\napart = \"every\"\n");
  project.is_rejected_for("same-release-switch", "[gate] apart");
  project.box.write(kFile, rename_at("expand"));
  project.passes();
}

TEST_CASE("two unfinished migrations do not change one column", "[cli][check][releases]") {
  Project project("lock");
  project.release();
  project.box.write(kFile, rename_at("expand"));
  project.box.write("migrations/0002_drop.toml",
                    "phase = \"expand\"\n[[change]]\nkind = \"drop_column\"\ntable = \"users\"\n"
                    "column = \"name\"\n");
  project.is_rejected_for("undone-before-release", "0002_drop needs users.name");
  project.box.write("migrations/0002_drop.toml",
                    "phase = \"expand\"\n[[change]]\nkind = \"drop_column\"\ntable = \"users\"\n"
                    "column = \"fax\"\n");
  project.passes();
  project.box.write("migrations/0002_drop.toml",
                    "phase = \"expand\"\n[[change]]\nkind = \"drop_table\"\ntable = \"users\"\n");
  project.is_rejected_for("undone-before-release", "0002_drop needs users, which");
}

TEST_CASE("the author's own statements are looked at where they stand", "[cli][check][releases]") {
  Project project("lock");
  project.release();
  project.box.write("migrations/1_own.toml",
                    "phase = \"expand\"\n[[change]]\nkind = \"sql\"\nexpand = \"\"\"\n"
                    "  CREATE INDEX i ON users (name)\"\"\"\nundo_expand = \"DROP INDEX i\"\n");
  project.is_rejected_for("index-not-concurrent", "migrations/1_own.toml:5:3");
  project.box.write("migrations/1_own.toml",
                    "phase = \"expand\"\n# zdm:allow index-not-concurrent reason=nobody writes\n"
                    "[[change]]\nkind = \"sql\"\nexpand = \"CREATE INDEX i ON users (name)\"\n"
                    "undo_expand = \"DROP INDEX i\"\n");
  project.passes();
  project.box.write("migrations/1_own.toml",
                    "phase = \"expand\"\n[[change]]\nkind = \"create_table\"\ntable = \"t\"\n"
                    "columns = [{name = \"a\", type = \"bigint\"}]\n"
                    "[[change]]\nkind = \"sql\"\nexpand = \"CREATE INDEX i ON t (a)\"\n");
  project.passes();
}

TEST_CASE("without a base each migration is a release of its own", "[cli][check][releases]") {
  const Sandbox box;
  box.write(kFile, rename_at("switch"));
  CHECK(box.zdm({"check"}).code == 0);
  CHECK(box.zdm({"check", "migrations/"}).code == 0);
  box.write(kFile, rename_at("contract"));
  const auto found = box.zdm({"check", "migrations"});
  CHECK(found.code == 3);
  CHECK(contains(found.out, "nothing says that any release shipped it"));
  CHECK(contains(found.err, "base: none: each file is taken as a release of its own"));
  CHECK(box.zdm({"check", kFile}).code == 3);
}

TEST_CASE("a release is not cut while the gate finds errors", "[cli][check][releases]") {
  const Sandbox box;
  box.write("zdm.toml", "[gate]\nsql = [\"db\"]\n");
  box.write("migrations/.keep", "");
  box.write("db/1.sql", "DROP TABLE t;\n");
  const auto refused = box.zdm({"release", "cut", "1"});
  CHECK(refused.code == 3);
  CHECK(contains(refused.err, "release 1 is not cut: the gate finds 1 error"));
  CHECK(contains(refused.err, "db/1.sql:1:1"));
  CHECK_FALSE(box.has("zdm.lock"));
  CHECK(box.zdm({"release", "cut", "1", "--baseline"}).code == 0);
  CHECK(contains(box.read("zdm.lock"), "\nsql\tdb/1.sql\tsha256:"));
  CHECK(box.zdm({"check"}).code == 0);
  CHECK(box.zdm({"release", "cut", "2", "--baseline"}).code == 2);
  box.write("db/2.sql", "TRUNCATE t;\n");
  CHECK(box.zdm({"release", "cut", "2"}).code == 3);
  box.write("db/2.sql", "-- zdm:allow truncate reason=empty until=3\nTRUNCATE t;\n");
  CHECK(box.zdm({"release", "cut", "2"}).code == 0);
  box.write("db/3.sql", "-- zdm:allow truncate reason=empty until=3\nTRUNCATE t;\n");
  CHECK(box.zdm({"release", "cut", "3"}).code == 3);
}

TEST_CASE("a hotfix is compared with the release it is cut from", "[cli][check][releases]") {
  Project project("lock");
  project.release();
  project.box.write(kFile, rename_at("expand"));
  project.release();
  fs::remove(project.box.path(kFile));
  project.is_rejected_for("shipped-file-changed", "is gone");
  CHECK(project.box.zdm({"release", "cut", "1.1", "--from", "1"}).code == 0);
  project.box.write("db/002.sql", "DROP TABLE users;\n");
  const auto refused = project.box.zdm({"release", "cut", "1.2", "--from", "1"});
  CHECK(refused.code == 3);
  CHECK(contains(refused.err, "no file of release 1 retires it"));
  CHECK(project.box.zdm({"release", "cut", "1.2", "--from", "9"}).code == 2);
}

TEST_CASE("a hotfix brings no migration, advances no phase, forks nothing, and is no base",
          "[cli][check][releases]") {
  Project project("lock");
  project.box.write(kFile, rename_at("expand"));
  project.release();
  project.box.write(kFile, rename_at("backfill"));
  project.release();
  const auto& box = project.box;
  const auto advanced = box.zdm({"release", "cut", "1.1", "--from", "1"});
  CHECK(advanced.code == 3);
  CHECK(contains(advanced.err, "a hotfix advances no phase"));
  box.write(kFile, rename_at("expand"));
  box.write("migrations/0002_fax.toml",
            "phase = \"expand\"\n[[change]]\nkind = \"drop_column\"\ntable = \"users\"\n"
            "column = \"fax\"\n");
  const auto brought = box.zdm({"release", "cut", "1.1", "--from", "1"});
  CHECK(brought.code == 3);
  CHECK(contains(brought.err, "a hotfix brings none"));
  fs::remove(box.path("migrations/0002_fax.toml"));
  REQUIRE(box.zdm({"release", "cut", "1.1", "--from", "1"}).code == 0);
  CHECK(contains(box.read("zdm.lock"), "release\t1.1\tparent\t1\t"));
  // what is built next follows 2, not the hotfix that was cut after it
  box.write(kFile, rename_at("switch"));
  project.passes();
  CHECK(contains(box.zdm({"check", "-v"}).err, "base: release 2"));
  box.write(kFile, rename_at("contract"));
  project.is_rejected_for("same-release-contract", "at backfill");
}

TEST_CASE("a zdm:allow ends with its release, and one that finds nothing is told",
          "[cli][check][releases]") {
  Project project("lock");
  project.release();
  const auto& box = project.box;
  box.write("db/002.sql", "-- zdm:allow truncate reason=staging only until=3\nTRUNCATE users;\n");
  project.passes();
  CHECK(box.zdm({"check", "--strict"}).code == 0);
  REQUIRE(box.zdm({"release", "cut", "2"}).code == 0);
  box.write("db/003.sql", "-- zdm:allow truncate reason=staging only until=2\nTRUNCATE users;\n");
  project.is_rejected_for("allow", "release 2 is cut: truncate is allowed no longer");
  CHECK(contains(project.check().out, "error[truncate]"));
  box.write("db/003.sql", "-- zdm:allow truncate reason=staging only until=3\nSELECT 1;\n");
  const auto unused = project.check();
  CHECK(unused.code == 0);
  CHECK(contains(unused.out, "warning[allow]: truncate finds nothing here"));
  CHECK(contains(unused.out, "db/003.sql:1:4"));
  CHECK(box.zdm({"check", "--strict"}).code == 3);
}

TEST_CASE("on SQLite the author's statements are told to be unread", "[cli][check][releases]") {
  const Sandbox box;
  box.sqlite("CREATE TABLE t (a)");
  box.write("migrations/1_own.toml",
            "phase = \"expand\"\n[[change]]\nkind = \"sql\"\nexpand = \"DROP TABLE t\"\n");
  const auto told = box.zdm({"check"});
  CHECK(told.code == 0);
  CHECK(contains(told.out, "warning[unanalysed]"));
  CHECK(contains(told.out, "migrations/1_own.toml:4:11"));
  CHECK(box.zdm({"check", "--strict"}).code == 3);
}

TEST_CASE("a forked zdm.lock is told with the edit to make", "[cli][check][releases]") {
  const Sandbox box;
  box.write("migrations/.keep", "");
  box.write(kFile, rename_at("expand"));
  REQUIRE(box.zdm({"release", "cut", "1"}).code == 0);
  auto lock = box.read("zdm.lock");
  const auto block = lock.substr(lock.find("release\t"));
  for (const std::string name : {"2", "3"}) {
    auto next = block;
    next.replace(next.find("\t1\tparent\t-"), 11, "\t" + name + "\tparent\t1");
    lock += next;
  }
  box.write("zdm.lock", lock);
  const auto found = box.zdm({"check"});
  CHECK(found.code == 3);
  CHECK(contains(found.out, "error[lock-forked]: releases 2 and 3 both follow 1"));
  CHECK(contains(found.out, "write parent 2"));
}

TEST_CASE("check --since says what is wrong with a checkout", "[cli][check][releases]") {
  Project project("git");
  project.release();
  project.release();
  const auto& box = project.box;
  CHECK(contains(box.zdm({"check", "--since", "nope"}).err, "git knows no revision nope"));
  CHECK(contains(box.zdm({"check", "--since", "--all"}).err, "git knows no revision --all"));
  CHECK(contains(box.zdm({"check", "--since", ""}).err, "--since is empty"));
  const auto clone = box.path() + "-base";
  Command command = box.command({"clone", "-q", "--depth", "1", "file://" + box.path(), clone});
  command.words.front() = "git";
  command.words.insert(command.words.begin(), "/usr/bin/env");
  REQUIRE(run(command).code == 0);
  const auto shallow = box.zdm({"check", "--config", clone + "/zdm.toml", "--since", "HEAD~1"});
  CHECK(shallow.code == 2);
  CHECK(contains(shallow.err, "this checkout is shallow"));
  CHECK(contains(shallow.err, "fetch-depth: 0"));
  const Sandbox outside;
  outside.write("a.sql", "SELECT 1;\n");
  CHECK(contains(outside.zdm({"check", "a.sql", "--since", "HEAD"}).err, "in no repository"));
  CHECK(contains(outside.zdm({"check", "a.sql", "--since", "HEAD", "--base", "."}).err, "one of"));
}

TEST_CASE("comments that speak of releases are read, or told", "[cli][check][releases]") {
  const Sandbox box;
  box.write("a.sql", "-- zdm:retires users.\nSELECT 1;\n");
  CHECK(contains(box.zdm({"check", "a.sql"}).out, "error[retires]"));
  box.write("a.sql", "-- zdm:phase=swich\nSELECT 1;\n");
  CHECK(contains(box.zdm({"check", "a.sql"}).out, "there is no phase \"swich\""));
  box.write("a.sql", "-- zdm:phase=expand\n-- zdm:retires users.name\nSELECT 1;\n");
  CHECK(contains(box.zdm({"check", "a.sql"}).out, "a file of phase expand retires nothing"));
  box.write("a.sql", "-- zdm:phase=switch\n-- zdm:retires \"My Table\".x, app.b\nSELECT 1;\n");
  box.write("b.sql", "DROP TABLE app.b; ALTER TABLE \"My Table\" DROP COLUMN x;\n");
  CHECK(box.zdm({"check", "a.sql", "b.sql"}).code == 0);
  CHECK(box.zdm({"check", "b.sql"}).code == 3);
}

TEST_CASE("a unique index that an earlier file made is not dropped unseen",
          "[cli][check][releases]") {
  const Sandbox box;
  box.write("1.sql", "CREATE TABLE t (a int);\nCREATE UNIQUE INDEX u ON t (a);\n");
  box.write("2.sql", "DROP INDEX CONCURRENTLY u;\n");
  CHECK(contains(box.zdm({"check", "1.sql", "2.sql"}).out, "error[drop-index]"));
  box.write("1.sql", "CREATE TABLE t (a int);\nCREATE INDEX u ON t (a);\n");
  CHECK(box.zdm({"check", "1.sql", "2.sql"}).code == 0);
}

TEST_CASE("a view that loses columns breaks the release that reads them",
          "[cli][check][releases]") {
  const Sandbox box;
  const std::string kind = GENERATE("view", "matview");
  const auto file = [&](const std::string& verb, const std::string& phase,
                        const std::string& more) {
    return "phase = \"" + phase + "\"\n[[change]]\nkind = \"" + verb + "_" + kind +
           "\"\nname = \"v\"\n" + more + "\n";
  };
  box.write("migrations/1_made.toml", file("create", "contract", "query = 'SELECT a, b FROM t'"));
  box.write("migrations/2_new.toml", file("replace", "switch", "query = 'SELECT b, c FROM t'"));
  const auto found = box.zdm({"check"});
  CHECK(found.code == 3);
  CHECK(contains(found.out, "error[breaks-previous-release]"));
  CHECK(contains(found.out, "view v lacks a"));
  box.write("migrations/2_new.toml", file("replace", "expand", "query = 'SELECT b, c FROM t'"));
  CHECK(box.zdm({"check"}).code == 0);
  box.write("migrations/2_new.toml",
            file("replace", "switch", "query = 'SELECT b, c FROM t'\ncompatible = 'unread'"));
  CHECK(box.zdm({"check"}).code == 0);
  box.write("migrations/2_new.toml", file("replace", "switch", "query = 'SELECT c, a, b FROM t'"));
  CHECK(box.zdm({"check"}).code == 0);
}

TEST_CASE("what is said of a file of Flyway's names its placeholders", "[cli][check]") {
  const Sandbox box;
  box.write("sql/V1__drop.sql", "ALTER TABLE ${app schema}.users DROP COLUMN ${column};\n");
  const auto found = box.zdm({"check", "sql"});
  CHECK(contains(found.out, "dropping ${app schema}.users.${column} breaks"));
  CHECK(contains(found.out, "locks: ACCESS EXCLUSIVE on ${app schema}.users"));
  std::string many;
  for (int i = 0; i < 3'000; ++i) many += "DROP TABLE ${t" + std::to_string(i) + "};\n";
  box.write("sql/V1__drop.sql", many);
  const auto json = box.json({"check", "sql"});
  CHECK(json["summary"]["errors"] == 3'000);
  REQUIRE(json["findings"].size() >= 3'000);
  CHECK(json["findings"].back()["objects"][0] == "${t2999}");
}

TEST_CASE("zdm explain shows what a rule finds, and what it lets pass", "[cli][check]") {
  const Sandbox box;
  const auto told = box.zdm({"explain", "rename-table"});
  CHECK(contains(told.out, "it finds:\n\n  ALTER TABLE \"user\" RENAME TO accounts;\n"));
  CHECK(contains(told.out, "and lets pass:\n\n  -- The new name is a view first"));
  CHECK_FALSE(contains(told.out, "-- seen:"));
}

TEST_CASE("what zdm plans for any kind passes its own gate", "[cli][check][releases]") {
  const Sandbox box;
  for (const auto* kind : planner::kinds()) {
    if (kind->kind == "sql") continue;
    box.write("migrations/1_x.toml", "phase = \"switch\"\n" + std::string(kind->example));
    const auto found = box.zdm({"check", "--strict"});
    INFO(kind->kind << ": " << found.out << found.err);
    const bool told = contains(found.out, "error[breaks-previous-release]") ||
                      (kind->kind == "drop_not_null" && contains(found.out, "[drop-not-null]"));
    CHECK((found.code == 0 || told));
    box.write("migrations/1_x.toml", "phase = \"contract\"\n" + std::string(kind->example));
    const auto json = box.json({"check"});
    for (const auto& finding : json["findings"]) {
      const std::string rule = finding["rule"];
      CHECK((rule == "same-release-contract" || rule == "breaks-previous-release" ||
             rule == "drop-not-null"));
    }
  }
}

}  // namespace zdm::tests
