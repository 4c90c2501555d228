#include <thread>

#include "bed.hpp"
#include "execute/session.hpp"
#include "support/catch.hpp"
#include "support/wait.hpp"

using namespace zdm;
using namespace zdm::tests;
using planner::ErrorCode;
using planner::MethodPolicy;

namespace {

const std::vector<std::string> kTwo = {
    "CREATE TABLE t AS SELECT i FROM generate_series(1, 5) i",
    "CREATE FUNCTION slow() RETURNS boolean LANGUAGE plpgsql AS "
    "'BEGIN PERFORM pg_sleep(1.5); RETURN true; END'",
    "CREATE MATERIALIZED VIEW slow_one AS SELECT 1 AS id, slow() AS s",
    "CREATE UNIQUE INDEX ON slow_one (id)",
    "CREATE MATERIALIZED VIEW quick AS SELECT i FROM t",
    "CREATE UNIQUE INDEX ON quick (i)"};

}  // namespace

TEST_CASE(
    "the second of two runs skips the view that the first refreshes, names the holder, and "
    "refreshes the others",
    "[live][matviews]") {
  Bed bed(kTwo);
  Bed* first = &bed;
  std::jthread other([first] {
    const auto outcome = first->refresh({.only = {"slow_one"}});
    CHECK_FALSE(outcome.error);
  });
  REQUIRE(eventually([&] {
    return bed.value(
               "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'REFRESH%slow_one' "
               "AND state = 'active' AND datname = current_database()") == "1";
  }));
  const auto start = std::chrono::steady_clock::now();
  const auto outcome = bed.refresh();
  const auto took = std::chrono::steady_clock::now() - start;
  INFO(text_of(outcome.error));
  CHECK_FALSE(outcome.error);  // exit 0
  const auto& skipped = report_of(outcome, "public.slow_one");
  CHECK(skipped.state == "skipped");
  CHECK(skipped.holder.find("matview refresh by ") != std::string::npos);
  CHECK(skipped.reason.find("pid ") != std::string::npos);
  CHECK(report_of(outcome, "public.quick").state == "done");
  CHECK(took < std::chrono::milliseconds(1200));
  CHECK(bed.list().views.front().view.name.name == "quick");
  other.join();
  CHECK(bed.value("SELECT count(*) FROM zdm.matview_run WHERE view = 'public.slow_one'") == "1");
  CHECK(leftovers(bed.database) == "none");
}

TEST_CASE("a refresh does not wait for a migration, nor for a refresh of another view",
          "[live][matviews]") {
  Bed bed(kTwo);
  const auto environment = bed.environment();
  const auto migrating = migrations::Session::open(environment);
  REQUIRE(migrating);
  REQUIRE((*migrating)->take("apply"));
  const auto elsewhere = migrations::Session::open(environment);
  REQUIRE(elsewhere);
  REQUIRE(
      (*elsewhere)->take("matview refresh", migrations::LeaseScope::matviews, "public.slow_one"));
  const auto outcome = bed.refresh({.only = {"quick"}});
  CHECK_FALSE(outcome.error);
  CHECK(report_of(outcome, "public.quick").state == "done");
}

TEST_CASE("the end of the lock budget is exit code 6, with the one in the way named",
          "[live][matviews]") {
  Bed bed(kTwo);
  bed.lock_budget = std::chrono::seconds(1);
  bed.exec("BEGIN");
  bed.exec("LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
  const auto outcome = bed.refresh({.only = {"quick"}});
  bed.exec("ROLLBACK");
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::busy);
  REQUIRE_FALSE(outcome.error->blockers.empty());
  CHECK(report_of(outcome, "public.quick").waited_for.find("pid ") == 0);
  CHECK(leftovers(bed.database) == "none");
}

TEST_CASE("--timeout cancels a refresh under way: the view stays, the exit code is 6",
          "[live][matviews]") {
  Bed bed(
      {"CREATE FUNCTION nap() RETURNS boolean LANGUAGE plpgsql AS "
       "'BEGIN PERFORM pg_sleep(current_setting(''zdm.nap'', true)::float); RETURN true; END'",
       "CREATE MATERIALIZED VIEW v AS SELECT 1 AS id, nap() AS n",
       "CREATE UNIQUE INDEX ON v (id)"});
  bed.exec("ALTER DATABASE " + bed.database.name() + " SET zdm.nap = '120'");
  bed.stop_code = ErrorCode::busy;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    bed.stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const auto outcome = bed.refresh();
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::busy);
  CHECK(bed.value("SELECT count(*) FROM v") == "1");
}

