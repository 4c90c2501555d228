// What a backfill of a PostgreSQL table does when nothing goes wrong.
#include <fmt/format.h>

#include "bed.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::ErrorCode;
using migrations::Walk;

TEST_CASE("a table is filled in stripes, each row once", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(50'000);
  bed.audit();
  const auto rows = bed.run();
  REQUIRE(rows);
  CHECK(*rows == 50'000);
  CHECK(bed.wrong() == "0");
  CHECK(bed.each_once(50'000));
  CHECK(bed.value("SELECT sum(rows) || ' ' || bool_and(state = 'done') FROM zdm.backfill_window") ==
        "50000 true");
  const bool visited_often = bed.db().connect()->server_version() >= 140000;
  CHECK(bed.value("SELECT max(stripes) FROM zdm.backfill_window") == (visited_often ? "14" : "1"));
  CHECK(bed.told.back().rows_done == 50'000);
  CHECK(bed.told.back().fraction == Approx(1.0));

  SECTION("and once more finds nothing to do") {
    const auto again = bed.run();
    REQUIRE(again);
    CHECK(*again == 50'000);
    CHECK(bed.each_once(50'000));
  }
}

TEST_CASE("most rows stay on their page", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(50'000);
  const double before = std::stod(bed.value("SELECT pg_relation_size('users')"));
  REQUIRE(bed.run());
  const double growth = std::stod(bed.value("SELECT pg_relation_size('users')")) / before - 1;
  const bool visited_often = bed.db().connect()->server_version() >= 140000;
  CHECK(growth < (visited_often ? 0.6 : 1.4));  // 1.3 where every row moves
}

TEST_CASE("a table whose new column is indexed is visited once", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(5'000);
  SECTION("the new column is indexed") {
    bed.db().exec("CREATE INDEX ON users (full_name)");
    REQUIRE(bed.run());
    CHECK(bed.value("SELECT max(stripes) FROM zdm.backfill_window") == "1");
  }
  SECTION("an expression over the new column is indexed") {
    bed.db().exec("CREATE INDEX ON users (lower(full_name))");
    REQUIRE(bed.run());
    CHECK(bed.value("SELECT max(stripes) FROM zdm.backfill_window") == "1");
  }
  CHECK(bed.wrong() == "0");
}

TEST_CASE("an empty table is done at once", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(0);
  const auto rows = bed.run();
  REQUIRE(rows);
  CHECK(*rows == 0);
}

TEST_CASE("a table without any key is filled", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.db().exec(
      "CREATE TABLE log (name text, full_name text);"
      "INSERT INTO log (name) SELECT 'same' FROM generate_series(1, 3000)");
  bed.guard("log");
  const auto rows = bed.run();
  REQUIRE(rows);
  CHECK(*rows == 3'000);
  CHECK(bed.wrong() == "0");
}

TEST_CASE("a key that is always generated is no hindrance", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.db().exec(
      "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, full_name "
      "text,"
      " twice text GENERATED ALWAYS AS (name || name) STORED);"
      "INSERT INTO t (name) SELECT 'n' || i FROM generate_series(1, 3000) i");
  bed.guard("t");
  REQUIRE(bed.run());
  CHECK(bed.wrong() == "0");
}

TEST_CASE("rows for which up gives NULL are left alone, and do not keep the backfill going",
          "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(3'000, "nullif(name, 'name 7')");
  const auto rows = bed.run();
  REQUIRE(rows);
  CHECK(*rows == 2'999);
}

TEST_CASE("each leaf of a partitioned table is filled", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.db().exec(R"sql(
    CREATE TABLE e (id bigint, name text, full_name text) PARTITION BY RANGE (id);
    CREATE TABLE e1 PARTITION OF e FOR VALUES FROM (0) TO (1000);
    CREATE TABLE e2 PARTITION OF e FOR VALUES FROM (1000) TO (9000) PARTITION BY RANGE (id);
    CREATE TABLE e21 PARTITION OF e2 FOR VALUES FROM (1000) TO (2000);
    CREATE TABLE "E 22" PARTITION OF e2 FOR VALUES FROM (2000) TO (9000);
    INSERT INTO e (id, name) SELECT i, 'n' || i FROM generate_series(0, 5999) i)sql");
  bed.guard("e");
  const auto rows = bed.run();
  REQUIRE(rows);
  CHECK(*rows == 6'000);
  CHECK(bed.wrong() == "0");
  CHECK(bed.value("SELECT count(DISTINCT leaf) FROM zdm.backfill_window") == "3");
}

TEST_CASE("a partition that is a foreign table is refused by name", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.db().exec(R"sql(
    CREATE EXTENSION IF NOT EXISTS file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
    CREATE TABLE e (id bigint, name text, full_name text) PARTITION BY RANGE (id))sql");
  bed.guard("e");
  bed.db().exec(
      "DROP TRIGGER IF EXISTS zzz_zdm_sync_insert ON e; DROP TRIGGER IF EXISTS zzz_zdm_sync_update "
      "ON e;"
      "CREATE FOREIGN TABLE e1 PARTITION OF e FOR VALUES FROM (0) TO (1000) SERVER files "
      "OPTIONS (filename '/dev/null')");
  const auto rows = bed.run();
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == ErrorCode::refused);
  CHECK(rows.error().message.find("public.e1 is a foreign table") != std::string::npos);
}

TEST_CASE("a server without TID range scans is served by lists of row places", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(20'000);
  bed.audit();
  bed.request.tuning.walk = Walk::tid_lists;
  const auto rows = bed.run();
  REQUIRE(rows);
  CHECK(*rows == 20'000);
  CHECK(bed.wrong() == "0");
  CHECK(bed.each_once(20'000));
}

TEST_CASE("a duty of ten percent is kept and said", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(5'000);
  bed.request.tuning.first_batch = 4;  // or the table is one batch, after which nothing is owed
  bed.request.duty_percent = 10;
  REQUIRE(bed.run());
  CHECK(std::any_of(bed.told.begin(), bed.told.end(),
                    [](const auto& p) { return p.throttled == "duty 10 %"; }));
}

TEST_CASE("a brake holds the backfill until it lets go", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(5'000);
  int asked = 0;
  bed.request.brakes = [&] {
    return std::vector<migrations::Brake>{
        {.pull = ++asked < 10 ? migrations::Brake::Pull::hold : migrations::Brake::Pull::none,
         .pause = std::chrono::milliseconds(1),
         .reason = "replica lags by 3 s"}};
  };
  REQUIRE(bed.run());
  CHECK(bed.told.front().throttled == "replica lags by 3 s");
  CHECK(bed.told.front().rows_done == 0);
  CHECK(bed.wrong() == "0");
}
