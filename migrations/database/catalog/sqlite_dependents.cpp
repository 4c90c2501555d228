#include <fmt/format.h>
#include <algorithm>

#include "database/catalog/records.hpp"
#include "database/catalog/sqlite_readers.hpp"
#include "database/catalog/words.hpp"
#include "sql/quote.hpp"
#include "sync/names.hpp"

namespace zdm::migrations {

using planner::Dependent;
using planner::DependentKind;
using planner::Table;
using planner::Trigger;

namespace {

std::size_t find(const SqlItem& item, std::size_t from, std::string_view word) {
  std::size_t at = from;
  while (at < item.tokens.size() && item.word(at) != word) {
    ++at;
  }
  return at;
}

/// CREATE TRIGGER name [BEFORE | AFTER | INSTEAD OF] event [OF columns] ON table … [WHEN …] BEGIN.
Trigger trigger_of(const std::string& name, const std::string& sql, const Table& table) {
  Trigger trigger;
  trigger.name = name;
  trigger.definition = sql;
  trigger.row = true;
  const SqlItem item = tokens_of(sql);
  const std::size_t on = find(item, 3, "ON");
  for (std::size_t at = 3; at < on; ++at) {
    const std::string word = item.word(at);
    trigger.before |= word == "BEFORE";
    trigger.instead_of |= word == "INSTEAD";
    trigger.on_insert |= word == "INSERT";
    trigger.on_update |= word == "UPDATE";
    trigger.on_delete |= word == "DELETE";
    const auto* column = table.column(unquoted(item.tokens[at]));
    if (trigger.on_update && column != nullptr) {
      trigger.update_of.push_back(column->attnum);
    }
  }
  // Neither of the words means BEFORE, but for a view's INSTEAD OF.
  const bool timed = trigger.before || trigger.instead_of || find(item, 3, "AFTER") < on;
  trigger.before = trigger.before || !timed;
  trigger.attnums = trigger.update_of;
  const std::size_t begin = find(item, on, "BEGIN");
  if (const std::size_t when = find(item, on, "WHEN"); when < begin && begin < item.starts.size()) {
    const auto length = item.starts[begin] - item.starts[when];
    for (const int attnum : columns_in(sql.substr(item.starts[when], length), table)) {
      if (std::ranges::find(trigger.attnums, attnum) == trigger.attnums.end()) {
        trigger.attnums.push_back(attnum);
      }
    }
  }
  return trigger;
}

void add_generated_columns(Table& table) {
  for (const auto& column : table.columns) {
    if (!column.generated_sql.empty()) {
      table.dependents.push_back(
          Dependent{.kind = DependentKind::generated_column,
                    .name = "generated column " + planner::quote_identifier(column.name),
                    .attnums = columns_in(column.generated_sql, table)});
    }
  }
}

}  // namespace

Result<void> read_sqlite_dependents(Connection& connection, Table& table) {
  add_generated_columns(table);
  const std::string own = lower(table.name.name);
  constexpr std::string_view kSql = R"(
    SELECT type, name, tbl_name, sql
      FROM sqlite_schema
     WHERE type IN ('view', 'trigger')
     ORDER BY name)";
  // zdm's own triggers are no one's dependents.
  // DROP COLUMN reads every view and trigger again and fails when one names the column: all of them
  // are certain, though a word that means another table's column is counted too.
  return for_each(connection, kSql, {}, [&](const Record& row) {
    const std::string name = row.text("name");
    const std::string sql = row.text("sql");
    const bool trigger = row.text("type") == "trigger";
    const bool on_it = trigger && lower(row.text("tbl_name")) == own;
    if (on_it) {
      table.triggers.push_back(trigger_of(name, sql, table));
    }
    if (name.starts_with(planner::kTriggerPrefix) || (!trigger && lower(name) == own) ||
        (!on_it && !words_of(sql).contains(own))) {
      return;
    }
    const std::string shown = planner::quote_identifier(name);
    table.dependents.push_back(
        Dependent{.kind = trigger ? DependentKind::trigger : DependentKind::view,
                  .name = (trigger ? "trigger " : "view ") + shown,
                  .attnums = columns_in(sql, table)});
  });
}

}  // namespace zdm::migrations
