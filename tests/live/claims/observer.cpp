#include "observer.hpp"

#include <exception>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace zdm::tests {

using migrations::Connection;
using migrations::Opener;
using migrations::Result;
using migrations::Rows;
using migrations::Text;
using planner::LockMode;

namespace {

class Observing final : public Connection {
 public:
  Observing(std::unique_ptr<Connection> inner, std::shared_ptr<LockObserver> observer, Opener aside)
      : inner_(std::move(inner)), observer_(std::move(observer)), aside_(std::move(aside)) {}
  using Connection::run;
  Result<Rows> run(std::string_view sql, std::span<const Text> parameters) override {
    constexpr std::string_view kCommit = "COMMIT";
    const auto start = sql.find_first_not_of(" \n");
    const bool is_begin = sql.substr(std::min(start, sql.size())).starts_with("BEGIN");
    if (is_begin) observer_->begins(*inner_);
    if (is_concurrent(sql)) return observer_->sampled(*inner_, aside_, sql, parameters);
    if (!sql.ends_with(kCommit) && sql != "ROLLBACK") {
      auto result = inner_->run(sql, parameters);
      if (result && is_begin) observer_->begun(*inner_);
      return result;
    }
    if (sql.size() > kCommit.size() && sql.ends_with(kCommit)) {
      ZDM_CHECK(inner_->run(sql.substr(0, sql.size() - kCommit.size()), parameters));
      observer_->ends(*inner_);
      return inner_->run(kCommit, {});
    }
    observer_->ends(*inner_);
    return inner_->run(sql, parameters);
  }
  migrations::Engine engine() const override { return inner_->engine(); }
  int server_version() const override { return inner_->server_version(); }
  bool usable() const override { return inner_->usable(); }
  bool in_transaction() const override { return inner_->in_transaction(); }
  void cancel() noexcept override { inner_->cancel(); }
  std::int64_t backend_pid() const override { return inner_->backend_pid(); }
  bool pooled() const override { return inner_->pooled(); }

 private:
  static bool is_concurrent(std::string_view sql) {
    return sql.find("INDEX CONCURRENTLY") != std::string_view::npos &&
           (sql.starts_with("CREATE ") || sql.starts_with("DROP "));
  }

  std::unique_ptr<Connection> inner_;
  std::shared_ptr<LockObserver> observer_;
  Opener aside_;
};

/// "AccessExclusiveLock" as people write it.
std::string words(const std::string& mode) {
  std::string text;
  for (const char each : mode.substr(0, mode.size() - std::string_view("Lock").size())) {
    if (each >= 'A' && each <= 'Z' && !text.empty()) text += ' ';
    text += static_cast<char>(each >= 'a' && each <= 'z' ? each - 'a' + 'A' : each);
  }
  return text;
}

void strengthen(Locks& locks, const std::string& relation, const std::string& mode) {
  auto& present = locks[relation];
  if (present.empty() || planner::parse_lock_mode(present) < planner::parse_lock_mode(mode)) {
    present = mode;
  }
}

Rows must(Connection& connection, std::string_view sql,
          std::initializer_list<Text> parameters = {}) {
  auto rows = connection.run(sql, parameters);
  if (!rows) throw std::runtime_error(rows.error().message + ": " + std::string(sql));
  return std::move(*rows);
}

/// The step under way: its row is written in this very transaction, or says that it runs.
constexpr std::string_view kStep = R"(
    SELECT run, ordinal, step, kind, definition -> 'locks' FROM zdm.step
     WHERE kind <> 'concurrent' AND (state = 'running'
        OR state = 'done' AND xmin::text = (txid_current_if_assigned() % (1::bigint << 32))::text)
     ORDER BY run DESC, ordinal DESC LIMIT 1)";

/// The same of a statement outside of any transaction.
constexpr std::string_view kConcurrentStep = R"(
    SELECT run, ordinal, step, kind, definition -> 'locks' FROM zdm.step
     WHERE kind = 'concurrent' AND state = 'running'
     ORDER BY run DESC, ordinal DESC LIMIT 1)";

}  // namespace

Opener LockObserver::wrap(std::shared_ptr<LockObserver> observer, Opener opener) {
  return [observer = std::move(observer),
          opener = std::move(opener)]() -> Result<std::unique_ptr<Connection>> {
    ZDM_TRY(auto inner, opener());
    return std::unique_ptr<Connection>(new Observing(std::move(inner), observer, opener));
  };
}

void LockObserver::begins(Connection& connection) {
  before_.clear();
  const Rows found = must(connection, R"(
      SELECT c.oid, quote_ident(s.nspname) || '.' || quote_ident(c.relname)
        FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
       WHERE s.nspname NOT IN ('zdm', 'pg_catalog', 'information_schema', 'pg_toast')
         AND NOT (c.relkind IN ('i', 'I') AND c.relispartition))");
  for (const auto& row : found.rows) before_[*row[0]] = *row[1];
}

/// Within the transaction, in which no count is reported and so none begins anew.
void LockObserver::begun(Connection& connection) {
  files_ = files(connection);
}

