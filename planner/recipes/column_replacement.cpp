#include "recipes/column_replacement.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "model/migration.hpp"
#include "recipes/check.hpp"
#include "recipes/subject.hpp"
#include "sql/expression.hpp"
#include "sql/quote.hpp"
#include "sync/names.hpp"

namespace zdm::planner {

namespace {

using replacement::Subject;

/// SQLite has no catalog of volatility; these give another answer each time
/// (sqlite.org/deterministic.html).
constexpr std::array<std::string_view, 6> kSqliteVolatile = {
    "random", "randomblob", "changes", "total_changes", "last_insert_rowid", "sqlite_offset"};

Result<void> refuse_columns(const Subject& subject) {
  const auto& context = subject.context;
  const auto& table = subject.table;
  for (const auto& name : subject.words.old_columns) {
    ZDM_TRY(const Column column, subject_column(context, table, name));
    const auto refuse = [&](std::string_view why, std::string_view hint) {
      return fail_at(where_of(context), ErrorCode::refused,
                     fmt::format("{} {}", describe(table, name), why), std::string(hint));
    };
    if (column.generated != Generated::none) {
      return refuse("is a generated column: nobody writes it",
                    "add a generated column of the new name and drop this one later");
    }
    if (column.identity != Identity::none) {
      return refuse("is an identity column, whose sequence cannot be moved to another column",
                    "replacing identity columns is not supported yet");
    }
    if (std::ranges::find(table.partition_key, column.attnum) != table.partition_key.end()) {
      return refuse("is part of the partition key", "a partition key cannot be replaced in place");
    }
    ZDM_CHECK(refuse_dependents(context, table, column));
  }
  return {};
}

Result<void> refuse_new_columns(const Subject& subject) {
  for (const auto& column : subject.words.new_columns) {
    ZDM_CHECK(refuse_system_column(subject.context, subject.table, column.name));
    if (subject.table.column(column.name) == nullptr) continue;
    return fail_at(where_of(subject.context), ErrorCode::refused,
                   fmt::format("{} exists already", describe(subject.table, column.name)),
                   "choose another name, or drop that column in an earlier migration");
  }
  return {};
}

/// Split and merged columns have no counterpart of their own that an index could stand on.
Result<void> refuse_uncarried(const Subject& subject) {
  const auto& table = subject.table;
  const auto refuse = [&](std::string_view what, const std::string& name,
                          const std::string& column) {
    return fail_at(where_of(subject.context), ErrorCode::refused,
                   fmt::format("{} {} stands on {}, which has no single successor to carry it to",
                               what, name, describe(table, column)),
                   "drop it in an earlier migration, and make what replaces it on the new columns");
  };
  for (const auto& name : subject.words.old_columns) {
    const auto* column = table.column(name);
    if (column == nullptr || subject.words.carried.contains(name)) continue;
    const auto on_it = [&](const std::vector<int>& attnums) {
      return std::ranges::find(attnums, column->attnum) != attnums.end();
    };
    for (const auto& index : table.indexes) {
      if (on_it(index.attnums)) return refuse("index", quote_identifier(index.name.name), name);
    }
    for (const auto& each : table.dependents) {
      const bool owned = each.kind == DependentKind::sequence && on_it(each.attnums);
      if (owned) return refuse("the owned", each.name, name);
    }
    for (const auto& constraint : table.constraints) {
      if (constraint.kind != ConstraintKind::not_null && on_it(constraint.attnums)) {
        return refuse("constraint", quote_identifier(constraint.name), name);
      }
    }
  }
  return {};
}

/// Whether `up` gives other values than the column had, and not only another type.
bool changes_values(const Subject& subject, const std::string& old_column) {
  const auto carried = subject.words.carried.find(old_column);
  if (carried == subject.words.carried.end()) return false;
  const auto up = std::ranges::find(subject.words.forward, carried->second, &Assignment::column);
  return up != subject.words.forward.end() && !is_cast_of(up->expression, old_column);
}

/// A condition on the old values says something else, or nothing, of the new ones.
Result<void> refuse_other_values(const Subject& subject) {
  const auto& table = subject.table;
  const auto reads_changed = [&](const std::vector<int>& attnums) {
    return std::ranges::any_of(attnums, [&](int attnum) {
      const auto* column = table.column(attnum);
      return column != nullptr && changes_values(subject, column->name);
    });
  };
  const auto refuse = [&](const std::string& what, const std::string& name) {
    return fail_at(
        where_of(subject.context), ErrorCode::refused,
        fmt::format("{} {} of {} cannot be carried to the new column: `up` gives other "
                    "values than those it speaks of",
                    what, quote_identifier(name), quote(table.name)),
        "drop it in an earlier migration, and make the one for the new values in a later "
        "one");
  };
  for (const auto& constraint : table.constraints) {
    const bool speaks =
        constraint.kind == ConstraintKind::check || constraint.kind == ConstraintKind::foreign_key;
    if (speaks && reads_changed(constraint.attnums)) return refuse("constraint", constraint.name);
  }
  for (const auto& index : table.indexes) {
    const bool computes = index.unique && std::ranges::any_of(index.keys, [](const IndexKey& key) {
                            return key.attnum == 0;
                          });
    const bool speaks = !index.predicate.empty() || computes;
    if (speaks && reads_changed(index.attnums)) return refuse("index", index.name.name);
  }
  for (const auto& incoming : table.incoming) {
    if (reads_changed(incoming.attnums)) return refuse("foreign key", incoming.name);
  }
  return {};
}

/// Two columns that change places while another migration still guarantees one of them by a check
/// of its own name: neither could tell its helper from the other's.
Result<void> refuse_guaranteed_elsewhere(const Subject& subject) {
  const auto* rules = subject.context.progress.rules(subject.table);
  if (subject.sqlite() || rules == nullptr || !subject.words.exchanged) return {};
  for (const auto& rule : rules->rules) {
    if (rule.migration == subject.context.migration.id) continue;
    for (const auto& column : rule.new_side) {
      if (column.not_null && subject.words.carried.contains(column.name)) {
        return refuse_in_flight(subject.context, subject.table, column.name);
      }
    }
  }
  return {};
}

Result<void> check_expand(const Subject& subject) {
  ZDM_CHECK(refuse_guaranteed_elsewhere(subject));
  ZDM_CHECK(replacement::refuse_going_reads(subject));
  ZDM_CHECK(refuse_uncarried(subject));
  ZDM_CHECK(refuse_other_values(subject));
  ZDM_CHECK(refuse_columns(subject));
  ZDM_CHECK(refuse_new_columns(subject));
  return refuse_user_triggers(subject.context, subject.table, subject.words.common.user_triggers);
}

/// The words with the type of every assigned column, where it is known.
Replacement with_types(const Table& table, Replacement words) {
  if (table.assumed) return words;
  for (auto& up : words.forward) {
    const auto column = std::ranges::find(words.new_columns, up.column, &NewColumn::name);
    if (column != words.new_columns.end()) up.type = column->type;
  }
  for (auto& down : words.backward) {
    if (const auto* column = table.column(down.column)) down.type = column->type;
  }
  if (words.exchanged == nullptr) return words;
  // The same two columns, under the names that they do not have yet, or have no more.
  auto exchanged = *words.exchanged;
  exchanged.forward.front().type = words.forward.front().type;
  exchanged.backward.front().type = words.backward.front().type;
  words.exchanged = std::make_shared<const Replacement>(std::move(exchanged));
  return words;
}

}  // namespace

Assignment copy_of(const std::string& column, const std::string& other) {
  return {.column = column, .expression = quote_identifier(other), .reads = {other}};
}

Result<Assignment> assignment(const Context& context, const Table& table, const std::string& column,
                              const SqlText& text, std::string_view what) {
  ZDM_TRY(const ExpressionFacts facts, check_expression(context.catalog.engine, text, what));
  const auto refuse = [&](std::string message, std::string_view hint) {
    return fail_at(place_of(text.source, 0), ErrorCode::refused, std::move(message),
                   std::string(hint));
  };
  if (facts.subquery) {
    return refuse(fmt::format("{} reads other rows; it may read only the row it belongs to", what),
                  "copy what it needs into the row first, or write both columns in the application "
                  "(dual_write = \"app\")");
  }
  for (const auto& name : facts.columns) {
    const auto* read = table.column(name);
    if (read != nullptr && read->generated != Generated::none) {
      return refuse(fmt::format("{} reads {}, a generated column, which has no value yet when a "
                                "trigger runs",
                                what, describe(table, name)),
                    fmt::format("write its expression instead: {}", read->generated_sql));
    }
  }
  if (context.catalog.engine == Engine::sqlite) {
    for (const auto& name : facts.functions) {
      if (std::ranges::find(kSqliteVolatile, name) == kSqliteVolatile.end()) continue;
      return refuse(fmt::format("{} calls {}(), which gives another value each time", what, name),
                    "use an expression that depends on the row alone");
    }
  }
  return Assignment{.column = column,
                    .expression = text.text,
                    .reads = facts.columns,
                    .type = {},
                    .where = place_of(text.source, 0)};
}

DerivedDefault derived_default(const Context& context, const Table& table,
                               const Assignment& forward,
                               const std::vector<std::string>& old_columns) {
  DerivedDefault derived{.sql = {}, .kind = DefaultKind::constant};
  for (const auto& name : forward.reads) {
    const auto* column = table.column(name);
    const bool own = std::ranges::find(old_columns, name) != old_columns.end();
    if (!own || column == nullptr || column->default_kind == DefaultKind::none) return {};
    derived.kind = std::max(derived.kind, column->default_kind);
  }
  if (forward.reads.empty()) return {};
  derived.sql = replace_columns(
      context.catalog.engine, forward.expression, [&](std::string_view name) -> std::string {
        const auto* column = table.column(name);
        return column == nullptr ? std::string{} : fmt::format("({})", column->default_sql);
      });
  // A plain copy needs no brackets around the literal.
  if (forward.expression == quote_identifier(forward.reads.front())) {
    derived.sql = table.column(forward.reads.front())->default_sql;
  }
  return derived;
}

Result<Recipe> plan_replacement(const Context& context, const Replacement& replacement) {
  ZDM_TRY(Table table, subject_table(context, replacement.table));
  const Replacement typed = with_types(table, replacement);
  const Subject subject{.context = context, .words = typed, .table = std::move(table)};
  if (context.phase == Phase::expand) {
    ZDM_CHECK(check_expand(subject));
  }
  ZDM_TRY(Recipe recipe, subject.sqlite() ? replacement::plan_sqlite(subject)
                                          : replacement::plan_postgres(subject));
  if (context.phase == Phase::expand) replacement::warn_of_defaults(subject, recipe);
  return recipe;
}

Result<Recipe> undo_replacement(const Context& context, const Replacement& replacement) {
  ZDM_TRY(Table table, subject_table(context, replacement.table));
  const Replacement typed = with_types(table, replacement);
  const Subject subject{.context = context, .words = typed, .table = std::move(table)};
  return subject.sqlite() ? replacement::undo_sqlite(subject) : replacement::undo_postgres(subject);
}

Result<void> refuse_user_triggers(const Context& context, const Table& table, UserTriggers chosen) {
  const bool sqlite = context.catalog.engine == Engine::sqlite;  // no session can pass triggers by
  if (chosen == UserTriggers::skip && !sqlite) return {};
  if (!table.update_rules.empty()) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("filling {} would be rewritten by its {}", quote(table.name),
                               fmt::join(table.update_rules, ", ")),
                   "say user_triggers = \"skip\" to fill without it, or make it a trigger");
  }
  if (chosen == UserTriggers::fire) return {};
  std::vector<std::string> names;
  for (const auto& trigger : table.triggers) {
    const bool fires = trigger.on_update && trigger.enabled && trigger.update_of.empty() &&
                       !trigger.name.starts_with(kTriggerPrefix);
    if (fires) names.push_back(quote_identifier(trigger.name));
  }
  if (names.empty()) return {};
  return fail_at(
      where_of(context), ErrorCode::refused,
      fmt::format("filling {} would fire its {} {} once for every row", quote(table.name),
                  names.size() == 1 ? "trigger" : "triggers", fmt::join(names, ", ")),
      sqlite
          ? "say user_triggers = \"fire\" if that is right, and again for every write that zdm's "
            "triggers carry over; or let them name their columns: AFTER UPDATE OF …"
          : "say user_triggers = \"fire\" if that is right, or \"skip\" to fill without them");
}

