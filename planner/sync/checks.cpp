#include "sync/checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sql/expression.hpp"
#include "sql/quote.hpp"
#include "sync/triggers.hpp"

namespace zdm::planner {
namespace {

Result<void> check_kind(Engine engine, const Table& table) {
  if (table.inherited) {
    return fail(ErrorCode::refused,
                fmt::format("table {} has plain inheritance children: a row trigger on it does not "
                            "fire for rows of the children",
                            quote(table.name)),
                "change the children first, or end the inheritance with ALTER TABLE … NO INHERIT");
  }
  if (table.kind != TableKind::table && table.kind != TableKind::partitioned) {
    return fail(
        ErrorCode::refused,
        fmt::format("{} is not an ordinary table: two shapes of its rows cannot be held equal "
                    "by triggers",
                    quote(table.name)),
        "use dual_write = \"app\", so that the application writes both");
  }
  if (engine == Engine::sqlite && table.without_rowid && sqlite_primary_key(table).empty()) {
    return fail(ErrorCode::refused,
                fmt::format("the primary key of the WITHOUT ROWID table {} is not known",
                            quote(table.name)));
  }
  if (engine == Engine::sqlite && !table.without_rowid && sqlite_rowid(table).empty()) {
    return fail(
        ErrorCode::refused,
        fmt::format("columns of table {} hide rowid, _rowid_ and oid: a trigger cannot name "
                    "its row",
                    quote(table.name)),
        "rename one of these columns first");
  }
  return {};
}

/// A BEFORE ROW trigger that fires after ours may change what ours has compared: triggers of one
/// kind fire in the order of their names (PostgreSQL manual, 39.1).
Result<void> check_order(const Table& table) {
  for (const Trigger& trigger : table.triggers) {
    const bool ours = trigger.name == postgres_trigger(SyncEvent::insert) ||
                      trigger.name == postgres_trigger(SyncEvent::update);
    const bool after_insert =
        trigger.on_insert && trigger.name > postgres_trigger(SyncEvent::insert);
    const bool after_update =
        trigger.on_update && trigger.name > postgres_trigger(SyncEvent::update);
    if (!ours && trigger.before && trigger.row && trigger.enabled &&
        (after_insert || after_update)) {
      return fail(
          ErrorCode::refused,
          fmt::format("trigger {} of table {} would fire after zdm's {}, which must see the "
                      "row as every other BEFORE trigger leaves it",
                      quote_identifier(trigger.name), quote(table.name),
                      postgres_trigger(after_insert ? SyncEvent::insert : SyncEvent::update)),
          fmt::format("give it a name that sorts earlier: ALTER TRIGGER {} ON {} RENAME TO …",
                      quote_identifier(trigger.name), quote(table.name)));
    }
  }
  return {};
}

class RuleChecks {
 public:
  RuleChecks(Engine engine, const Table& table) : engine_(engine), table_(table) {}

  Result<void> check(const SyncRule& rule) {
    if (rule.forward.empty() && rule.backward.empty()) {
      return fail(ErrorCode::bug, fmt::format("{}: a rule that sets nothing", rule_label(rule)));
    }
    if (two_way(rule) && (rule.old_side.empty() || rule.new_side.empty())) {
      return fail(ErrorCode::bug,
                  fmt::format("{}: a rule both ways without both sides", rule_label(rule)));
    }
    ZDM_CHECK(check_defaults(rule));
    for (const auto* direction : {&rule.forward, &rule.backward}) {
      for (const Assignment& assignment : *direction) {
        ZDM_CHECK(check_target(rule, assignment));
        ZDM_CHECK(check_expression(rule, assignment));
      }
    }
    return {};
  }

 private:
  static bool hides(const SyncColumn& column) {
    return column.default_kind == DefaultKind::volatile_;
  }

  static bool hidden(const std::vector<SyncColumn>& side) {
    return !side.empty() && std::ranges::all_of(side, hides);
  }

  /// An INSERT that leaves a column at a volatile default looks like one that gives it.
  Result<void> check_defaults(const SyncRule& rule) const {
    if (rule.repair) {
      return {};
    }
    const bool both = two_way(rule) && hidden(rule.old_side) && hidden(rule.new_side);
    const auto& side = rule.forward.empty() ? rule.old_side : rule.new_side;
    const auto one = two_way(rule) ? side.end() : std::ranges::find_if(side, hides);
    if (!both && one == side.end()) {
      return {};
    }
    const std::string& column = both ? rule.new_side.front().name : one->name;
    return fail(
        ErrorCode::refused,
        fmt::format("{}: the default of column {} of table {} gives another value each time, "
                    "so that an INSERT does not show whether the column was given",
                    rule_label(rule), quote_identifier(column), quote(table_.name)),
        "drop the default while the change is in flight, or the expression: the default "
        "fills the column already");
  }

