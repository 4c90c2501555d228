#include "recipes/subject.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "model/migration.hpp"
#include "recipes/statements.hpp"
#include "sql/query.hpp"
#include "sql/quote.hpp"
#include "sync/names.hpp"

namespace zdm::planner {

namespace {

Result<void> refuse_shape(const Context& context, const Table& table) {
  const auto refuse = [&](std::string_view what, std::string_view hint) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("{} {}", quote(table.name), what), std::string(hint));
  };
  switch (table.kind) {
    case TableKind::table:
    case TableKind::partitioned:
      break;
    case TableKind::view:
      return refuse("is a view, not a table", "name the table below it, or use replace_view");
    case TableKind::materialized_view:
      return refuse("is a materialized view, not a table", "name the table below it");
    case TableKind::foreign:
      return refuse("is a foreign table", "migrate it on the server it lives on");
    case TableKind::virtual_:
      return refuse("is a virtual table", "change it with its module's own statements");
  }
  if (table.extension_member) {
    return refuse("belongs to an extension", "change it with ALTER EXTENSION … UPDATE");
  }
  if (table.partition) {
    return refuse("is a partition", "name its partitioned table: partitions follow it");
  }
  if (table.inherits || table.inherited) {
    return refuse("is part of plain table inheritance, which zdm does not migrate",
                  "turn it into declarative partitioning, or write the steps as kind = \"sql\"");
  }
  return {};
}

/// The change of the same migration that lets the view read something else, from switch on.
/// SQLite's DROP COLUMN reads every view again, and cannot tell a column from another one's alias.
const ReplaceView* replacement_of(const Context& context, const Dependent& dependent) {
  if (context.phase == Phase::contract || context.catalog.engine == Engine::sqlite) return nullptr;
  for (const auto& change : context.migration.changes) {
    const auto* replacement = std::get_if<ReplaceView>(&change.kind);
    const auto* view = replacement == nullptr ? nullptr : context.catalog.table(replacement->name);
    if (view != nullptr && is_view(dependent, view->name)) return replacement;
  }
  return nullptr;
}

bool are_views(const std::vector<std::string>& dependents) {
  return std::ranges::all_of(dependents,
                             [](const auto& each) { return each.starts_with("view "); });
}

std::string_view way_out(const Context& context, bool views_only, bool replaced) {
  if (replaced) {
    return "its new query may still read the column: name every column with its table's alias "
           "(u.full_name), and use neither *, USING nor NATURAL JOIN";
  }
  if (views_only && context.catalog.engine == Engine::postgresql) {
    return "let a replace_view below this change, in the same file, make the view read something "
           "else; zdm never uses CASCADE";
  }
  return "change or drop what depends on it in an earlier migration; zdm never uses CASCADE";
}

