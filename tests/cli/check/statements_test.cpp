#include "cli/check/project.hpp"
#include "recipes/change.hpp"
#include "support/catch.hpp"

// The gate over what files hold, whatever was released.

namespace zdm::tests {

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
