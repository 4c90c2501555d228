#include "cli/sandbox.hpp"
#include "support/catch.hpp"

// `zdm check` as a pipeline calls it.

namespace zdm::tests {

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

}  // namespace zdm::tests
