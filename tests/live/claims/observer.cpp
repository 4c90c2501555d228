#include "observer.hpp"

#include <optional>
#include <stdexcept>
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
  Observing(std::unique_ptr<Connection> inner, std::shared_ptr<LockObserver> observer)
      : inner_(std::move(inner)), observer_(std::move(observer)) {}
  using Connection::run;
  Result<Rows> run(std::string_view sql, std::span<const Text> parameters) override {
    constexpr std::string_view kCommit = "COMMIT";
    const auto start = sql.find_first_not_of(" \n");
    const bool is_begin = sql.substr(std::min(start, sql.size())).starts_with("BEGIN");
    if (is_begin) observer_->begins(*inner_);
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
  std::unique_ptr<Connection> inner_;
  std::shared_ptr<LockObserver> observer_;
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

/// The step under way: its row is written in this very transaction, or says that it runs.
constexpr std::string_view kStep = R"(
    SELECT run, ordinal, step, kind, definition -> 'locks' FROM zdm.step
     WHERE kind <> 'concurrent' AND (state = 'running'
        OR state = 'done' AND xmin::text = (txid_current_if_assigned() % (1::bigint << 32))::text)
     ORDER BY run DESC, ordinal DESC LIMIT 1)";

}  // namespace

Opener LockObserver::wrap(std::shared_ptr<LockObserver> observer, Opener opener) {
  return [observer = std::move(observer),
          opener = std::move(opener)]() -> Result<std::unique_ptr<Connection>> {
    ZDM_TRY(auto inner, opener());
    return std::unique_ptr<Connection>(new Observing(std::move(inner), observer));
  };
}

void LockObserver::begins(Connection& connection) {
  before_.clear();
  const auto rows = connection.run(R"(
      SELECT c.oid, quote_ident(s.nspname) || '.' || quote_ident(c.relname)
        FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
       WHERE s.nspname NOT IN ('zdm', 'pg_catalog', 'information_schema', 'pg_toast')
         AND NOT (c.relkind IN ('i', 'I') AND c.relispartition))");
  if (!rows) throw std::runtime_error(rows.error().message);
  for (const auto& row : rows->rows) before_[*row[0]] = *row[1];
}

/// Within the transaction, in which no count is reported and so none begins anew.
void LockObserver::begun(Connection& connection) {
  files_ = files(connection);
}

std::map<std::string, LockObserver::File> LockObserver::files(Connection& connection) {
  const auto rows = connection.run(R"(
      SELECT c.oid, pg_relation_filenode(c.oid), pg_stat_get_xact_numscans(c.oid)
        FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
       WHERE c.relkind = 'r' AND s.nspname NOT IN ('zdm', 'pg_catalog', 'information_schema'))");
  if (!rows) throw std::runtime_error(rows.error().message);
  std::map<std::string, File> found;
  for (const auto& row : rows->rows) found[*row[0]] = {*row[1], std::stoll(*row[2])};
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

void LockObserver::ends(Connection& connection) {
  // A transaction that failed says nothing any more.
  const auto held = connection.run(R"(
      SELECT relation, mode, (to_regclass('zdm.step') IS NOT NULL)::text FROM pg_locks
       WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted)");
  if (!held || held->empty() || held->rows[0][2] != "true") return;
  const auto step = connection.run(kStep);
  if (!step || step->empty()) return;
  const auto& row = step->rows[0];
  auto& observed = steps_[{std::stoll(*row[0]), std::stoll(*row[1])}];
  observed.step = *row[2];
  observed.kind = *row[3];
  const auto claims = connection.run(
      "SELECT each ->> 'relation', each ->> 'mode' FROM jsonb_array_elements($1::jsonb) each",
      {row[4]});
  if (!claims) throw std::runtime_error(claims.error().message);
  observed.claimed.clear();
  for (const auto& claim : claims->rows) strengthen(observed.claimed, *claim[0], *claim[1]);
  for (const auto& lock : held->rows) {
    const auto relation = before_.find(*lock[0]);
    if (relation != before_.end()) strengthen(observed.taken, relation->second, words(*lock[1]));
  }
  compare_files(connection, observed);
}

}  // namespace zdm::tests