namespace {

/// What a pass over the rows locks. A partitioned table has none of its own: its partitions are
/// walked, and it is only looked at before each batch.
std::vector<LockClaim> walked(const Table& table, LockMode mode) {
  if (table.kind != TableKind::partitioned) {
    return Claims().table(table, mode).indexes(table, mode).list();
  }
  Claims claims;
  for (const auto& leaf : table.leaves) claims.add(leaf, mode);
  if (mode == LockMode::row_exclusive) claims.add(table.name, LockMode::access_share);
  return claims.list();
}

}  // namespace

std::vector<Fragment> fill_fragments(const Table& table, const Fill& fill, const CommonKeys& common,
                                     bool trigger, Engine engine) {
  Fragment write{.slot = Slot::fill, .table = table.name};
  write.step.kind = StepKind::backfill;
  write.step.note = fmt::format("fill existing rows of {}", quote(table.name));
  write.step.in_transaction = false;
  write.step.scans = true;
  write.step.action = BackfillAction{.table = table.name,
                                     .fills = {fill},
                                     .user_triggers = common.user_triggers,
                                     .trigger = trigger};
  Fragment compare{.slot = Slot::verify, .table = table.name};
  compare.step.kind = StepKind::verify;
  compare.step.note = fmt::format("compare both shapes of every row of {}", quote(table.name));
  compare.step.scans = true;
  compare.step.action = VerifyAction{.table = table.name, .fills = {fill}};
  if (engine == Engine::postgresql) {
    write.step.locks = walked(table, LockMode::row_exclusive);
    compare.step.locks = walked(table, LockMode::access_share);
  }
  return {std::move(write), std::move(compare)};
}

