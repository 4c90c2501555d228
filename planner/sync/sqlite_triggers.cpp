#include <fmt/format.h>

#include <algorithm>

#include "sql/quote.hpp"
#include "sync/compose.hpp"
#include "sync/triggers.hpp"

namespace zdm::planner {
namespace {

constexpr SyncEvent kEvents[] = {SyncEvent::insert, SyncEvent::update};

std::string folded(std::string name) {
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

/// What a batch writes into the guard table.
std::string table_key(const TableName& table) {
  return sqlite_literal(folded(table.name));
}

/// What a trigger writes while it changes its own row: of that row alone, so that what a user's
/// trigger does to other rows of the table meanwhile is held equal, too.
std::string row_key_prefix(const TableName& table) {
  return sqlite_literal(folded(table.name) + "#");
}

std::string row_key(const Table& table) {
  std::string key = row_key_prefix(table.name);
  if (!table.without_rowid) {
    return fmt::format("{} || NEW.{}", key, sqlite_rowid(table));
  }
  for (const std::string& column : sqlite_primary_key(table)) {
    key += fmt::format(" || quote(NEW.{}) || ','", quote_identifier(column));
  }
  return key;
}

/// The guard of this row in this statement: 'now' stands still for as long as one runs, and for no
/// longer (sqlite.org/lang_datefunc.html). So one that outlives its statement (OR FAIL keeps what
/// was done before a constraint failed) hides nothing from the next.
std::string statement_key(const Table& table) {
  return row_key(table) + " || '@' || julianday('now')";
}

/// Guards of this row that outlived their statements: '@' and 'A' are neighbours.
std::string forget_stale(const Table& table) {
  return fmt::format(
      "DELETE FROM zdm_guard WHERE table_name >= {0} || '@' AND table_name < {0} || 'A'",
      row_key(table));
}

std::string qualified(const Table& table, const std::string& trigger) {
  const std::string name = quote_identifier(trigger);
  return table.name.schema.empty() ? name : quote_identifier(table.name.schema) + "." + name;
}

std::vector<std::string> drop_triggers(const Table& table) {
  std::vector<std::string> names;
  for (const SyncEvent event : kEvents) {
    names.push_back(sqlite_trigger(table, event));
  }
  for (const Trigger& trigger : table.triggers) {  // kept its name when the table got another
    if (trigger.name.starts_with(kTriggerPrefix) &&
        std::ranges::find(names, trigger.name) == names.end()) {
      names.push_back(trigger.name);
    }
  }
  std::vector<std::string> statements;
  for (const std::string& name : names) {
    statements.push_back("DROP TRIGGER IF EXISTS " + qualified(table, name));
  }
  return statements;
}

/// A NOT NULL that the trigger keeps must be looked at whatever the rules do with the column.
void add_not_null(SyncCauses& causes, const std::vector<SyncRule>& rules) {
  for (const SyncRule& rule : rules) {
    for (const auto* side : {&rule.old_side, &rule.new_side}) {
      for (const SyncColumn& column : *side) {
        if (column.not_null &&
            std::ranges::find(causes.written, column.name) == causes.written.end()) {
          causes.written.push_back(column.name);
        }
      }
    }
  }
}

std::string when(const Table& table, const std::vector<SyncRule>& rules, SyncEvent event) {
  std::string unguarded =
      fmt::format("NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ({}, {}))",
                  table_key(table.name), statement_key(table));
  if (event == SyncEvent::insert) {
    return unguarded;
  }
  SyncCauses causes = planner::causes(schedule(rules, event));
  add_not_null(causes, rules);
  std::vector<std::string> tests;
  for (const std::string& column : causes.written) {
    const std::string name = quote_identifier(column);
    tests.push_back(sqlite_compare(table, column, "NEW." + name, "IS NOT", "OLD." + name));
  }
  for (const std::string& column : causes.null) {
    tests.push_back(fmt::format("NEW.{} IS NULL", quote_identifier(column)));
  }
  return fmt::format("{}\n  AND ({})", unguarded,
                     tests.empty() ? "0" : join(tests, "\n       OR "));
}

std::string create_trigger(const Table& table, const std::vector<SyncRule>& rules,
                           SyncEvent event) {
  std::vector<std::string> body = {
      forget_stale(table),
      fmt::format("INSERT INTO zdm_guard (table_name) VALUES ({})", statement_key(table))};
  std::ranges::copy(sqlite_body(table, rules, event), std::back_inserter(body));
  body.push_back(fmt::format("DELETE FROM zdm_guard WHERE table_name = {}", statement_key(table)));
  std::ranges::copy(sqlite_not_null(table, rules), std::back_inserter(body));
  return fmt::format(R"(CREATE TRIGGER {}
AFTER {} ON {} FOR EACH ROW
WHEN {}
BEGIN
  -- zdm: {}
  {};
END)",
                     qualified(table, sqlite_trigger(table, event)),
                     event == SyncEvent::insert ? "INSERT" : "UPDATE",
                     quote_identifier(table.name.name), when(table, rules, event),
                     migration_list(rules), join(body, ";\n  "));
}

}  // namespace

std::string sqlite_guard_enter(const TableName& table) {
  return fmt::format("INSERT INTO zdm_guard (table_name) VALUES ({})", table_key(table));
}

std::string sqlite_guard_leave(const TableName& table) {
  return fmt::format(
      "DELETE FROM zdm_guard WHERE table_name = {0} OR substr(table_name, 1, length({1})) = {1}",
      table_key(table), row_key_prefix(table));
}

std::vector<std::string> compose_sqlite_triggers(const Table& table,
                                                 const std::vector<SyncRule>& installed,
                                                 const std::vector<SyncRule>& rules) {
  std::vector<std::string> statements;
  if (!installed.empty()) {
    statements = drop_triggers(table);
  }
  if (!rules.empty()) {
    for (const SyncEvent event : kEvents) {
      statements.push_back(create_trigger(table, rules, event));
    }
  }
  return statements;
}

}  // namespace zdm::planner
