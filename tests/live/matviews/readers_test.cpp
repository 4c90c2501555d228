#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "bed.hpp"
#include "support/catch.hpp"
#include "support/lock_watch.hpp"

using namespace zdm;
using namespace zdm::tests;
using planner::MethodPolicy;

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// A row every few milliseconds, by the view and by a view on it.
class Readers final {
 public:
  explicit Readers(const Database& database) : watch_(database) {
    for (const auto* sql : {"SELECT x FROM big WHERE i = 77", "SELECT x FROM over WHERE i = 78"}) {
      threads_.emplace_back([this, sql, connection = std::shared_ptr(as_application(database))](
                                const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          const auto start = Clock::now();
          const auto rows = connection->run(sql);
          note(ms_since(start), rows.has_value() && rows->rows.size() == 1);
          std::this_thread::sleep_for(2ms);
        }
      });
    }
  }

  /// The longest wait for a lock.
  LockWatch::Longest end() {
    threads_.clear();
    return watch_.stop();
  }
  /// Between a statement and its answer, whatever the reason, in ms.
  [[nodiscard]] double longest() const { return longest_; }
  [[nodiscard]] int errors() const { return errors_; }
  [[nodiscard]] int reads() const { return reads_; }

 private:
  void note(double took, bool good) {
    ++reads_;
    if (!good) ++errors_;
    double seen = longest_;
    while (took > seen && !longest_.compare_exchange_weak(seen, took)) {
    }
  }

  std::atomic<double> longest_ = 0;
  std::atomic<int> errors_ = 0, reads_ = 0;
  LockWatch watch_;
  std::vector<std::jthread> threads_;
};

/// Reads once and keeps the transaction open for 2 s; then again, at once.
class Sitter final {
 public:
  explicit Sitter(const Database& database)
      : thread_(
            [this, connection = std::shared_ptr(database.connect())](const std::stop_token& stop) {
              while (!stop.stop_requested()) {
                sitting_ = connection->run("BEGIN") && connection->run("SELECT x FROM big LIMIT 1");
                const auto until = Clock::now() + 2s;
                while (Clock::now() < until && !stop.stop_requested())
                  std::this_thread::sleep_for(5ms);
                static_cast<void>(connection->run("COMMIT"));
                std::this_thread::sleep_for(300ms);
              }
            }) {
    while (!sitting_) std::this_thread::sleep_for(1ms);
  }

 private:
  std::atomic<bool> sitting_ = false;
  std::jthread thread_;
};

}  // namespace

TEST_CASE("readers never wait longer than 100 ms, also while one keeps its transaction open",
          "[live][matviews][law8]") {
  Bed bed(
      {"CREATE TABLE t AS SELECT i, 0 AS x, repeat('y', 40) AS y "
       "FROM generate_series(1, 200000) i",
       "CREATE MATERIALIZED VIEW big AS SELECT i, x, y FROM t", "CREATE UNIQUE INDEX ON big (i)",
       "CREATE INDEX ON big (x, i)", "CREATE VIEW over AS SELECT i, x FROM big", "ANALYZE"});
  for (const auto method : {MethodPolicy::concurrently, MethodPolicy::swap}) {
    bed.exec("UPDATE t SET x = x + 1 WHERE i % 2 = 0");
    Readers readers(bed.database);
    migrations::MatviewReport report;
    {
      const Sitter sitter(bed.database);
      report = bed.one("big", method);
    }
    const LockWatch::Longest waited = readers.end();
    INFO(to_string(method) << ": " << readers.reads() << " reads, the longest took "
                           << readers.longest() << " ms, the refresh " << report.duration_ms
                           << " ms; " << text_of(report.error));
    CHECK(report.state == "done");
    CHECK(report.rows == 200000);
    CHECK(readers.reads() > 100);
    CHECK(readers.errors() == 0);
    INFO(waited.what);
    CHECK(waited.trouble == "");
    CHECK(waited.ms < 100);
    WARN(to_string(method) << ": readers waited " << waited.ms << " ms for a lock at most, "
                           << readers.longest() << " ms for an answer");
  }
  CHECK(bed.value("SELECT count(*) FROM big WHERE x = 2") == "100000");
}