std::string list_of(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

SourceSpan where_of(const Context& context) {
  return context.migration.changes[context.change].where;
}

std::string describe(const Table& table, std::string_view column) {
  return fmt::format("column {}.{}", quote(table.name), quote_identifier(column));
}

bool is_forecast(const Context& context, const Table& table) {
  return context.catalog.assumed || table.assumed;
}

Result<Table> subject_table(const Context& context, const TableName& name) {
  const auto* table = context.catalog.table(name);
  if (table == nullptr) {
    if (context.catalog.assumed) return Table{.name = name, .leaves = {name}, .assumed = true};
    return fail_at(
        where_of(context), ErrorCode::refused, fmt::format("table {} does not exist", quote(name)),
        "check the name and its schema; unqualified names are looked up in the search path");
  }
  ZDM_CHECK(refuse_shape(context, *table));
  return *table;
}

Result<Column> subject_column(const Context& context, const Table& table, std::string_view name) {
  if (const auto* column = table.column(name)) return *column;
  if (table.assumed) {
    return Column{.name = std::string(name),
                  .type = fmt::format("/* the type of {}.{} */ text", quote(table.name),
                                      quote_identifier(name))};
  }
  return fail_at(where_of(context), ErrorCode::refused,
                 fmt::format("{} does not exist", describe(table, name)), "check the name");
}

Result<Column> recorded_column(const Context& context, const Table& table, std::string_view role,
                               std::string_view expected) {
  const auto* record = context.progress.column(context.change, role);
  if (record == nullptr || context.catalog.engine == Engine::sqlite || record->attnum == 0) {
    return subject_column(context, table, expected);
  }
  const auto* column = table.column(record->attnum);
  if (record->table_oid != 0 && table.oid != 0 && record->table_oid != table.oid) {
    return fail_at(where_of(context), ErrorCode::drift,
                   fmt::format("table {} is not the one this migration began with (oid {}, now {})",
                               quote(table.name), record->table_oid, table.oid),
                   "it was dropped and made again, or renamed, outside zdm: restore it, or "
                   "roll the migration back");
  }
  if (column == nullptr) {
    return fail_at(where_of(context), ErrorCode::drift,
                   fmt::format("{}, recorded when this migration was expanded, is gone",
                               describe(table, record->name)),
                   "it was dropped outside zdm: restore it, or roll the migration back");
  }
  if (column->name != expected) {
    return fail_at(where_of(context), ErrorCode::drift,
                   fmt::format("{} is now named {}", describe(table, expected), column->name),
                   "rename it back: zdm follows columns by their identity, not by name");
  }
  return *column;
}

std::vector<Guard> column_guard(const Context& context, const Table& table, std::string_view role,
                                const Column& column) {
  const auto* record = context.progress.column(context.change, role);
  if (context.catalog.engine == Engine::sqlite || table.oid == 0 || record == nullptr ||
      record->attnum == 0) {
    return {};
  }
  return {Guard{
      .query = fmt::format(
          R"(SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute
  WHERE attrelid = {} AND attnum = {} AND attname = {} AND NOT attisdropped
    AND attrelid = pg_catalog.to_regclass({})))",
          table.oid, column.attnum, quote_literal(column.name), quote_literal(quote(table.name))),
      .message = fmt::format("{} is no longer the column this migration began with",
                             describe(table, column.name)),
      .hint = "it was dropped, renamed or made again outside zdm: put it back"}};
}

namespace {

/// Neither a new column nor what replaces an old one is given what single partitions have of their
/// own.
Result<void> refuse_on_partitions(const Context& context, const Table& table,
                                  const Column& column) {
  std::vector<std::string> names;
  for (const auto& each : table.dependents) {
    if (!is_on_partition(each)) continue;
    if (std::ranges::find(each.attnums, column.attnum) == each.attnums.end()) continue;
    names.push_back(each.name);
  }
  if (names.empty()) return {};
  return fail_at(where_of(context), ErrorCode::refused,
                 fmt::format("{} cannot go: single partitions have on it what {} does not: {}",
                             describe(table, column.name), quote(table.name), list_of(names)),
                 "give each of them to the partitioned table, so that it holds for every partition "
                 "and is carried along, or drop it in an earlier migration");
}

}  // namespace

Result<void> refuse_dependents(const Context& context, const Table& table, const Column& column) {
  ZDM_CHECK(refuse_on_partitions(context, table, column));
  std::vector<std::string> names;
  bool replaced = false;
  for (const auto& dependent : table.dependents) {
    if (!dependent.certain || dependent.kind == DependentKind::sequence) continue;
    if (is_on_partition(dependent)) continue;
    if (std::ranges::find(dependent.attnums, column.attnum) == dependent.attnums.end()) continue;
    const auto* replacement = replacement_of(context, dependent);
    if (replacement != nullptr &&
        !may_read_column(replacement->query.text, table.name, column.name)) {
      continue;
    }
    replaced = replaced || replacement != nullptr;
    names.push_back(dependent.name);
  }
  for (const auto& foreign_key : table.incoming) {
    if (std::ranges::find(foreign_key.attnums, column.attnum) == foreign_key.attnums.end())
      continue;
    names.push_back(fmt::format("foreign key {} of {}", quote_identifier(foreign_key.name),
                                quote(foreign_key.table)));
  }
  for (const auto& trigger : table.triggers) {
    if (trigger.name.starts_with(kTriggerPrefix)) continue;
    if (std::ranges::find(trigger.attnums, column.attnum) == trigger.attnums.end()) continue;
    names.push_back(fmt::format("trigger {}", quote_identifier(trigger.name)));
  }
  if (names.empty()) return {};
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return fail_at(where_of(context), ErrorCode::refused,
                 fmt::format("{} cannot go: {} {} on it", describe(table, column.name),
                             list_of(names), names.size() == 1 ? "depends" : "depend"),
                 std::string(way_out(context, are_views(names), replaced)));
}

