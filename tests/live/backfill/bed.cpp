#include "bed.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

#include "ledger/schema.hpp"
#include "sql/quote.hpp"
#include "sync/compose.hpp"

namespace zdm::tests {

using migrations::Connection;
using migrations::Engine;
using migrations::Result;
using migrations::Rows;
using migrations::Text;

namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message + " " + result.error().statement);
  return std::move(*result);
}

class Faulty final : public Connection {
 public:
  Faulty(std::unique_ptr<Connection> inner, std::shared_ptr<int> count, Fault before)
      : inner_(std::move(inner)), count_(std::move(count)), before_(std::move(before)) {}

  using Connection::run;
  Result<Rows> run(std::string_view sql, std::span<const Text> parameters) override {
    if (auto error = before_(++*count_, sql)) {
      if (error->code == migrations::ErrorCode::cannot_connect) inner_.reset();
      return planner::fail(std::move(*error));
    }
    return inner_->run(sql, parameters);
  }
  [[nodiscard]] Engine engine() const override {
    return inner_ ? inner_->engine() : Engine::postgresql;
  }
  [[nodiscard]] int server_version() const override {
    return inner_ ? inner_->server_version() : 0;
  }
  [[nodiscard]] bool usable() const override { return inner_ && inner_->usable(); }
  [[nodiscard]] bool in_transaction() const override { return inner_ && inner_->in_transaction(); }
  void cancel() noexcept override {}
  [[nodiscard]] std::int64_t backend_pid() const override {
    return inner_ ? inner_->backend_pid() : 0;
  }
  [[nodiscard]] bool pooled() const override { return false; }

 private:
  std::unique_ptr<Connection> inner_;
  std::shared_ptr<int> count_;
  Fault before_;
};

}  // namespace

migrations::Opener faulty(migrations::Opener open, Fault before) {
  return [open = std::move(open), before = std::move(before),
          count = std::make_shared<int>(0)]() -> Result<std::unique_ptr<Connection>> {
    ZDM_TRY(std::unique_ptr<Connection> inner, open());
    return std::make_unique<Faulty>(std::move(inner), count, before);
  };
}

migrations::Error lost() {
  return migrations::Error{.code = migrations::ErrorCode::cannot_connect,
                           .message = "the connection to the database was lost",
                           .sqlstate = "08006"};
}

Bed::Bed(std::unique_ptr<Database> database) : database_(std::move(database)) {
  make_ledger();
  request.run = 1;
  request.ordinal = 0;
  request.lease = {.target = "", .fence = 1};
  request.generation = 1;
}

void Bed::make_ledger() {
  const Engine engine = db().engine();
  const auto connection = db().connect();
  const auto upgrades =
      engine == Engine::sqlite ? migrations::sqlite_upgrades() : migrations::postgres_upgrades();
  if (auto made = migrations::upgrade_ledger(*connection, upgrades, "test"); !made) {
    throw std::runtime_error(made.error().message);
  }
  const auto name = [&](std::string_view table) { return migrations::table(engine, table); };
  db().exec("INSERT INTO " + name("migration") +
            " (target, migration, checksum, expressions_checksum) VALUES ('', '1_m', '', '')");
  db().exec("INSERT INTO " + name("phase_run") +
            " (target, migration, phase, direction, state, actor, host, zdm_version)"
            " VALUES ('', '1_m', 'backfill', 'forward', 'running', 'test', 'test', 'test')");
  db().exec(
      "INSERT INTO " + name("step") +
      " (run, ordinal, target, step, kind, definition) VALUES (1, 0, '', 's', 'backfill', '{}')");
  db().exec("INSERT INTO " + name("lease") +
            " (target, scope, fence, holder) VALUES ('', 'migrations', 1, 'test')");
}

void Bed::make_users(int rows, const std::string& up, const std::string& options) {
  db().exec(fmt::format(R"sql(
    CREATE TABLE users (id bigint PRIMARY KEY, name text, other int NOT NULL DEFAULT 0,
                        full_name text) {};
    INSERT INTO users (id, name) SELECT i, 'name ' || i FROM generate_series(1, {}) i)sql",
                        options, rows));
  guard("users", up);
}

