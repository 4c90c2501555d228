#include "recipes/column_replacement_postgres.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iterator>

#include "locks/claims.hpp"
#include "model/migration.hpp"
#include "recipes/server_checks.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "recipes/untracked.hpp"
#include "sql/expression.hpp"
#include "sql/quote.hpp"

/// PostgreSQL's half: twins by CONCURRENTLY and NOT VALID, guarantees by what is already proven.
namespace zdm::planner::replacement {

namespace {

namespace sql = statements;

void append(std::vector<Check>& checks, std::vector<Check> more) {
  std::ranges::move(more, std::back_inserter(checks));
}

void add_expand_checks(const Subject& subject, Recipe& recipe) {
  const auto& words = subject.words;
  const auto without_new = [&](std::string_view name) { return null_of_new(subject, name); };
  const auto add = [&](Assignment each, const std::string& what) {
    auto more = sql::not_volatile(subject.table, each, what);
    if (!subject.app_writes()) append(more, sql::callable_by_writers(subject.table, each, what));
    each.expression = replace_columns(Engine::postgresql, each.expression, without_new);
    recipe.checks.push_back(sql::accepts_expression(subject.table, each, what));
    // A literal has no type of its own yet.
    const bool typed = !each.type.empty() && !each.reads.empty();
    if (typed) recipe.checks.push_back(sql::accepts_type(subject.table, each, what));
    append(recipe.checks, std::move(more));
  };
  for (const auto& column : words.new_columns) {
    append(recipe.checks, sql::adds_type(subject.table, column.type, where_of(subject.context)));
    look_at_default_of_type(subject.context, subject.table, column.name, column.type, recipe);
  }
  for (const auto& up : words.forward) add(up, called(subject, up, "up"));
  for (const auto& down : words.backward) add(down, called(subject, down, "down"));
  add_null_checks(subject, recipe);
}

/// An expression over old columns as the twin will have it: NULL of the new type for each.
std::string over_new_types(const Subject& subject, const std::string& expression) {
  return replace_columns(Engine::postgresql, expression, [&](std::string_view name) -> std::string {
    const auto found = subject.words.carried.find(name);
    return found == subject.words.carried.end() ? std::string{}
                                                : null_of_new(subject, found->second);
  });
}

/// Where the type changes, the server may have no operator for what stood on the old one.
void add_twin_checks(const Subject& subject, const Twins& twins, Recipe& recipe) {
  const bool changes = std::ranges::any_of(subject.words.new_columns, [&](const NewColumn& each) {
    const auto* like = subject.table.column(each.like);
    return like != nullptr && like->type != each.type;
  });
  if (!changes) return;
  const auto ask = [&](const std::string& what, const std::string& expression) {
    recipe.checks.push_back(
        {.table = subject.table.name,
         .columns = {},
         .query = fmt::format("SELECT ({}\n) FROM {} LIMIT 0", over_new_types(subject, expression),
                              quote(subject.table.name)),
         .message =
             fmt::format("{} of {} does not fit the new type", what, quote(subject.table.name)),
         .hint = "drop it in an earlier migration, and add the one for the new type in a later one",
         .where = where_of(subject.context),
         .answers = false,
         .of_type = true});
  };
  for (const auto& twin : twins.constraints) {
    if (twin.old.kind != ConstraintKind::check) continue;
    ask("constraint " + quote_identifier(twin.old.name), twin.old.expression);
  }
  for (const auto& twin : twins.indexes) {
    const auto what = "index " + quote_identifier(twin.old.name.name);
    if (!twin.old.predicate.empty()) ask(what, twin.old.predicate);
    for (const auto& key : twin.old.keys) {
      if (key.attnum != 0) continue;
      ask(what, key.sql.substr(0, key.sql.size() - key.suffix.size()));
    }
  }
}

/// Without one, the server refuses every UPDATE that a publication would have to send.
void add_identity_check(const Subject& subject, Recipe& recipe) {
  const auto& table = subject.table;
  const bool primary = std::ranges::any_of(table.indexes, &Index::primary);
  const bool none = table.replica_identity == 'n' || (table.replica_identity == 'd' && !primary);
  if (!table.published || !none) return;
  recipe.checks.push_back(
      {.table = table.name,
       .columns = {},
       .query = fmt::format(
           R"(SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_publication_tables AS t
  JOIN pg_catalog.pg_publication AS p ON p.pubname = t.pubname
 WHERE p.pubupdate AND t.schemaname = {} AND t.tablename = {}))",
           quote_literal(table.name.schema), quote_literal(table.name.name)),
       .message = fmt::format("{} is in a publication and has no replica identity: the server "
                              "refuses every UPDATE of it, those of the backfill too",
                              quote(table.name)),
       .hint = "give it one first: a primary key, or ALTER TABLE … REPLICA IDENTITY USING INDEX "
               "… or FULL",
       .where = where_of(subject.context)});
}

