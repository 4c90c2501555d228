#include "rig.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "files/toml.hpp"
#include "model/migration.hpp"
#include "recipes/change.hpp"

namespace zdm::tests {

using migrations::Result;
using migrations::Rows;

Result<Rows> SpiedConnection::run(std::string_view sql,
                                  std::span<const migrations::Text> parameters) {
  if (!spy_->run) return inner_->run(sql, parameters);
  auto result = spy_->run(*inner_, sql, parameters);
  if (!result && result.error().code == planner::ErrorCode::cannot_connect) lost_ = true;
  return result;
}

Rig::Rig(migrations::Engine engine) : database(make_database(engine)) {
  locks.budget = std::chrono::seconds(20);
}

migrations::Environment Rig::environment() {
  const migrations::SessionSettings settings{.lock_timeout = locks.timeout};
  migrations::Environment environment{.host = host,
                                      .url = database->url(),
                                      .open_work = {},
                                      .open_control = database->opener(settings)};
  environment.open_work = [open = database->opener(settings),
                           watched = spy]() -> Result<std::unique_ptr<migrations::Connection>> {
    ZDM_TRY(auto inner, open());
    return std::unique_ptr<migrations::Connection>(new SpiedConnection(std::move(inner), watched));
  };
  environment.locks = locks;
  environment.allowed = allowed;
  environment.stop = stop.get_token();
  environment.stop_reason = [this] { return stop_code; };
  return environment;
}

migrations::ApplyOutcome Rig::apply(const std::vector<planner::Migration>& migrations,
                                    const migrations::ApplyOptions& options) {
  const auto around = environment();
  return migrations::apply(around, migrations, cut, options,
                           [this](const migrations::ProgressEvent& event) {
                             const std::scoped_lock lock(events_mutex);
                             events.push_back(event);
                           });
}

migrations::ApplyOutcome Rig::rollback(const std::vector<planner::Migration>& migrations,
                                       const migrations::RollbackOptions& options) {
  const auto around = environment();
  return migrations::rollback(around, migrations, cut, options, {});
}

void Rig::live(const std::string& release) {
  const auto around = environment();
  const auto report = migrations::release_live(around, cut, release);
  if (!report) throw std::runtime_error(report.error().message);
}

bool Rig::has_column(const std::string& table, const std::string& column) {
  const std::string sql =
      sqlite() ? fmt::format("SELECT count(*) FROM pragma_table_info('{}') WHERE name = '{}'",
                             table, column)
               : fmt::format(
                     "SELECT count(*) FROM pg_attribute WHERE attrelid = '{}'::regclass "
                     "AND attname = '{}' AND NOT attisdropped",
                     table, column);
  return value(sql) == "1";
}

void make_users(Rig& rig, int rows) {
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL)");
  rig.exec("CREATE INDEX users_name ON users (name)");
  rig.exec(fmt::format(R"(
      INSERT INTO users
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})
      SELECT i, 'user ' || i FROM n)",
                       rows));
}

planner::Migration rename_users_name(planner::Phase phase) {
  planner::Migration migration;
  migration.id = {"0001_full_name"};
  migration.path = "migrations/0001_full_name.toml";
  migration.description = "users.name becomes users.full_name";
  migration.phase = phase;
  migration.checksum = "sha256:1";
  migration.expressions_checksum = "sha256:e1";
  planner::RenameColumn change;
  change.table = {.schema = "", .name = "users"};
  change.from = "name";
  change.to = "full_name";
  migration.changes.push_back({.kind = change, .where = {}});
  return migration;
}

planner::Migration file_of(const std::string& id, planner::Phase phase,
                           const std::string& changes) {
  const std::string text = "phase = \"" + std::string(planner::to_string(phase)) + "\"\n" + changes;
  const auto tree = migrations::parse_toml(text, id + ".toml");
  if (!tree) throw std::runtime_error(tree.error().message);
  auto migration = planner::decode_migration({id}, id + ".toml", *tree);
  if (!migration) throw std::runtime_error(migration.error().message);
  return std::move(*migration);
}

planner::Migration replacing(const std::string& kind, const std::string& name,
                             const std::string& query, planner::Phase phase) {
  planner::Migration migration;
  migration.id = {"0001_view"};
  migration.path = "migrations/0001_view.toml";
  migration.phase = phase;
  migration.checksum = "sha256:1";
  migration.expressions_checksum = "sha256:e1";
  planner::Object object;
  for (const auto& [key, value] :
       {std::pair{"kind", kind}, std::pair{"name", name}, std::pair{"query", query}}) {
    object.push_back(
        {.key = key, .where = {}, .value = {.data = value, .where = {}, .positions = {}}});
  }
  auto change = planner::decode_change(object, {.file = migration.path});
  if (!change) throw std::runtime_error(change.error().message);
  migration.changes.push_back(*change);
  return migration;
}

migrations::ApplyOptions options_for(std::optional<planner::Phase> phase,
                                     const std::string& release) {
  migrations::ApplyOptions options;
  options.phase = phase;
  options.release = release;
  return options;
}

std::string text_of(const std::optional<planner::Error>& error) {
  if (!error) return {};
  return fmt::format("exit {}: {} [{}] ({}) {}", static_cast<int>(error->code), error->message,
                     error->sqlstate, error->hint, error->statement);
}

}  // namespace zdm::tests