void Bed::guard(const std::string& table, const std::string& up) {
  planner::Table model;
  model.name = {.schema = db().engine() == Engine::sqlite ? "" : "public", .name = table};
  if (db().engine() == Engine::postgresql) {
    model.oid = static_cast<std::uint32_t>(
        std::strtoul(value("SELECT '" + table + "'::regclass::oid").c_str(), nullptr, 10));
    if (value("SELECT relkind FROM pg_class WHERE oid = " + std::to_string(model.oid)) == "p") {
      model.kind = planner::TableKind::partitioned;
      for (const auto& leaf : db().rows("SELECT c.relname FROM pg_partition_tree('" + table +
                                        "') p JOIN pg_class c ON c.oid = p.relid WHERE p.isleaf")) {
        model.leaves.push_back({.schema = "public", .name = *leaf[0]});
      }
    }
  } else {
    model.sql = value("SELECT sql FROM sqlite_master WHERE name = '" + table + "'");
    model.without_rowid = model.sql.find("WITHOUT ROWID") != std::string::npos;
  }
  int attnum = 0;
  const std::string catalog_sql =
      db().engine() == Engine::sqlite
          ? "SELECT name, lower(type) FROM pragma_table_xinfo('" + table + "')"
          : "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attnum > 0 "
            "AND "
            "NOT attisdropped AND attrelid = '" +
                table + "'::regclass ORDER BY attnum";
  for (const auto& row : db().rows(catalog_sql)) {
    model.columns.push_back({.name = *row[0], .attnum = ++attnum, .type = *row[1]});
  }
  if (db().engine() == Engine::sqlite) {
    planner::Constraint key{.kind = planner::ConstraintKind::primary_key};
    for (const auto& row : db().rows("SELECT cid + 1 FROM pragma_table_xinfo('" + table +
                                     "') WHERE pk > 0 ORDER BY pk")) {
      key.attnums.push_back(std::atoi(row[0]->c_str()));
    }
    if (!key.attnums.empty()) model.constraints.push_back(key);
  }
  const planner::Assignment assignment{
      .column = "full_name", .expression = up, .reads = {"name"}, .type = "text"};
  rules_ = {planner::SyncRule{.migration = {"1_m"},
                              .old_side = {{.name = "name"}},
                              .new_side = {{.name = "full_name"}},
                              .forward = {assignment}}};
  planner::Catalog catalog;
  catalog.engine = db().engine();
  catalog.server_version = db().connect()->server_version();
  catalog.search_path = {"public"};
  catalog.tables = {model};
  for (const std::string& sql : must(planner::compose_triggers(catalog, model, {}, rules_, 1))) {
    db().exec(sql);
  }
  request.action = {.table = model.name,
                    .fills = {planner::Fill{.migration = {"1_m"}, .assignments = {assignment}}}};
}

void Bed::audit(const std::string& table) {
  db().exec(fmt::format(R"sql(
    CREATE TABLE IF NOT EXISTS audit (id bigint);
    CREATE OR REPLACE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO audit VALUES (NEW.id); RETURN NULL; END';
    CREATE TRIGGER audit AFTER UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION audit())sql",
                        table));
  request.action.user_triggers = planner::UserTriggers::fire;
}

bool Bed::each_once(int rows) {
  return value("SELECT count(*) || ' ' || count(DISTINCT id) FROM audit") ==
         fmt::format("{0} {0}", rows);
}

void Bed::forget() {
  db().exec("DELETE FROM " + migrations::table(db().engine(), "backfill_window"));
  db().exec("DELETE FROM " + migrations::table(db().engine(), "backfill"));
  told.clear();
}

Result<std::int64_t> Bed::run(const migrations::Opener& open, const std::stop_token& stop) {
  migrations::RealHost host;
  std::unique_ptr<Connection> work = must(open());
  const auto control = db().connect();
  return migrations::backfill(
      work, open, *control, host, request, stop, [] { return migrations::ErrorCode::interrupted; },
      [this](const migrations::BackfillProgress& progress) {
        told.push_back(progress);
        if (on_progress) on_progress(progress);
      });
}

std::string Bed::wrong() {
  return value("SELECT count(*) FROM " + planner::quote(request.action.table) + " WHERE " +
               planner::compose_divergence(db().engine(), request.action.fills));
}

}  // namespace zdm::tests
