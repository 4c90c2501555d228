// zdm matview refresh: swap against CONCURRENTLY, what readers notice, and whether `auto` picks the
// faster of the two.
//
//   zdm_bench_matviews [rows] [rows-of-the-cases]          default 1000000 100000
//
// Every figure is of a database of its own, a copy of one template, with autovacuum off.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "matviews/matviews.hpp"
#include "support/database.hpp"

using namespace zdm;
using migrations::Connection;
using planner::MethodPolicy;

namespace {

using Clock = std::chrono::steady_clock;

struct Case {
  std::string name;
  int rows = 0;
  double changed = 0;  ///< share of the rows
  std::string query;
  std::vector<std::string> indexes;
};

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

template <class T>
T must(migrations::Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{} {}\n", result.error().message, result.error().statement);
    std::exit(1);
  }
  return std::move(*result);
}

/// Reads a row every 3 ms, keeps its transaction open for 2 s once; the longest it had to wait.
class Reader final {
 public:
  explicit Reader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  double longest() {
    thread_.request_stop();
    thread_.join();
    return longest_;
  }

 private:
  void run(const std::stop_token& stop) {
    bool held = false;
    const auto start = Clock::now();
    while (!stop.stop_requested()) {
      const bool hold = !held && ms_since(start) > 200;
      if (hold) must(connection_->run("BEGIN"));
      const auto began = Clock::now();
      must(connection_->run("SELECT amount FROM v WHERE id = 77"));
      longest_ = std::max(longest_, ms_since(began));
      if (hold) {
        std::this_thread::sleep_for(std::chrono::seconds(2));
        must(connection_->run("COMMIT"));
        held = true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
  }

  std::unique_ptr<Connection> connection_;
  double longest_ = 0;
  std::jthread thread_;
};

class Bench final {
 public:
  Bench()
      : server_(
            "-c shared_buffers=1GB -c max_wal_size=8GB -c wal_level=replica -c autovacuum=off "
            "-c checkpoint_timeout=1h -c max_connections=50") {}

  void make_template(const Case& what) {
    const auto admin = connect("postgres");
    must(admin->run("DROP DATABASE IF EXISTS template_bench"));
    must(admin->run("CREATE DATABASE template_bench"));
    const auto made = connect("template_bench");
    must(made->run(
        "CREATE TABLE t (id int PRIMARY KEY, k int, amount numeric, name text, note text)"));
    must(made->run(fmt::format(
        "INSERT INTO t SELECT i, hashint8(i) % 1000, i % 1000, 'name ' || i, repeat('x', 40) "
        "FROM generate_series(1, {}) i",
        what.rows)));
    must(made->run("ANALYZE t"));
    must(made->run("CREATE MATERIALIZED VIEW v AS " + what.query));
    for (const auto& index : what.indexes) must(made->run(index));
    must(made->run("ANALYZE v"));
  }

  void copy(const std::string& from, const std::string& to) {
    const auto admin = connect("postgres");
    must(admin->run("DROP DATABASE IF EXISTS " + to));
    must(admin->run(fmt::format("CREATE DATABASE {} TEMPLATE {}", to, from)));
    must(admin->run("CHECKPOINT"));
  }

  /// Rows spread over the whole table get another amount.
  void change(const std::string& database, double share) {
    if (share == 0) return;
    const auto connection = connect(database);
    must(connection->run(fmt::format(
        "UPDATE t SET amount = amount + 1 WHERE (hashint4(id) & 65535) < {:.0f}", share * 65536)));
  }

  migrations::MatviewReport refresh(const std::string& database, MethodPolicy method) {
    migrations::RealHost host;
    const migrations::DatabaseUrl url{migrations::Secret(server_.url(database))};
    const migrations::Opener open = [url] { return migrations::open(url, {}); };
    const migrations::Environment environment{
        .host = host, .url = url, .open_work = open, .open_control = open};
    const auto outcome =
        migrations::refresh_matviews(environment, {.only = {"v"}, .method = method}, {});
    if (outcome.error) {
      fmt::print(stderr, "{}\n", outcome.error->message);
      std::exit(1);
    }
    return outcome.report.views.front();
  }

  std::unique_ptr<Connection> connect(const std::string& database) {
    return must(
        migrations::open(migrations::DatabaseUrl{migrations::Secret(server_.url(database))}, {}));
  }

 private:
  tests::PostgresServer server_;
};

const std::string kPlain = "SELECT id, k, amount, name, note FROM t";
const std::string kKey = "CREATE UNIQUE INDEX ON v (id)";

void big(Bench& bench, int rows) {
  const Case what{.name = "half changed",
                  .rows = rows,
                  .changed = 0.5,
                  .query = kPlain,
                  .indexes = {kKey, "CREATE INDEX ON v (k)"}};
  bench.make_template(what);
  double taken[2] = {};
  for (const auto method : {MethodPolicy::concurrently, MethodPolicy::swap}) {
    bench.copy("template_bench", "bench");
    bench.change("bench", what.changed);
    Reader reader(bench.connect("bench"));
    std::this_thread::sleep_for(std::chrono::milliseconds(500));  // the long reader reads now
    const auto report = bench.refresh("bench", method);
    const double longest = reader.longest();
    taken[method == MethodPolicy::swap ? 1 : 0] = static_cast<double>(report.duration_ms);
    fmt::print("{} rows, half changed: {:12} {:6} ms, a reader waited {:.0f} ms at most\n", rows,
               to_string(method), report.duration_ms, longest);
  }
  fmt::print("swap is {:.1f} times as fast (asked: 4)\n", taken[0] / taken[1]);
}

std::vector<Case> cases(int rows) {
  std::vector<std::string> many = {kKey};
  for (const auto* columns : {"k", "amount", "name", "k, amount", "amount, k", "lower(name)",
                              "name, k", "note, id", "note, name"}) {
    many.push_back(fmt::format("CREATE INDEX ON v ({})", columns));
  }
  const std::vector<std::string> two = {kKey, "CREATE INDEX ON v (k)"};
  const std::string slow =
      "SELECT id, k, amount, name, md5(md5(md5(md5(note || id)))) AS note FROM t";
  return {{"nothing changed, one index", rows, 0, kPlain, {kKey}},
          {"nothing changed, ten indexes", rows, 0, kPlain, many},
          {"0.1 %, one index", rows, 0.001, kPlain, {kKey}},
          {"0.1 %, ten indexes", rows, 0.001, kPlain, many},
          {"1 %, two indexes", rows, 0.01, kPlain, two},
          {"5 %, ten indexes", rows, 0.05, kPlain, many},
          {"10 %, two indexes", rows, 0.1, kPlain, two},
          {"50 %, two indexes", rows, 0.5, kPlain, two},
          {"50 %, ten indexes", rows, 0.5, kPlain, many},
          {"all changed, a slow query", rows, 1, slow, two}};
}

/// The truth: both methods on copies of what `auto` decides about, the faster of three runs each.
double measure(Bench& bench, const Case& what, MethodPolicy method) {
  double best = 0;
  for (int i = 0; i < 3; ++i) {
    bench.copy("bench", "bench_truth");
    bench.change("bench_truth", what.changed);
    const auto report = bench.refresh("bench_truth", method);
    const auto took = static_cast<double>(report.duration_ms);
    best = i == 0 ? took : std::min(best, took);
  }
  return best;
}

bool decides_well(Bench& bench, const Case& what) {
  bench.make_template(what);
  bench.copy("template_bench", "bench");
  for (int i = 0; i < 3; ++i) {
    bench.change("bench", what.changed);
    bench.refresh("bench", MethodPolicy::automatic);
  }
  const double concurrently = measure(bench, what, MethodPolicy::concurrently);
  const double swap = measure(bench, what, MethodPolicy::swap);
  bench.change("bench", what.changed);
  const auto chosen = bench.refresh("bench", MethodPolicy::automatic);
  const bool right = (chosen.method == "swap") == (swap < concurrently);
  fmt::print("{:32} concurrently {:6.0f} ms, swap {:6.0f} ms: auto took {:12} {}\n    {}\n",
             what.name, concurrently, swap, chosen.method, right ? "right" : "WRONG",
             chosen.reason);
  return right;
}

}  // namespace

int main(int argc, char** argv) {
  const int rows = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  const int small = argc > 2 ? std::atoi(argv[2]) : 100'000;
  Bench bench;
  if (rows > 0) big(bench, rows);
  int right = 0;
  const auto all = cases(small);
  for (const auto& what : all) right += decides_well(bench, what) ? 1 : 0;
  fmt::print("auto took the faster one in {} of {} cases (asked: 9 of 10)\n", right, all.size());
}
