#include <filesystem>

#include "cli/sandbox.hpp"
#include "support/catch.hpp"

// `zdm check` as a pipeline calls it.

namespace zdm::tests {

namespace fs = std::filesystem;

TEST_CASE("check is silent about safe SQL, and exits 3 where it finds an error", "[cli][check]") {
  const Sandbox box;
  box.write("safe.sql", "ALTER TABLE users ADD COLUMN age integer;\n");
  const auto safe = box.zdm({"check", "safe.sql"});
  CHECK(safe.code == 0);
  CHECK(safe.out.empty());
  CHECK(safe.err.empty());
  box.write("bad.sql", "\nALTER TABLE users\n  DROP COLUMN name;\n");
  const auto bad = box.zdm({"check", "safe.sql", "bad.sql"});
  CHECK(bad.code == 3);
  CHECK(contains(bad.out, "error[drop-column]"));
  CHECK(contains(bad.out, "bad.sql:3:3"));
  CHECK(contains(bad.out, "ACCESS EXCLUSIVE on users"));
  CHECK(contains(bad.err, "2 files, 2 statements, 0 unanalysed: 1 error"));
}

TEST_CASE("check tells the same to programs", "[cli][check]") {
  const Sandbox box;
  box.write("a.sql",
            "TRUNCATE users;\n-- zdm:allow drop-table reason=gone since May\nDROP TABLE t;");
  const auto json = box.json({"check", "a.sql"});
  CHECK(json["schema"] == "zdm.check/1");
  CHECK(json["exit_code"] == 3);
  CHECK(json["summary"]["errors"] == 1);
  CHECK(json["summary"]["suppressed"] == 1);
  REQUIRE(json["findings"].size() == 2);
  CHECK(json["findings"][0]["rule"] == "truncate");
  CHECK(json["findings"][0]["line"] == 1);
  CHECK(json["findings"][1]["suppressed"] == "gone since May");
  for (const std::string format : {"sarif", "github", "gitlab", "junit"}) {
    INFO(format);
    const auto drawn = box.zdm({"check", "a.sql", "--format", format});
    CHECK(drawn.code == 3);
    CHECK(contains(drawn.out, "truncate"));
  }
}

TEST_CASE("zdm.toml says how severe a rule is, and --strict counts warnings", "[cli][check]") {
  const Sandbox box;
  box.write("a.sql", "TRUNCATE users;\n");
  box.write("zdm.toml", "[gate.rules]\ntruncate = \"warning\"\n");
  CHECK(box.zdm({"check", "a.sql"}).code == 0);
  CHECK(box.zdm({"check", "a.sql", "--strict"}).code == 3);
  box.write("zdm.toml", "[gate.rules]\ntruncate = \"off\"\n");
  CHECK(box.zdm({"check", "a.sql", "--strict"}).code == 0);
  box.write("zdm.toml", "[gate.rules]\ntruncat = \"off\"\n");
  const auto unknown = box.zdm({"check", "a.sql"});
  CHECK(unknown.code == 2);
  CHECK(contains(unknown.err, "did you mean truncate?"));
}

TEST_CASE("check with nothing to look at is an error", "[cli][check]") {
  const Sandbox box;
  CHECK(box.zdm({"check"}).code == 2);
  CHECK(box.zdm({"check", "none.sql"}).code == 2);
  box.write("x.down.sql", "DROP TABLE a;");
  CHECK(box.zdm({"check", "x.down.sql", "--dialect", "golang-migrate"}).code == 2);
  CHECK(box.zdm({"check", "x.down.sql", "--dialect", "rails"}).code == 2);
  CHECK(box.zdm({"check", "x.down.sql", "--postgres", "11"}).code == 2);
}

TEST_CASE("check --fix shows and makes what is mechanical, and judges what is left",
          "[cli][check]") {
  const Sandbox box;
  box.write("a.sql",
            "CREATE INDEX i ON t (a);\nALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);\n"
            "DROP INDEX j;\nTRUNCATE u;\n");
  const auto mended = box.zdm({"check", "--fix", "a.sql"});
  INFO(mended.out << mended.err);
  CHECK(mended.code == 3);
  CHECK(box.read("a.sql") ==
        "CREATE INDEX CONCURRENTLY i ON t (a);\n"
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\n"
        "ALTER TABLE t VALIDATE CONSTRAINT c;\nDROP INDEX CONCURRENTLY j;\nTRUNCATE u;\n");
  CHECK(contains(mended.out, "-CREATE INDEX i ON t (a);\n"));
  CHECK(contains(mended.out, "+CREATE INDEX CONCURRENTLY i ON t (a);\n"));
  CHECK(contains(mended.out, "error[truncate]"));
  CHECK_FALSE(contains(mended.out, "error[index-not-concurrent]"));
  const auto again = box.zdm({"check", "--fix", "a.sql"});
  CHECK(contains(again.err, "nothing here can be mended mechanically"));
  CHECK(box.zdm({"check", "--fix", "a.sql", "--format", "json"}).code == 2);
}

TEST_CASE("check --fix leaves what is allowed, and what its runner would make worse",
          "[cli][check]") {
  const Sandbox box;
  const std::string allowed =
      "-- zdm:allow index-not-concurrent reason=empty\nCREATE INDEX i ON t (a);\n";
  box.write("a.sql", allowed);
  CHECK(box.zdm({"check", "--fix", "a.sql"}).code == 0);
  CHECK(box.read("a.sql") == allowed);
  // golang-migrate sends a file of two statements as one transaction
  const std::string alone = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);\n";
  box.write("1_a.up.sql", alone);
  CHECK(box.zdm({"check", "--fix", "1_a.up.sql", "--dialect", "golang-migrate"}).code == 3);
  CHECK(box.read("1_a.up.sql") == alone);
}