std::map<std::string, LockObserver::File> LockObserver::files(Connection& connection) {
  const Rows rows = must(connection, R"(
      SELECT c.oid, pg_relation_filenode(c.oid), pg_stat_get_xact_numscans(c.oid)
        FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
       WHERE c.relkind = 'r' AND s.nspname NOT IN ('zdm', 'pg_catalog', 'information_schema'))");
  std::map<std::string, File> found;
  for (const auto& row : rows.rows) found[*row[0]] = {*row[1], std::stoll(*row[2])};
  return found;
}

void LockObserver::compare_files(Connection& connection, Observed& observed) const {
  const auto now = files(connection);
  for (const auto& [oid, before] : files_) {
    const auto after = now.find(oid);
    const auto name = before_.find(oid);
    if (after == now.end() || name == before_.end()) continue;
    const auto taken = observed.taken.find(name->second);
    const bool blocks = taken != observed.taken.end() &&
                        planner::parse_lock_mode(taken->second) > LockMode::share_update_exclusive;
    if (!blocks) continue;
    if (after->second.scans > before.scans) observed.scanned.push_back(name->second);
    if (after->second.node != before.node) observed.rewritten.push_back(name->second);
  }
}

Observed& LockObserver::step_of(Connection& connection, const std::vector<Text>& row) {
  Observed& observed = steps_[{std::stoll(*row[0]), std::stoll(*row[1])}];
  observed.step = *row[2];
  observed.kind = *row[3];
  const Rows claims =
      must(connection,
           "SELECT each ->> 'relation', each ->> 'mode' FROM jsonb_array_elements($1::jsonb) each",
           {row[4]});
  observed.claimed.clear();
  for (const auto& claim : claims.rows) strengthen(observed.claimed, *claim[0], *claim[1]);
  return observed;
}

Result<Rows> LockObserver::sampled(Connection& connection, const Opener& aside,
                                   std::string_view sql, std::span<const Text> parameters) {
  auto writer = aside();
  auto watcher = aside();
  if (!writer || !watcher) throw std::runtime_error("no second session for " + std::string(sql));
  begins(**watcher);
  const Rows step = must(**watcher, kConcurrentStep);
  if (step.empty()) throw std::runtime_error("no step says that it runs: " + std::string(sql));
  Observed& observed = step_of(**watcher, step.rows[0]);
  must(**writer, "BEGIN");
  for (const auto& [relation, mode] : observed.claimed) {
    const Rows kind = must(**watcher, "SELECT relkind IN ('r', 'm') FROM pg_class WHERE oid = '" +
                                          relation + "'::regclass");
    if (kind.first() == "t")
      must(**writer, "LOCK TABLE ONLY " + relation + " IN ROW EXCLUSIVE MODE");
  }
  std::atomic<bool> ended = false;
  std::exception_ptr trouble;
  std::thread sampler([&] {
    try {
      sample(connection.backend_pid(), **watcher, **writer, ended, observed.taken);
    } catch (...) {
      trouble = std::current_exception();
    }
    static_cast<void>((*writer)->run("ROLLBACK"));
  });
  auto result = connection.run(sql, parameters);
  ended = true;
  sampler.join();
  if (trouble) std::rethrow_exception(trouble);
  return result;
}

/// Until the statement has ended: what it holds. The writer ends once the statement waits for it.
void LockObserver::sample(std::int64_t pid, Connection& watcher, Connection& writer,
                          const std::atomic<bool>& ended, Locks& taken) const {
  bool waits = false;
  while (!ended) {
    const Rows held = must(
        watcher, "SELECT relation, mode, granted FROM pg_locks WHERE pid = " + std::to_string(pid));
    for (const auto& lock : held.rows) {
      if (!waits && *lock[2] != "t") {
        waits = true;
        must(writer, "ROLLBACK");
      }
      const auto relation = lock[0] ? before_.find(*lock[0]) : before_.end();
      if (relation == before_.end() || *lock[2] != "t") continue;
      // The end of DROP INDEX CONCURRENTLY (index_drop in catalog/index.c): nobody knows of the
      // index any more when it takes the last lock on it.
      if (waits && *lock[1] == "AccessExclusiveLock") continue;
      strengthen(taken, relation->second, words(*lock[1]));
    }
  }
}

void LockObserver::ends(Connection& connection) {
  // A transaction that failed says nothing any more.
  const auto held = connection.run(R"(
      SELECT relation, mode, (to_regclass('zdm.step') IS NOT NULL)::text FROM pg_locks
       WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted)");
  if (!held || held->empty() || held->rows[0][2] != "true") return;
  const Rows step = must(connection, kStep);
  if (step.empty()) return;
  Observed& observed = step_of(connection, step.rows[0]);
  for (const auto& lock : held->rows) {
    const auto relation = before_.find(*lock[0]);
    if (relation != before_.end()) strengthen(observed.taken, relation->second, words(*lock[1]));
  }
  compare_files(connection, observed);
}

}  // namespace zdm::tests