Result<void> refuse_twins(const Subject& subject, const Twins& twins) {
  if (subject.table.kind != TableKind::partitioned) return {};
  for (const auto& index : twins.indexes) {
    if (index.constraint == nullptr) continue;
    return fail_at(where_of(subject.context), ErrorCode::refused,
                   fmt::format("constraint {} of partitioned table {} cannot be carried to the new "
                               "column: a partitioned table takes no UNIQUE … USING INDEX",
                               quote_identifier(index.constraint->name), quote(subject.table.name)),
                   "drop the constraint in an earlier migration and use a unique index");
  }
  for (const auto& constraint : twins.constraints) {
    if (constraint.old.kind != ConstraintKind::foreign_key) continue;
    if (subject.context.catalog.server_version >= 180000) continue;
    return fail_at(
        where_of(subject.context), ErrorCode::refused,
        fmt::format("foreign key {} of partitioned table {} cannot be carried to the new "
                    "column: before PostgreSQL 18 it would be checked under a lock that "
                    "blocks writes",
                    quote_identifier(constraint.old.name), quote(subject.table.name)),
        "drop the foreign key in an earlier migration and add it again afterwards");
  }
  return {};
}

/// What would go with the old columns, unless it is carried to the new ones.
void look_at_users_of_old(const Subject& subject, Recipe& recipe) {
  look_at_stored_rows(subject.context, subject.table, subject.words.old_columns, recipe);
  for (const auto& name : subject.words.old_columns) {
    look_at_users_of_constraints_on(subject.context, subject.table, name, recipe);
  }
}

void look_at_columns(const Subject& subject, Recipe& recipe) {
  std::vector<std::string> added;
  for (const auto& column : subject.words.new_columns) added.push_back(column.name);
  look_at_readers_of_new(subject.context, subject.table, added, recipe);
  look_at_foreign_partitions(subject.context, subject.table, recipe);
  look_at_right_to_skip(subject.context, subject.table, subject.words.common.user_triggers, recipe);
  look_at_users_of_old(subject, recipe);
  if (subject.words.exchanged) return;  // the name stays
  for (const auto& name : subject.words.old_columns) {
    const auto* column = subject.table.column(name);
    if (column == nullptr) continue;
    warn_of_functions(subject.context, subject.table, *column, recipe);
    warn_of_triggers_before(subject.table, *column, recipe);
  }
}

/// Several columns for one, or one for several: what stands on the old ones has no single place to
/// go, but for the privileges that all of them have.
void warn_of_what_stays(const Subject& subject, Recipe& recipe) {
  auto old = old_columns(subject);
  std::erase_if(old, [&](const Column& each) { return subject.words.carried.contains(each.name); });
  const auto shared = shared_grants(old);
  std::vector<std::string> grants;
  std::vector<std::string> comments;
  for (const auto& column : old) {
    if (!column.comment.empty()) comments.push_back(quote_identifier(column.name));
    for (const auto& grant : column.grants) {
      if (std::ranges::find(shared, grant) != shared.end()) continue;
      const auto to = grant.find(" TO ");
      grants.push_back(fmt::format("{} ({}){}", grant.substr(0, to), quote_identifier(column.name),
                                   grant.substr(to)));
    }
  }
  if (!grants.empty()) {
    recipe.warnings.push_back(
        {.code = "privileges-lost",
         .message = fmt::format("{} of {} is not carried to {}, since not all of its old columns "
                                "have it: grant what is right in a migration of kind = \"sql\"",
                                fmt::join(grants, ", "), quote(subject.table.name),
                                quote_identifier(subject.words.new_columns.front().name))});
  }
  if (!comments.empty()) {
    recipe.warnings.push_back(
        {.code = "comments-lost",
         .message = fmt::format("what comments say of {} in {} is not carried on: give the new "
                                "columns their own by kind = \"set_comment\"",
                                fmt::join(comments, ", "), quote(subject.table.name))});
  }
}

