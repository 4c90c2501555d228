#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "execute/operations.hpp"
#include "support/database.hpp"

namespace zdm::tests {

/// Stands in for each statement of the work connections; runs it on the connection given, or not.
struct Spy {
  using Run = std::function<migrations::Result<migrations::Rows>(
      migrations::Connection&, std::string_view, std::span<const migrations::Text>)>;
  Run run;
};

/// A connection that tells a spy.
class SpiedConnection final : public migrations::Connection {
 public:
  SpiedConnection(std::unique_ptr<migrations::Connection> inner, std::shared_ptr<Spy> spy)
      : inner_(std::move(inner)), spy_(std::move(spy)) {}
  using Connection::run;
  migrations::Result<migrations::Rows> run(std::string_view sql,
                                           std::span<const migrations::Text> parameters) override;
  migrations::Engine engine() const override { return inner_->engine(); }
  int server_version() const override { return inner_->server_version(); }
  bool usable() const override { return !lost_ && inner_->usable(); }
  bool in_transaction() const override { return inner_->in_transaction(); }
  void cancel() noexcept override { inner_->cancel(); }
  std::int64_t backend_pid() const override { return inner_->backend_pid(); }
  bool pooled() const override { return inner_->pooled(); }

 private:
  std::unique_ptr<migrations::Connection> inner_;
  std::shared_ptr<Spy> spy_;
  bool lost_ = false;
};

/// A database with what an operation needs around it.
class Rig {
 public:
  explicit Rig(migrations::Engine engine);

  [[nodiscard]] migrations::Environment environment();
  migrations::ApplyOutcome apply(const std::vector<planner::Migration>& migrations,
                                 const migrations::ApplyOptions& options);
  migrations::ApplyOutcome rollback(const std::vector<planner::Migration>& migrations,
                                    const migrations::RollbackOptions& options = {});
  void live(const std::string& release);
  [[nodiscard]] bool has_column(const std::string& table, const std::string& column);
  [[nodiscard]] std::string value(const std::string& sql) { return database->value(sql); }
  void exec(const std::string& sql) { database->exec(sql); }
  [[nodiscard]] bool sqlite() const { return database->engine() == migrations::Engine::sqlite; }

  std::unique_ptr<Database> database;
  std::shared_ptr<Spy> spy = std::make_shared<Spy>();
  migrations::RealHost host;
  std::vector<std::string> allowed;
  std::vector<std::string> cut;
  std::stop_source stop;
  migrations::ErrorCode stop_code = migrations::ErrorCode::interrupted;
  migrations::LockSettings locks;
  std::vector<migrations::ProgressEvent> events;
  std::mutex events_mutex;
};

/// users(id, name NOT NULL with an index) with some rows, and the file that renames its column.
void make_users(Rig& rig, int rows);
[[nodiscard]] planner::Migration rename_users_name(planner::Phase phase);

/// The migration `id` of these [[change]] tables, which may go as far as `phase`.
[[nodiscard]] planner::Migration file_of(const std::string& id, planner::Phase phase,
                                         const std::string& changes);

/// The file that replaces a view: `kind` is replace_view or replace_matview, `name` as SQL has it.
[[nodiscard]] planner::Migration replacing(const std::string& kind, const std::string& name,
                                           const std::string& query,
                                           planner::Phase phase = planner::Phase::contract);

[[nodiscard]] migrations::ApplyOptions options_for(std::optional<planner::Phase> phase,
                                                   const std::string& release);

/// The error as a text for INFO and messages; empty when there is none.
[[nodiscard]] std::string text_of(const std::optional<planner::Error>& error);

}  // namespace zdm::tests