namespace replacement {

std::string old_role(const Replacement& words, const std::string& column) {
  const auto role = words.old_roles.find(column);
  return "old:" + (role == words.old_roles.end() ? column : role->second);
}

std::string new_role(const NewColumn& column) {
  return "new:" + (column.role.empty() ? column.name : column.role);
}

std::string twin_role(const std::string& name) {
  return "twin:" + name;
}

Result<std::vector<std::string>> twins_standing(const Subject& subject) {
  const auto& table = subject.table;
  std::vector<std::string> names;
  for (const auto& record : subject.context.progress.columns) {
    const bool own = record.change == subject.context.change;
    if (own && record.role.starts_with("twin:")) names.push_back(record.name);
  }
  const auto add = [&](const std::string& name, const auto& what) -> Result<void> {
    const bool on_it = std::ranges::any_of(what.attnums, [&](int attnum) {
      const auto* column = table.column(attnum);
      return column != nullptr && subject.words.carried.contains(column->name);
    });
    if (!on_it) return {};
    ZDM_TRY(auto twin, twin_name_of(subject, name, what));
    const bool listed = std::ranges::find(names, twin) != names.end();
    if (!twin.empty() && !listed) names.push_back(std::move(twin));
    return {};
  };
  for (const auto& index : table.indexes) {
    ZDM_CHECK(add(index.name.name, index));
  }
  for (const auto& constraint : table.constraints) {
    const bool own =
        constraint.kind == ConstraintKind::check || constraint.kind == ConstraintKind::foreign_key;
    if (!own) continue;
    ZDM_CHECK(add(constraint.name, constraint));
  }
  return names;
}

std::string recorded_name(const Subject& subject, const std::string& role) {
  const auto* record = subject.context.progress.column(subject.context.change, role);
  return record == nullptr ? std::string{} : record->name;
}

Column old_shape(const Subject& subject, const std::string& current) {
  const auto role = subject.words.old_roles.find(current);
  const auto& name = role == subject.words.old_roles.end() ? current : role->second;
  const auto* before = subject.context.progress.table_before(subject.table.name);
  if (before != nullptr) {
    if (const auto* column = before->column(name)) return *column;
  }
  const auto* column = subject.table.column(current);
  return column == nullptr ? Column{.name = current} : *column;
}

void exchange_names(const Subject& subject, Step& step, std::vector<std::string>& sql) {
  const auto& other = *subject.words.exchanged;
  const auto rename = [&](const std::string& from, const std::string& to) {
    sql.push_back(fmt::format("ALTER TABLE {} RENAME COLUMN {} TO {}", quote(subject.table.name),
                              quote_identifier(from), quote_identifier(to)));
    step.effects.emplace_back(RenameColumnTo{subject.table.name, from, to});
  };
  const auto rename_old = [&] {
    rename(subject.words.old_columns.front(), other.old_columns.front());
  };
  const auto rename_new = [&] {
    rename(subject.words.new_columns.front().name, other.new_columns.front().name);
  };
  // Whoever holds the name that is wanted gives it up first.
  if (other.new_columns.front().name == subject.words.old_columns.front()) {
    rename_old();
    rename_new();
  } else {
    rename_new();
    rename_old();
  }
}

SyncRule rule_of(const Subject& subject) {
  SyncRule rule{.migration = subject.context.migration.id,
                .change = subject.context.change,
                .forward = subject.words.forward,
                .backward = subject.words.backward,
                .on_error = subject.words.common.on_error};
  for (const auto& name : subject.words.old_columns) {
    const auto column = old_shape(subject, name);
    rule.old_side.push_back({.name = name,
                             .default_sql = column.default_sql,
                             .default_kind = column.default_kind,
                             .not_null = column.not_null});
  }
  for (const auto& column : subject.words.new_columns) {
    const bool in_force = column.default_kind == DefaultKind::constant && !subject.sqlite();
    rule.new_side.push_back(
        {.name = column.name,
         .default_sql = in_force ? column.default_sql : std::string{},
         .default_kind = in_force ? DefaultKind::constant : DefaultKind::none,
         .not_null = column.not_null && subject.words.common.on_error == OnError::fail});
  }
  return rule;
}

Fill fill_of(const Subject& subject) {
  return {.migration = subject.context.migration.id,
          .change = subject.context.change,
          .assignments = subject.words.forward,
          .inverse = subject.words.backward};
}

Fragment fragment(const Subject& subject, Slot slot, StepKind kind, std::string note) {
  Fragment fragment{.slot = slot, .table = subject.table.name};
  fragment.step.kind = kind;
  fragment.step.note = std::move(note);
  fragment.step.in_transaction = kind != StepKind::concurrent;
  return fragment;
}

Result<void> guard_columns(const Subject& subject, Step& step, bool with_new) {
  const auto add = [&](const std::string& role, const std::string& name) -> Result<void> {
    ZDM_TRY(const Column column, recorded_column(subject.context, subject.table, role, name));
    for (auto& guard : column_guard(subject.context, subject.table, role, column)) {
      step.guards.push_back(std::move(guard));
    }
    return {};
  };
  for (const auto& name : subject.words.old_columns) {
    ZDM_CHECK(add(old_role(subject.words, name), name));
  }
  if (!with_new) return {};
  for (const auto& column : subject.words.new_columns) {
    ZDM_CHECK(add(new_role(column), column.name));
  }
  return {};
}

void add_fill(const Subject& subject, Recipe& recipe) {
  for (auto& each : fill_fragments(subject.table, fill_of(subject), subject.words.common,
                                   !subject.app_writes(), subject.context.catalog.engine)) {
    recipe.fragments.push_back(std::move(each));
  }
}

void add_last_look(const Subject& subject, Recipe& recipe) {
  auto fill = fill_of(subject);
  // Where the application writes both sides, the release that knows only the new one does not any
  // more: then an old value is lost only where the new one is missing.
  fill.repair = subject.app_writes();
  auto fragments = fill_fragments(subject.table, fill, subject.words.common, !subject.app_writes(),
                                  subject.context.catalog.engine);
  recipe.fragments.push_back(std::move(fragments.back()));
}

}  // namespace replacement

}  // namespace zdm::planner