Result<Recipe> expand(const Subject& subject) {
  ZDM_TRY(const Twins twins, twins_of(subject.context, subject.table, subject.words.carried));
  ZDM_CHECK(refuse_twins(subject, twins));
  Recipe recipe;
  auto shape = fragment(subject, Slot::shape, StepKind::transaction, "");
  for (const auto& name : subject.words.old_columns) {
    shape.step.records.emplace_back(RecordColumn{.change = subject.context.change,
                                                 .role = old_role(subject.words, name),
                                                 .table = subject.table.name,
                                                 .column = name});
  }
  add_columns(subject, shape.step);
  shape.step.locks = Claims().table(subject.table, LockMode::access_exclusive).list();
  recipe.fragments.push_back(std::move(shape));
  if (!is_forecast(subject.context, subject.table)) {
    add_expand_checks(subject, recipe);
    add_twin_checks(subject, twins, recipe);
    add_identity_check(subject, recipe);
  }
  look_at_columns(subject, recipe);
  warn_of_what_stays(subject, recipe);
  recipe.warnings.push_back(
      {.code = "cached-plan",
       .message =
           fmt::format("prepared SELECT * and RETURNING * on {} fail once with SQLSTATE 0A000 "
                       "(cached plan must not change result type) when a column comes or goes",
                       quote(subject.table.name))});
  for (const auto& twin : twins.indexes) {
    if (!twin.old.unique) continue;
    recipe.warnings.push_back(
        {.code = "conflict-race",
         .message =
             fmt::format("while {} and its twin live together, a concurrent INSERT … ON CONFLICT "
                         "on one key may raise SQLSTATE 23505 from the other index",
                         quote_identifier(twin.old.name.name))});
  }
  return recipe;
}

Fragment sync_fragment(const Subject& subject, const Twins& twins) {
  auto sync = fragment(subject, Slot::sync, StepKind::transaction,
                       "from here on every write fills both shapes");
  SyncAction action{.table = subject.table.name};
  if (!subject.app_writes()) action.enter.push_back(rule_of(subject));
  bool sets_default = false;
  for (const auto& column : subject.words.new_columns) {
    if (column.default_kind != DefaultKind::constant) continue;
    action.after.push_back(sql::set_default(subject.table, column.name, column.default_sql));
    auto with_default = shape_of(subject, column);
    with_default.default_sql = column.default_sql;
    with_default.default_kind = DefaultKind::constant;
    sync.step.effects.emplace_back(PutColumn{subject.table.name, with_default});
    sets_default = true;
  }
  if (sets_default) {
    sync.step.locks = Claims().table(subject.table, LockMode::access_exclusive).list();
  } else if (subject.app_writes()) {
    sync.step.locks = Claims().table(subject.table, LockMode::access_share).list();
  }
  sync.step.action = std::move(action);
  const auto record = [&](const std::string& role, const std::string& name) {
    sync.step.records.emplace_back(RecordName{
        .change = subject.context.change, .role = role, .table = subject.table.name, .name = name});
  };
  for (const auto& twin : twins.indexes) record(twin_role(twin.old.name.name), twin.twin.name.name);
  for (const auto& twin : twins.constraints) record(twin_role(twin.old.name), twin.twin.name);
  for (const auto& column : subject.words.new_columns) {
    if (needs_not_null(subject, column)) {
      record(guarantee::not_null_role(column.name),
             guarantee::not_null_name(site_of(subject), column.name));
    }
  }
  return sync;
}

Result<Recipe> backfill(const Subject& subject) {
  ZDM_TRY(const Twins twins, twins_of(subject.context, subject.table, subject.words.carried));
  ZDM_CHECK(refuse_twins(subject, twins));
  Recipe recipe;
  auto sync = sync_fragment(subject, twins);
  ZDM_CHECK(guard_columns(subject, sync.step, true));
  if (!is_forecast(subject.context, subject.table)) {
    for (const auto& up : subject.words.forward) {
      recipe.checks.push_back(sql::accepts_update(subject.table, up, called(subject, up, "up")));
    }
    for (const auto& down : subject.words.backward) {
      recipe.checks.push_back(
          sql::accepts_update(subject.table, down, called(subject, down, "down")));
    }
  }
  recipe.fragments.push_back(std::move(sync));
  add_fill(subject, recipe);
  for (const auto& column : subject.words.new_columns) {
    if (!needs_not_null(subject, column)) continue;
    guarantee::promise_not_null(site_of(subject), column.name, recipe);
  }
  for (const auto& twin : twins.constraints)
    guarantee::promise(site_of(subject), twin.twin, twin.definition, recipe);
  for (const auto& twin : twins.indexes) {
    for (auto& each : sql::build_index(subject.table, twin.twin, twin.create)) {
      recipe.fragments.push_back(std::move(each));
    }
    if (twin.old.comment.empty()) continue;
    auto comment = fragment(subject, Slot::build, StepKind::transaction, "");
    comment.step.sql = {fmt::format("COMMENT ON INDEX {} IS {}", quote(twin.twin.name),
                                    quote_literal(twin.old.comment))};
    comment.step.locks = Claims().add(twin.twin.name, LockMode::share_update_exclusive).list();
    recipe.fragments.push_back(std::move(comment));
  }
  return recipe;
}