TEST_CASE("check --fix shows the diff before its verdict, and touches nothing else",
          "[cli][check]") {
  const Sandbox box;
  const std::string head = "-- größe\r\n\tSELECT  'a;b' ; \r\n\r\n";
  const std::string tail = "\r\n/* kept */ TRUNCATE u;\r\n-- no break at the end";
  box.write("a.sql", head + "CREATE INDEX i ON t (a);" + tail);
  const std::string other = "CREATE INDEX j ON t (a);\n";
  box.write("b.sql", other);
  box.write("c.sql", "SELECT 1;\n");
  const auto untouched = fs::last_write_time(box.path("c.sql"));
  const auto mended = box.zdm({"check", "--fix", "a.sql", "c.sql"});
  INFO(mended.out << mended.err);
  CHECK(mended.code == 3);
  CHECK(box.read("a.sql") == head + "CREATE INDEX CONCURRENTLY i ON t (a);" + tail);
  CHECK(box.read("b.sql") == other);
  CHECK(fs::last_write_time(box.path("c.sql")) == untouched);
  CHECK(mended.out.starts_with("--- a.sql\n+++ a.sql\n@@ "));
  const auto diff = mended.out.find("+CREATE INDEX CONCURRENTLY i");
  REQUIRE(diff != std::string::npos);
  CHECK(diff < mended.out.find("error[truncate]"));
}

TEST_CASE("check --explain-locks lists the locks of each statement", "[cli][check]") {
  const Sandbox box;
  box.write("a.sql", "BEGIN;\nALTER TABLE t ADD a int;\nCOMMIT;\nSELECT 1;\n");
  const auto told = box.zdm({"check", "--explain-locks", "a.sql"});
  INFO(told.out);
  CHECK(told.code == 0);
  CHECK(contains(
      told.out, "    2  ALTER TABLE t ADD a int\n       ACCESS EXCLUSIVE on t; held until commit"));
  const auto json = box.json({"check", "--explain-locks", "a.sql"});
  REQUIRE(json["statements"].size() == 4);
  CHECK(json["statements"][1]["locks"][0]["mode"] == "ACCESS EXCLUSIVE");
  CHECK(json["statements"][1]["in_transaction"] == true);
  CHECK(json["statements"][1]["rewrites"] == "no");
}

TEST_CASE("SARIF says what each rule means", "[cli][check]") {
  const Sandbox box;
  box.write("a.sql", "TRUNCATE users;\n");
  const auto sarif = Json::parse(box.zdm({"check", "a.sql", "--format", "sarif"}).out);
  const auto& rule = sarif["runs"][0]["tool"]["driver"]["rules"][0];
  CHECK(rule["id"] == "truncate");
  CHECK(
      rule["shortDescription"]["text"] ==
      "TRUNCATE removes all rows at once, under ACCESS EXCLUSIVE, from under the running release.");
  CHECK(rule["help"]["text"] ==
        "Delete rows in batches, by ranges of the key. If nobody uses the table any more, drop it, "
        "in "
        "the release that may.");
  CHECK(rule["defaultConfiguration"]["level"] == "error");
}

TEST_CASE("what an earlier release guarantees is known in a later one", "[cli][check]") {
  const Sandbox box;
  box.write("1.sql",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;\n"
            "ALTER TABLE t VALIDATE CONSTRAINT c;\n");
  box.write("2.sql", "ALTER TABLE t ALTER a SET NOT NULL;\n");
  CHECK(box.zdm({"check", "2.sql"}).code == 3);
  CHECK(box.zdm({"check", "1.sql", "2.sql"}).code == 0);
}

}  // namespace zdm::tests