bool is_on_partition(const Dependent& dependent) {
  return dependent.kind == DependentKind::other && !dependent.relation.name.empty();
}

Result<void> refuse_on_sqlite(const Context& context, std::string_view kind, std::string_view why) {
  if (context.catalog.engine != Engine::sqlite) return {};
  return fail_at(where_of(context), ErrorCode::refused,
                 fmt::format("SQLite cannot {}: {}", kind, why), std::string(statements::kRebuild));
}

Result<void> refuse_in_flight(const Context& context, const Table& table, std::string_view column) {
  const auto* rules = context.progress.rules(table);
  if (rules == nullptr) return {};
  const auto names_it = [&](const SyncRule& rule) {
    const auto is = [&](const SyncColumn& each) { return each.name == column; };
    return rule.migration != context.migration.id &&
           (std::ranges::any_of(rule.old_side, is) || std::ranges::any_of(rule.new_side, is));
  };
  const auto rule = std::ranges::find_if(rules->rules, names_it);
  if (rule == rules->rules.end()) return {};
  return fail_at(where_of(context), ErrorCode::refused,
                 fmt::format("{} is still being migrated by {}", describe(table, column),
                             rule->migration.value),
                 fmt::format("finish {} first, or roll it back", rule->migration.value));
}

Result<void> refuse_going(const Context& context, const Table& table,
                          const std::vector<std::string>& reads, std::string_view what) {
  const auto* rules = context.progress.rules(table);
  if (rules == nullptr) return {};
  for (const auto& rule : rules->rules) {
    if (rule.migration == context.migration.id) continue;
    for (const auto& column : rule.old_side) {
      if (std::ranges::find(reads, column.name) == reads.end()) continue;
      return fail_at(where_of(context), ErrorCode::refused,
                     fmt::format("{} reads {}, which is still being migrated by {} and goes with "
                                 "its contract",
                                 what, describe(table, column.name), rule.migration.value),
                     fmt::format("let it read what takes the column's place, or finish {} first",
                                 rule.migration.value));
    }
  }
  return {};
}

Result<void> refuse_users_in_flight(const Context& context, const Table& table,
                                    std::string_view column) {
  const auto* rules = context.progress.rules(table);
  if (rules == nullptr) return {};
  const auto uses = [&](const Assignment& each) {
    return each.column == column || std::ranges::find(each.reads, column) != each.reads.end();
  };
  for (const auto& rule : rules->rules) {
    if (rule.migration == context.migration.id) continue;
    if (!std::ranges::any_of(rule.forward, uses) && !std::ranges::any_of(rule.backward, uses)) {
      continue;
    }
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("{} cannot go: {}, which is not finished, still reads or fills it",
                               describe(table, column), rule.migration.value),
                   fmt::format("finish {} first, or roll it back", rule.migration.value));
  }
  return {};
}

Result<void> refuse_system_column(const Context& context, const Table& table,
                                  std::string_view name) {
  static constexpr std::array<std::string_view, 6> kNames = {"tableoid", "xmin", "cmin",
                                                             "xmax",     "cmax", "ctid"};
  if (context.catalog.engine == Engine::sqlite) return {};
  if (std::ranges::find(kNames, name) == kNames.end()) return {};
  return fail_at(
      where_of(context), ErrorCode::refused,
      fmt::format("{} is a column every table has for the server's own use", describe(table, name)),
      "choose another name");
}

}  // namespace zdm::planner
