#include <chrono>
#include <thread>

#include "bed.hpp"
#include "support/catch.hpp"
#include "support/crowd.hpp"

using namespace zdm;
using namespace zdm::tests;
using planner::MethodPolicy;
using namespace std::chrono_literals;

TEST_CASE(
    "readers of a view of a million rows never wait longer than 100 ms, also while one keeps its "
    "transaction open",
    "[live][matviews][law8]") {
  Bed bed(
      {"CREATE TABLE t AS SELECT i, 0 AS x, repeat('y', 40) AS y "
       "FROM generate_series(1, 1000000) i",
       "CREATE MATERIALIZED VIEW big AS SELECT i, x, y FROM t", "CREATE UNIQUE INDEX ON big (i)",
       "CREATE INDEX ON big (x, i)", "CREATE VIEW over AS SELECT i, x FROM big", "ANALYZE"});
  for (const auto method : {MethodPolicy::concurrently, MethodPolicy::swap}) {
    bed.exec("UPDATE t SET x = x + 1 WHERE i % 2 = 0");
    Crowd crowd(
        bed.database, 2s,
        {.statements = {"SELECT x FROM big WHERE i = 77", "SELECT x FROM over WHERE i = 78"},
         .held = "SELECT x FROM big LIMIT 1",
         .rows = 1,
         .pause = 300ms});
    const auto report = bed.one("big", method);
    const auto felt = crowd.stop();
    INFO(to_string(method) << ": the refresh took " << report.duration_ms << " ms; "
                           << text_of(report.error));
    CHECK(report.state == "done");
    CHECK(report.rows == 1000000);
    CHECK(felt.statements > 100);
    for (const auto& failure : felt.failures) FAIL_CHECK(failure);
    INFO(felt.longest_wait);
    CHECK(felt.longest_wait_ms < 100);
    CHECK(felt.longest_answer_ms < 1000);
    WARN(to_string(method) << ": readers waited " << felt.longest_wait_ms
                           << " ms for a lock at most, " << felt.longest_answer_ms
                           << " ms for an answer");
  }
  CHECK(bed.value("SELECT count(*) FROM big WHERE x = 2") == "500000");
}

TEST_CASE("an exchange does not queue behind a reader: it looks first", "[live][matviews][law8]") {
  Bed bed({"CREATE TABLE t AS SELECT i FROM generate_series(1, 100) i",
           "CREATE MATERIALIZED VIEW big AS SELECT i FROM t", "CREATE UNIQUE INDEX ON big (i)"});
  const auto reader = bed.database.connect({.idle_in_transaction_timeout = 0ms});
  REQUIRE(reader->run("BEGIN"));
  REQUIRE(reader->run("SELECT count(*) FROM big"));
  std::jthread refresh([&] { CHECK(bed.one("big", MethodPolicy::swap).state == "done"); });
  const auto waiting = [](const auto& event) { return event.text == "waiting for a lock"; };
  // Until some time after it was told that the exchange waits for the reader.
  bool queued = false;
  auto end = std::chrono::steady_clock::now() + 60s;
  bool waits = false;
  while (!queued && std::chrono::steady_clock::now() < end) {
    queued = bed.value("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)") == "t";
    if (waits || !bed.told(waiting)) continue;
    waits = true;
    end = std::chrono::steady_clock::now() + 1s;
  }
  CHECK_FALSE(queued);
  CHECK(waits);
  REQUIRE(reader->run("COMMIT"));
  refresh.join();
  CHECK(bed.value("SELECT count(*) FROM big") == "100");
}
