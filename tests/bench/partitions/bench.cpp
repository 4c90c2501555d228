// `zdm partition rotate` against pg_partman's run_maintenance(), on one server with fsync on:
// 100 daily partitions made, and 100 dropped, with 0, 1 and 3 indexes.
//
//   zdm_bench_partitions [pairs [create | retire]]          default 5, both
//
// Each run has a database of its own, in which both were set up before. Total time: nobody else is
// there; each is started as cron would start it, zdm as its program and run_maintenance() by psql,
// and timed to its end. Longest wait: of any statement of an application (tests/support/crowd.hpp),
// one reader of which keeps each of its transactions open for 2 s. Medians of the pairs; of waits,
// the worst. Exits 1 where zdm takes longer, or makes anybody wait for more than a tenth.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/crowd.hpp"
#include "tools.hpp"

using namespace zdm::tests;

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int partitions_of(Database& database) {
  return std::atoi(database
                       .value("SELECT count(*) FROM pg_inherits WHERE inhparent = "
                              "'events'::regclass")
                       .c_str());
}

struct Figures {
  std::vector<double> total_ms;
  double wait_ms = 0;
  int failures = 0;
};

class Bench {
 public:
  explicit Bench(int pairs) : pairs_(pairs) {}

  /// Whether zdm keeps what it promises.
  bool compare(Task task, int indexes) {
    const auto partman = pg_partman();
    const auto zdm = own();
    Figures theirs;
    Figures ours;
    for (int i = 0; i < pairs_; ++i) {
      for (const bool first : {i % 2 == 0, i % 2 != 0}) {
        quiet(first ? *partman : *zdm, task, indexes, first ? theirs : ours);
      }
    }
    for (int i = 0; i < std::min(pairs_, 2); ++i) {
      crowded(*partman, task, indexes, theirs);
      crowded(*zdm, task, indexes, ours);
    }
    const double total = median(ours.total_ms) / median(theirs.total_ms);
    const double wait = ours.wait_ms / theirs.wait_ms;
    fmt::print("{:<8}{:>8}{:>12.0f}{:>10.0f}{:>8.2f}{:>12.1f}{:>10.1f}{:>8.3f}{:>10}{:>8}\n",
               task == Task::create ? "create" : "retire", indexes, median(theirs.total_ms),
               median(ours.total_ms), total, theirs.wait_ms, ours.wait_ms, wait, theirs.failures,
               ours.failures);
    std::fflush(stdout);
    return total <= 1 && wait <= 0.1 && ours.failures == 0;
  }

  /// Of a run that finds everything done.
  double nothing_to_do() {
    TestDatabase database(server_);
    const auto zdm = own();
    zdm->prepare(database, Task::create, 1);
    zdm->run(database);
    std::vector<double> times;
    for (int i = 0; i < 20; ++i) {
      const auto begin = Clock::now();
      zdm->run(database);
      times.push_back(milliseconds_since(begin));
    }
    return median(times);
  }

 private:
  void done(Database& database, const Tool& tool, Task task, int had) {
    const int change = partitions_of(database) - had;
    const int wanted = task == Task::create ? kPartitions : -kPartitions;
    if (std::abs(change - wanted) <= 1) return;
    fmt::print(stderr, "{}: {} partitions more, not {}\n", tool.name(), change, wanted);
    std::exit(1);
  }

  void quiet(Tool& tool, Task task, int indexes, Figures& figures) {
    TestDatabase database(server_);
    tool.prepare(database, task, indexes);
    database.exec("CHECKPOINT");
    const int had = partitions_of(database);
    const auto begin = Clock::now();
    tool.run(database);
    figures.total_ms.push_back(milliseconds_since(begin));
    done(database, tool, task, had);
  }

  void crowded(Tool& tool, Task task, int indexes, Figures& figures) {
    TestDatabase database(server_);
    tool.prepare(database, task, indexes);
    const int had = partitions_of(database);
    Crowd crowd(database, std::chrono::seconds(2));
    tool.run(database);
    const auto felt = crowd.stop();
    figures.wait_ms = std::max(figures.wait_ms, felt.longest_wait_ms);
    figures.failures += static_cast<int>(felt.failures.size());
    for (const auto& failure : felt.failures) {
      fmt::print(stderr, "{}: {}\n", tool.name(), failure);
    }
    done(database, tool, task, had);
  }

  int pairs_;
  PostgresServer server_{
      "-c shared_buffers=256MB -c fsync=on -c synchronous_commit=on "
      "-c max_locks_per_transaction=1000"};
};

}  // namespace

int main(int argc, char** argv) {
  Bench bench(argc > 1 ? std::atoi(argv[1]) : 5);
  fmt::print("{:<8}{:>8}{:>12}{:>10}{:>8}{:>12}{:>10}{:>8}{:>10}{:>8}\n", "", "indexes",
             "partman ms", "zdm ms", "ratio", "its wait ms", "zdm's ms", "ratio", "its fails",
             "zdm's");
  bool kept = true;
  const std::string only = argc > 2 ? argv[2] : "";
  for (const auto task : {Task::create, Task::retire}) {
    if (!only.empty() && (only == "create") != (task == Task::create)) continue;
    for (const int indexes : {0, 1, 3}) kept = bench.compare(task, indexes) && kept;
  }
  const double nothing = bench.nothing_to_do();
  fmt::print("nothing to do: {:.1f} ms\n", nothing);
  return kept && nothing < 50 ? 0 : 1;
}