  Result<void> check_target(const SyncRule& rule, const Assignment& assignment) const {
    const Column* column = find_column(engine_, table_, assignment.column);
    if (column == nullptr) {
      if (table_.assumed) {
        return {};
      }
      return fail(ErrorCode::refused,
                  fmt::format("{}: table {} has no column {} to write", rule_label(rule),
                              quote(table_.name), quote_identifier(assignment.column)));
    }
    if (column->generated != Generated::none) {
      return fail(ErrorCode::refused,
                  fmt::format("{}: column {} of table {} is generated and cannot be written",
                              rule_label(rule), quote_identifier(column->name), quote(table_.name)),
                  "drop its expression first, or leave the column as it is");
    }
    const std::vector<std::string> key = sqlite_primary_key(table_);
    if (engine_ == Engine::sqlite && std::ranges::find(key, column->name) != key.end()) {
      return fail(
          ErrorCode::refused,
          fmt::format("{}: column {} is part of the primary key of table {}, which a trigger "
                      "of SQLite cannot set after the row was written",
                      rule_label(rule), quote_identifier(column->name), quote(table_.name)),
          "create a new table with the new key, and copy the rows");
    }
    return {};
  }

  Result<void> check_expression(const SyncRule& rule, const Assignment& assignment) const {
    const auto facts = analyse_expression(engine_, assignment.expression);
    if (!facts) {
      return fail(ErrorCode::usage,
                  fmt::format("{}: the expression for column {} is not one SQL expression: {}",
                              rule_label(rule), quote_identifier(assignment.column),
                              facts.error().message));
    }
    if (facts->subquery) {
      return fail(
          ErrorCode::refused,
          fmt::format("{}: the expression for column {} reads other rows, whose later changes "
                      "no trigger of table {} would see",
                      rule_label(rule), quote_identifier(assignment.column), quote(table_.name)),
          "use only columns of the row, or dual_write = \"app\"");
    }
    for (const std::string& name : assignment.reads) {
      const Column* column = find_column(engine_, table_, name);
      if (engine_ == Engine::postgresql && column != nullptr &&
          column->generated != Generated::none) {
        return fail(
            ErrorCode::refused,
            fmt::format("{}: the expression for column {} reads the generated column {}, which "
                        "is NULL in a BEFORE trigger",
                        rule_label(rule), quote_identifier(assignment.column),
                        quote_identifier(column->name)),
            "write out what the generated column computes: " + column->generated_sql);
      }
    }
    return {};
  }

  Engine engine_;
  const Table& table_;
};

using Direction = std::vector<Assignment> SyncRule::*;

/// Two rules that set one column the same way would undo each other; a repair only fills what is
/// left.
Result<void> check_writers(const Table& table, const std::vector<SyncRule>& rules,
                           Direction direction, bool repairs) {
  std::vector<std::pair<std::string, const SyncRule*>> writers;
  for (const SyncRule& rule : rules) {
    if (rule.repair != repairs) {
      continue;
    }
    for (const Assignment& assignment : rule.*direction) {
      const auto other = std::ranges::find_if(
          writers, [&](const auto& each) { return each.first == assignment.column; });
      if (other != writers.end()) {
        return fail(
            ErrorCode::refused,
            fmt::format("{} and {} both set column {} of table {}", rule_label(*other->second),
                        rule_label(rule), quote_identifier(assignment.column), quote(table.name)),
            "finish the first migration before the second starts");
      }
      writers.emplace_back(assignment.column, &rule);
    }
  }
  return {};
}

}  // namespace

Result<void> check_rules(const Catalog& catalog, const Table& table,
                         const std::vector<SyncRule>& rules) {
  ZDM_CHECK(check_kind(catalog.engine, table));
  if (catalog.engine == Engine::postgresql) {
    ZDM_CHECK(check_order(table));
  }
  RuleChecks checks(catalog.engine, table);
  for (const SyncRule& rule : rules) {
    ZDM_CHECK(checks.check(rule));
  }
  ZDM_CHECK(check_writers(table, rules, &SyncRule::forward, false));
  ZDM_CHECK(check_writers(table, rules, &SyncRule::forward, true));
  return check_writers(table, rules, &SyncRule::backward, false);
}

}  // namespace zdm::planner
