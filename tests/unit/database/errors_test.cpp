#include "database/errors.hpp"

#include <sqlite3.h>

#include "support/catch.hpp"

using namespace zdm::migrations;

TEST_CASE("each SQLite result has the nearest SQLSTATE", "[database]") {
  CHECK(sqlite_sqlstate(SQLITE_BUSY, "") == "55P03");
  CHECK(sqlite_sqlstate(SQLITE_BUSY_SNAPSHOT, "") == "40001");
  CHECK(sqlite_sqlstate(SQLITE_BUSY_RECOVERY, "") == "55P03");
  CHECK(sqlite_sqlstate(SQLITE_LOCKED_SHAREDCACHE, "") == "55P03");
  CHECK(sqlite_sqlstate(SQLITE_CONSTRAINT_UNIQUE, "") == "23505");
  CHECK(sqlite_sqlstate(SQLITE_CONSTRAINT_TRIGGER, "") == "P0001");
  CHECK(sqlite_sqlstate(SQLITE_FULL, "") == "53100");
  CHECK(sqlite_sqlstate(SQLITE_IOERR_WRITE, "") == "53100");
  CHECK(sqlite_sqlstate(SQLITE_IOERR_READ, "") == "58030");
  CHECK(sqlite_sqlstate(SQLITE_READONLY_DBMOVED, "") == "25006");
  CHECK(sqlite_sqlstate(SQLITE_INTERRUPT, "") == "57014");
  CHECK(sqlite_sqlstate(SQLITE_ERROR, "no such table: t") == "42P01");
  CHECK(sqlite_sqlstate(SQLITE_ERROR, "near \"SELEC\": syntax error") == "42601");
}

TEST_CASE("an SQLSTATE says what to do about it", "[database]") {
  CHECK(classify("55P03") == Trouble::lock);
  CHECK(classify("40P01") == Trouble::lock);
  CHECK(classify("40001") == Trouble::lock);
  CHECK(classify("57014") == Trouble::cancelled);
  CHECK(classify("57P01") == Trouble::lost);
  CHECK(classify("08006") == Trouble::lost);
  CHECK(classify("42501") == Trouble::privilege);
  CHECK(classify("25006") == Trouble::read_only);
  CHECK(classify("53100") == Trouble::full);
  CHECK(classify("23505") == Trouble::none);
  CHECK(classify("") == Trouble::none);
}

TEST_CASE("COMMIT is known however it is written", "[database]") {
  CHECK(is_commit("COMMIT"));
  CHECK(is_commit("  commit;"));
  CHECK(is_commit("END"));
  CHECK_FALSE(is_commit("COMMENT ON TABLE t IS 'x'"));
  CHECK_FALSE(is_commit("COMMITTED"));
  CHECK_FALSE(is_commit(""));
}
