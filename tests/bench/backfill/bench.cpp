// The backfill against one UPDATE of the whole table: rows per second, CPU of the server, WAL,
// growth.
//
//   zdm_bench_backfill [rows] [pairs]          default 1000000 5
//
// Each run has a database of its own, a copy of one template, checkpointed, in cache, autovacuum
// off, with the dual-write trigger in place; the UPDATE passes it by the same token. Pairs
// alternate; the medians are compared.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "backfill/backfill.hpp"
#include "ledger/schema.hpp"
#include "support/database.hpp"
#include "sync/compose.hpp"

using namespace zdm;
using migrations::Connection;

namespace {

struct Figures {
  double seconds = 0, cpu = 0, wal_mb = 0, growth = 0, index_growth = 0;
};

/// Fields of /proc/<pid>/stat after the command's name: proc(5).
std::vector<std::string> stat_of(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string::npos) return {};
  std::istringstream rest(text.substr(bracket + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

/// CPU seconds of the server: its processes that live, and those that have ended.
double server_cpu(int postmaster) {
  constexpr std::size_t kParent = 1, kUser = 11, kSystem = 12, kEndedUser = 13, kEndedSystem = 14;
  double ticks = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::vector<std::string> stat = stat_of(pid);
    if (stat.size() <= kEndedSystem) continue;
    const bool own = std::atoi(pid.c_str()) == postmaster;
    if (!own && std::atoi(stat[kParent].c_str()) != postmaster) continue;
    ticks += std::atof(stat[kUser].c_str()) + std::atof(stat[kSystem].c_str());
    if (own) ticks += std::atof(stat[kEndedUser].c_str()) + std::atof(stat[kEndedSystem].c_str());
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

template <class T>
T must(migrations::Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{} {}\n", result.error().message, result.error().statement);
    std::exit(1);
  }
  return std::move(*result);
}

migrations::Rows run(Connection& connection, const std::string& sql) {
  return must(connection.run(sql));
}

const std::vector<planner::Fill>& fills() {
  static const std::vector<planner::Fill> all{
      {.migration = {"bench"},
       .assignments = {{.column = "amount_cents",
                        .expression = "(amount * 100)::bigint",
                        .reads = {"amount"},
                        .type = "bigint"}}}};
  return all;
}

/// Of the environment: another walk, other stripes, another target than the defaults.
std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

class Bench {
 public:
  Bench(int rows, bool six)
      : rows_(rows),
        server_(
            "-c shared_buffers=1GB -c max_wal_size=8GB -c wal_level=replica -c autovacuum=off "
            "-c checkpoint_timeout=1h -c fsync=on -c synchronous_commit=on") {
    const auto connection = connect("postgres");
    run(*connection, "CREATE DATABASE template_bench");
    const auto made = connect("template_bench");
    run(*made, fmt::format(R"sql(
      CREATE TABLE t (id bigint PRIMARY KEY, k int, amount numeric, name text, pad text, amount_cents bigint);
      INSERT INTO t SELECT i, hashint8(i) % 100000, (i % 100000)::numeric / 100, 'name ' || i, repeat('x', 30)
      FROM generate_series(1, {}) i;
      CREATE INDEX ON t (k))sql",
                           rows));
    if (six) {
      run(*made,
          "CREATE INDEX ON t (amount); CREATE INDEX ON t (name); CREATE INDEX ON t (k, id); "
          "CREATE INDEX ON t (amount, k)");
    }
    make_ledger(*made);
    make_trigger(*made);
    run(*made, "VACUUM (FREEZE, ANALYZE) t");
  }

  Figures measure(bool single) {
    const auto admin = connect("postgres");
    run(*admin, "DROP DATABASE IF EXISTS bench");
    run(*admin, "CREATE DATABASE bench TEMPLATE template_bench");
    auto work = connect("bench");
    run(*work, "SELECT count(*) FROM t");
    run(*work, "SET enable_seqscan = off; SELECT count(k) FROM t; RESET enable_seqscan");
    run(*work, "CHECKPOINT");
    const double heap = size(*work, "pg_table_size('t')");
    const double indexes = size(*work, "pg_indexes_size('t')");
    const std::string lsn = run(*work, "SELECT pg_current_wal_insert_lsn()").first();
    const double cpu = server_cpu(server_.pid());
    const auto began = std::chrono::steady_clock::now();
    if (single)
      update(*work);
    else
      backfill(work);
    const auto took = std::chrono::steady_clock::now() - began;
    Figures figures;
    figures.seconds = std::chrono::duration<double>(took).count();
    figures.cpu = server_cpu(server_.pid()) - cpu;
    figures.wal_mb = size(*work, "pg_current_wal_insert_lsn() - '" + lsn + "'::pg_lsn") / 1e6;
    figures.growth = size(*work, "pg_table_size('t')") / heap - 1;
    figures.index_growth = size(*work, "pg_indexes_size('t')") / indexes - 1;
    if (run(*work,
            "SELECT count(*) FROM t WHERE amount_cents IS DISTINCT FROM (amount * 100)::bigint")
            .first() != "0") {
      fmt::print(stderr, "rows are wrong\n");
      std::exit(1);
    }
    return figures;
  }

  [[nodiscard]] int rows() const { return rows_; }

 private:
  std::unique_ptr<Connection> connect(const std::string& database) {
    return must(migrations::open({migrations::Secret(server_.url(database))},
                                 {.lock_timeout = std::chrono::seconds(30)}));
  }
  static double size(Connection& connection, const std::string& what) {
    return std::atof(run(connection, "SELECT " + what).first().c_str());
  }

  static void make_ledger(Connection& connection) {
    if (!migrations::upgrade_ledger(connection, migrations::postgres_upgrades(), "bench"))
      std::exit(1);
    run(connection, R"sql(
      INSERT INTO zdm.migration (target, migration, checksum, expressions_checksum) VALUES ('', 'bench', '', '');
      INSERT INTO zdm.phase_run (target, migration, phase, direction, state, actor, host, zdm_version)
        VALUES ('', 'bench', 'backfill', 'forward', 'running', '', '', '');
      INSERT INTO zdm.step (run, ordinal, target, step, kind, definition) VALUES (1, 0, '', '', 'backfill', '{}');
      INSERT INTO zdm.lease (target, scope, fence, holder) VALUES ('', 'migrations', 1, 'bench'))sql");
  }

  void make_trigger(Connection& connection) {
    oid_ = static_cast<std::uint32_t>(run(connection, "SELECT 't'::regclass::oid").first_integer());
    planner::Table table{.oid = oid_, .name = {"public", "t"}};
    table.columns = {{.name = "amount", .attnum = 3, .type = "numeric"},
                     {.name = "amount_cents", .attnum = 6, .type = "bigint"}};
    planner::Catalog catalog;
    catalog.server_version = connection.server_version();
    catalog.search_path = {"public"};
    catalog.tables = {table};
    const planner::SyncRule rule{.migration = {"bench"},
                                 .old_side = {{.name = "amount"}},
                                 .new_side = {{.name = "amount_cents"}},
                                 .forward = fills()[0].assignments};
    for (const std::string& sql : must(planner::compose_triggers(catalog, table, {}, {rule}, 1)))
      run(connection, sql);
  }

  void update(Connection& work) const {
    const planner::FillSql fill = planner::compose_fill(planner::Engine::postgresql, fills());
    run(work, fmt::format("BEGIN; SET LOCAL zdm.backfill = '{}'; UPDATE t SET {} WHERE {}; COMMIT",
                          planner::backfill_token(oid_, 1), fill.set, fill.predicate));
  }

  void backfill(std::unique_ptr<Connection>& work) {
    const auto control = connect("bench");
    migrations::RealHost host;
    migrations::BackfillRequest request{.run = 1,
                                        .action = {.table = {"public", "t"}, .fills = fills()},
                                        .generation = 1,
                                        .lease = {.target = "", .fence = 1}};
    if (setting("BENCH_WALK") == "tid_lists") request.tuning.walk = migrations::Walk::tid_lists;
    if (!setting("BENCH_STRIPES").empty())
      request.tuning.stripes = std::stoi(setting("BENCH_STRIPES"));
    if (!setting("BENCH_TARGET_MS").empty()) {
      request.batch_target = std::chrono::milliseconds(std::stoi(setting("BENCH_TARGET_MS")));
    }
    must(migrations::backfill(
        work, [this] { return migrations::open({migrations::Secret(server_.url("bench"))}, {}); },
        *control, host, request, {}, [] { return migrations::ErrorCode::interrupted; }, {}));
  }

  int rows_;
  std::uint32_t oid_ = 0;
  tests::PostgresServer server_;
};

double median(std::vector<Figures> runs, double Figures::*field) {
  std::sort(runs.begin(), runs.end(),
            [&](const Figures& a, const Figures& b) { return a.*field < b.*field; });
  return runs[runs.size() / 2].*field;
}

void compare(const std::string& title, Bench& bench, int pairs) {
  std::vector<Figures> single;
  std::vector<Figures> striped;
  for (int i = 0; i < pairs; ++i) {
    for (const bool one : {i % 2 == 0, i % 2 != 0})
      (one ? single : striped).push_back(bench.measure(one));
    fmt::print(stderr, ".");
  }
  const auto of = [](const std::vector<Figures>& runs, double Figures::*field) {
    return median(runs, field);
  };
  const double rows = bench.rows();
  fmt::print("\n{}, {} rows, medians of {} pairs\n", title, bench.rows(), pairs);
  fmt::print("{:<22}{:>12}{:>12}{:>9}\n", "", "one UPDATE", "backfill", "ratio");
  const auto line = [](const char* name, double a, double b, const char* format) {
    fmt::print("{:<22}{:>12}{:>12}{:>9.2f}\n", name, fmt::format(fmt::runtime(format), a),
               fmt::format(fmt::runtime(format), b), b / a);
  };
  line("rows/s", rows / of(single, &Figures::seconds), rows / of(striped, &Figures::seconds),
       "{:.0f}");
  line("CPU us/row", of(single, &Figures::cpu) / rows * 1e6,
       of(striped, &Figures::cpu) / rows * 1e6, "{:.2f}");
  line("WAL MB", of(single, &Figures::wal_mb), of(striped, &Figures::wal_mb), "{:.0f}");
  line("heap growth", of(single, &Figures::growth), of(striped, &Figures::growth), "{:.2f}");
  line("index growth", of(single, &Figures::index_growth), of(striped, &Figures::index_growth),
       "{:.2f}");
}

}  // namespace

int main(int argc, char** argv) {
  const int rows = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  const int pairs = argc > 2 ? std::atoi(argv[2]) : 5;
  const std::string only = argc > 3 ? argv[3] : "";
  if (only != "six") {
    Bench bench(rows, false);
    compare("two indexes", bench, pairs);
  }
  if (only != "two") {
    Bench bench(rows, true);
    compare("six indexes", bench, pairs);
  }
}
