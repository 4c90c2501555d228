#include <filesystem>

#include "cli/check/project.hpp"
#include "support/catch.hpp"

// The gate over releases: what may travel together, by zdm.lock, by git and by another checkout.

namespace zdm::tests {

namespace fs = std::filesystem;

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

TEST_CASE("what apply could not do may be corrected in the release after",
          "[cli][check][releases]") {
  Project project("lock");
  project.release();
  project.box.write(kFile, rename_at("switch"));
  project.release();
  project.box.write(kFile, rename_at("switch") + "up = \"upper(name)\"\n");
  project.is_rejected_for("shipped-file-changed");
  project.box.write(kFile, rename_at("switch", "amended = \"cased\"\n") + "up = \"upper(name)\"\n");
  project.passes();
}

TEST_CASE("tables of one name in two schemas are two", "[cli][check][releases]") {
  Project project("lock");
  const auto renames = [](const std::string& schema) {
    return "[[change]]\nkind = \"rename_column\"\ntable = \"" + schema +
           ".users\"\nfrom = \"name\"\nto = \"full_name\"\n";
  };
  project.box.write(kFile, "phase = \"expand\"\n" + renames("app") + renames("shop"));
  project.passes();
}

TEST_CASE("a type that changes in place is declared compatible after it shipped",
          "[cli][check][releases]") {
  Project project("lock");
  const auto at = [](const std::string& phase, const std::string& more = "") {
    return "phase = \"" + phase + "\"\n" + more +
           "[[change]]\nkind = \"change_column\"\ntable = \"users\"\ncolumn = \"fax\"\n"
           "type = \"varchar(99)\"\nup = \"fax\"\ndown = \"fax\"\n";
  };
  project.box.write("migrations/1_fax.toml", at("backfill"));
  project.release();
  project.box.write("migrations/1_fax.toml", at("switch"));
  project.is_rejected_for("breaks-previous-release", "and amended = \"reason\"");
  project.box.write("migrations/1_fax.toml",
                    at("switch", "amended = \"asked\"\n") + "compatible = \"text to all\"\n");
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

}  // namespace zdm::tests