Result<Recipe> exchange(const Subject& subject) {
  Recipe recipe;
  auto step = fragment(subject, Slot::exchange, StepKind::transaction,
                       "proven by the validated check: no scan");
  ZDM_CHECK(guard_columns(subject, step.step, true));
  Claims claims;
  claims.table(subject.table, LockMode::access_exclusive);
  for (const auto& column : subject.words.new_columns) {
    if (!needs_not_null(subject, column)) continue;
    guarantee::set_not_null(site_of(subject), column.name, step.step);
  }
  ZDM_TRY(const auto pairs, pairs_of(subject));
  for (const auto& pair : pairs) {
    if (pair.index == nullptr || pair.constraint == nullptr) continue;
    guarantee::attach_unique(site_of(subject), pair.twin, sql::deferrable(*pair.constraint),
                             step.step);
  }
  ZDM_TRY(auto followed, follow_old(subject, step.step));
  std::ranges::move(followed, std::back_inserter(step.step.sql));
  if (subject.words.exchanged) change_places(subject, step.step);
  if (step.step.sql.empty() && !subject.words.exchanged) return recipe;
  step.step.locks = claims.merge(step.step.locks).list();
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

/// Sequences that old columns own move to the new ones, or they would be dropped.
void move_sequences(const Subject& subject, SyncAction& action, Claims& claims) {
  for (const auto& dependent : subject.table.dependents) {
    constexpr std::string_view kPrefix = "sequence ";
    if (dependent.kind != DependentKind::sequence || !dependent.name.starts_with(kPrefix)) continue;
    for (const auto& [from, to] : subject.words.carried) {
      const auto* column = subject.table.column(from);
      if (column == nullptr ||
          std::ranges::find(dependent.attnums, column->attnum) == dependent.attnums.end()) {
        continue;
      }
      const auto name = dependent.name.substr(kPrefix.size());
      // An integer's sequence ends where integers end, whatever reads it.
      const auto added = std::ranges::find(subject.words.new_columns, to, &NewColumn::name);
      const bool grows = added != subject.words.new_columns.end() && added->type == "bigint" &&
                         (column->type == "integer" || column->type == "smallint");
      action.after.push_back(fmt::format("ALTER SEQUENCE {}{} OWNED BY {}.{}", name,
                                         grows ? " AS bigint" : "", quote(subject.table.name),
                                         quote_identifier(to)));
      claims.merge({LockClaim{.relation = name, .mode = LockMode::share_row_exclusive}});
    }
  }
}

void drop_pairs(const Subject& subject, const std::vector<Pair>& pairs, Step& step,
                SyncAction& action, Claims& claims) {
  for (const auto& pair : pairs) {
    if (pair.constraint != nullptr) {
      action.after.push_back(sql::drop_constraint(subject.table, pair.constraint->name));
      step.effects.emplace_back(DropConstraint{subject.table.name, pair.constraint->name});
      if (pair.constraint->references) {
        claims.add(pair.constraint->references->table, LockMode::access_exclusive);
      }
    } else {
      action.after.push_back(sql::drop_index(pair.index->name));
      step.effects.emplace_back(DropIndex{subject.table.name, pair.index->name.name});
    }
    if (pair.index != nullptr) claims.add(pair.index->name, LockMode::access_exclusive);
  }
}

/// Under the same name the twins take the names of what they stood in for: applications know
/// constraints by name (ON CONFLICT ON CONSTRAINT, error handling).
void take_names(const Subject& subject, const std::vector<Pair>& pairs, Step& step,
                SyncAction& action, Claims& claims) {
  for (const auto& pair : pairs) {
    if (pair.constraint != nullptr) {
      action.after.push_back(fmt::format("ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
                                         quote(subject.table.name), quote_identifier(pair.twin),
                                         quote_identifier(pair.constraint->name)));
      auto renamed = *pair.constraint;
      if (const auto* twin = subject.table.constraint(pair.twin)) renamed = *twin;
      renamed.name = pair.constraint->name;
      step.effects.emplace_back(DropConstraint{subject.table.name, pair.twin});
      step.effects.emplace_back(PutConstraint{subject.table.name, renamed});
    }
    if (pair.index == nullptr) continue;
    const TableName twin{pair.index->name.schema, pair.twin};
    if (pair.constraint == nullptr) {
      action.after.push_back(fmt::format("ALTER INDEX {} RENAME TO {}", quote(twin),
                                         quote_identifier(pair.index->name.name)));
    }
    step.effects.emplace_back(RenameIndex{subject.table.name, pair.twin, pair.index->name.name});
    claims.add(twin, LockMode::share_update_exclusive);
  }
}

Result<Recipe> contract(const Subject& subject) {
  Recipe recipe;
  for (const auto& name : subject.words.old_columns) {
    ZDM_TRY(const Column column, subject_column(subject.context, subject.table, name));
    ZDM_CHECK(refuse_dependents(subject.context, subject.table, column));
    ZDM_CHECK(refuse_users_in_flight(subject.context, subject.table, name));
    if (!subject.words.exchanged) {
      look_at_triggers_naming(subject.context, subject.table, column, recipe);
    }
  }
  look_at_users_of_old(subject, recipe);
  ZDM_TRY(const auto pairs, pairs_of(subject));
  add_last_look(subject, recipe);
  auto retire = fragment(subject, Slot::retire, StepKind::transaction,
                         "the old shape goes for good; there is no way back from here");
  retire.step.destructive = true;
  ZDM_CHECK(guard_columns(subject, retire.step, true));
  SyncAction action{.table = subject.table.name};
  if (!subject.app_writes()) action.leave.push_back(subject.context.change);
  Claims claims;
  claims.table(subject.table, LockMode::access_exclusive);
  drop_pairs(subject, pairs, retire.step, action, claims);
  if (subject.words.exchanged) take_names(subject, pairs, retire.step, action, claims);
  ZDM_TRY(auto followed, follow_old(subject, retire.step));
  std::ranges::move(followed, std::back_inserter(action.after));
  for (const auto& column : subject.words.new_columns) {
    // Under the same name, the helper was recorded before the two columns changed places.
    const auto& recorded =
        subject.words.exchanged ? subject.words.exchanged->new_columns.front().name : column.name;
    const auto helper = recorded_name(subject, guarantee::not_null_role(recorded));
    if (!helper.empty() && subject.table.constraint(helper) != nullptr) {
      action.after.push_back(sql::drop_constraint(subject.table, helper));
      retire.step.effects.emplace_back(DropConstraint{subject.table.name, helper});
    }
    const bool late =
        column.default_kind == DefaultKind::stable || column.default_kind == DefaultKind::volatile_;
    if (late)
      action.after.push_back(sql::set_default(subject.table, column.name, column.default_sql));
    if (const auto* present = subject.table.column(column.name); late && present != nullptr) {
      auto complete = *present;
      complete.default_sql = column.default_sql;
      complete.default_kind = column.default_kind;
      retire.step.effects.emplace_back(PutColumn{subject.table.name, complete});
    }
  }
  move_sequences(subject, action, claims);
  for (const auto& name : subject.words.old_columns) {
    action.after.push_back(sql::drop_column(subject.table, name));
    retire.step.effects.emplace_back(DropColumn{subject.table.name, name});
  }
  retire.step.action = std::move(action);
  retire.step.locks = claims.list();
  recipe.fragments.push_back(std::move(retire));
  return recipe;
}

}  // namespace

Result<Recipe> plan_postgres(const Subject& subject) {
  switch (subject.context.phase) {
    case Phase::expand:
      return expand(subject);
    case Phase::backfill:
      return backfill(subject);
    case Phase::switch_:
      return exchange(subject);
    case Phase::contract:
      return contract(subject);
  }
  return fail(ErrorCode::bug, "unknown phase");
}

}  // namespace zdm::planner::replacement