TEST_CASE("rows that share a key are shown, and the old content stays", "[live][matviews]") {
  Bed bed({"CREATE TABLE t (id int, name text)", "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
           "CREATE MATERIALIZED VIEW v AS SELECT id, name FROM t",
           "CREATE UNIQUE INDEX ON v (id)"});
  bed.exec("INSERT INTO t VALUES (2, 'c'), (1, 'a'), (1, 'z')");
  for (const auto method : {MethodPolicy::concurrently, MethodPolicy::swap}) {
    const auto report = bed.one("v", method);
    CHECK(report.state == "failed");
    REQUIRE(report.error);
    INFO(report.error->message);
    CHECK(report.error->message.find("(id) = (1), 3 times; (id) = (2), 2 times") !=
          std::string::npos);
    CHECK(bed.value("SELECT count(*) FROM v") == "2");
    CHECK(leftovers(bed.database) == "none");
  }
}

TEST_CASE("rows with NULL in the key are counted: each refresh writes them anew",
          "[live][matviews]") {
  Bed bed(
      {"CREATE MATERIALIZED VIEW v AS SELECT nullif(i % 4, 0) AS a, i AS b "
       "FROM generate_series(1, 8) i",
       "CREATE UNIQUE INDEX ON v (a, b)"});
  const auto report = bed.one("v", MethodPolicy::concurrently);
  CHECK(report.state == "done");
  CHECK(report.null_keys == 2);
  CHECK(report.inserted == 2);
  CHECK(report.deleted == 2);
  REQUIRE_FALSE(report.notes.empty());
  CHECK(report.notes[0].find("2 rows hold NULL in the key (a, b)") != std::string::npos);
}

TEST_CASE(
    "a concurrent refresh that changed much is followed by VACUUM (ANALYZE), unless told not to",
    "[live][matviews]") {
  Bed bed({"CREATE TABLE t AS SELECT i, 0 AS x FROM generate_series(1, 1000) i",
           "CREATE MATERIALIZED VIEW v AS SELECT i, x FROM t", "CREATE UNIQUE INDEX ON v (i)"});
  bed.exec("UPDATE t SET x = 1");
  migrations::MatviewPolicy policy{.name = {"public", "v"}};
  policy.vacuum = false;
  REQUIRE_FALSE(bed.refresh({.policies = {policy}}).error);
  bed.exec("UPDATE t SET x = 2");
  REQUIRE_FALSE(bed.refresh().error);
  bed.exec("UPDATE t SET x = 3 WHERE i = 1");  // little
  REQUIRE_FALSE(bed.refresh().error);
  const std::string vacuumed = "SELECT pg_stat_get_vacuum_count('v'::regclass)";
  CHECK(eventually([&] { return bed.value(vacuumed) != "0"; }));
  CHECK(bed.value(vacuumed) == "1");
}

TEST_CASE("functions that name relations without a schema are found before PostgreSQL 17 fails",
          "[live][matviews]") {
  Bed bed({"CREATE TABLE t AS SELECT 1 AS i", "CREATE SCHEMA s",
           "CREATE FUNCTION by_sql() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t'",
           "CREATE FUNCTION by_plpgsql() RETURNS bigint LANGUAGE plpgsql AS "
           "'DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM t; RETURN n; END'",
           "CREATE FUNCTION fine() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.t'",
           "CREATE FUNCTION pinned() RETURNS bigint LANGUAGE sql SET search_path = public AS "
           "'SELECT count(*) FROM t'",
           "CREATE VIEW between AS SELECT by_plpgsql() AS p",
           "CREATE MATERIALIZED VIEW v AS SELECT by_sql() AS a, fine() AS b, pinned() AS c, p "
           "FROM between WITH NO DATA"});
  const auto warnings = bed.list().views.front().warnings;
  REQUIRE(warnings.size() == 2);
  CHECK(warnings[0].find("by_plpgsql") != std::string::npos);
  CHECK(warnings[0].find("\"t\"") != std::string::npos);
  CHECK(warnings[1].find("by_sql") != std::string::npos);
  const bool safe_path = std::stoi(bed.value("SHOW server_version_num")) >= 170000;
  const auto outcome = bed.refresh();
  CHECK(outcome.error.has_value() == safe_path);
  if (safe_path) CHECK(outcome.error->code == ErrorCode::refused);
}
