#include "bench.hpp"

#include <stdexcept>

namespace zdm::tests {

using planner::Engine;

SyncBench::SyncBench(Engine engine, const std::string& create_table)
    : database_(make_database(engine)) {
  catalog.engine = engine;
  if (engine == Engine::postgresql) {
    exec("CREATE SCHEMA zdm");
    catalog.server_version = std::stoi(value("SHOW server_version_num"));
    catalog.search_path = {"public"};
  } else {
    exec("PRAGMA synchronous = off");
    exec("PRAGMA journal_mode = memory");
    exec("CREATE TABLE zdm_guard (table_name TEXT PRIMARY KEY)");
  }
  exec(create_table);
  read();
}

void SyncBench::read() {
  table.name = {sqlite() ? "" : "public", "t"};
  table.columns.clear();
  table.constraints.clear();
  const std::string query =
      sqlite() ? "SELECT cid + 1, name, type, hidden, pk FROM pragma_table_xinfo('t')"
               : "SELECT attnum, attname, format_type(atttypid, atttypmod), attgenerated, 0 "
                 "FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 "
                 "AND NOT attisdropped ORDER BY attnum";
  planner::Constraint key = {.kind = planner::ConstraintKind::primary_key};
  for (const auto& row : database_->rows(query)) {
    table.columns.push_back(column(std::stoi(*row[0]), *row[1], *row[2]));
    if (*row[3] == "s" || *row[3] == "2" || *row[3] == "3") {
      table.columns.back().generated = planner::Generated::stored;
    }
    if (*row[4] != "0") {
      key.attnums.push_back(std::stoi(*row[0]));
    }
  }
  if (!key.attnums.empty()) {
    table.constraints.push_back(key);
  }
  if (!sqlite()) {
    table.oid = static_cast<std::uint32_t>(std::stoul(value("SELECT 't'::regclass::oid")));
  }
}

void SyncBench::install(const std::vector<planner::SyncRule>& rules) {
  const auto statements = planner::compose_triggers(catalog, table, installed_, rules, generation);
  if (!statements) {
    throw std::runtime_error(statements.error().message);
  }
  exec("BEGIN");
  for (const std::string& statement : *statements) {
    exec(statement);
  }
  exec("COMMIT");
  installed_ = rules;
}

void SyncBench::past_the_triggers(const std::string& sql) {
  exec(sqlite() ? planner::sqlite_guard_enter(table.name)
                : "SET session_replication_role = replica");
  exec(sql);
  exec(sqlite() ? planner::sqlite_guard_leave(table.name) : "RESET session_replication_role");
}

std::string SyncBench::error(const std::string& sql) {
  try {
    exec(sql);
  } catch (const std::runtime_error& problem) {
    return problem.what();
  }
  return {};
}

std::string SyncBench::row(const std::string& columns, const std::string& where) {
  std::string text;
  const auto rows = database_->rows("SELECT " + columns + " FROM t WHERE " + where);
  if (rows.size() != 1) {
    return std::to_string(rows.size()) + " rows";
  }
  for (const auto& field : rows.front()) {
    text += (text.empty() ? "" : "|") + field.value_or("NULL");
  }
  return text;
}

std::string SyncBench::after(const std::string& setup, const std::string& statement,
                             const std::string& columns) {
  exec("DELETE FROM t");
  if (!setup.empty()) {
    exec(setup);
  }
  exec(statement);
  return row(columns);
}

}  // namespace zdm::tests
