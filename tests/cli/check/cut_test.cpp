#include <filesystem>

#include "cli/check/project.hpp"
#include "support/catch.hpp"

// The gate when a release is cut: its errors, hotfixes, the end of a zdm:allow, a forked zdm.lock.

namespace zdm::tests {

namespace fs = std::filesystem;

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

}  // namespace zdm::tests
