#pragma once

#include <memory>
#include <string>
#include <vector>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"
#include "recipes/twins.hpp"

/// What rename_column, change_column, split_column and merge_columns have in common: new columns
/// beside old ones, held equal both ways until the old ones are dropped.
namespace zdm::planner {

struct NewColumn {
  std::string name;
  std::string type;         ///< SQL type, with its collation if it has one of its own
  std::string like;         ///< old column whose comment, privileges, statistics it takes; or empty
  bool not_null = false;    ///< guaranteed from switch on
  std::string default_sql;  ///< the default it ends with; empty: none
  DefaultKind default_kind =
      DefaultKind::none;  ///< constant: in force from backfill, else from contract
  std::string role;       ///< what the ledger knows it by; empty: its name
};

struct Replacement {
  TableName table;
  std::vector<std::string> old_columns;
  std::vector<NewColumn> new_columns;
  std::vector<Assignment> forward;   ///< one per new column, over the old row
  std::vector<Assignment> backward;  ///< one per old column, over the new row
  Replaced carried;                  ///< old → new: whose indexes and constraints get twins
  CommonKeys common;
  Replaced old_roles;  ///< old column → what the ledger knows it by, where that is not its name
  /// A change under the same name: these words as they read once the two columns have changed
  /// places (or, when they have, as they read before). Null for every other change.
  std::shared_ptr<const Replacement> exchanged;
};

/// What the author's words come to on this table: one per kind, made anew for each phase.
[[nodiscard]] Result<Recipe> plan_replacement(const Context& context,
                                              const Replacement& replacement);
[[nodiscard]] Result<Recipe> undo_replacement(const Context& context,
                                              const Replacement& replacement);

/// The expression of `text` as an assignment to `column`, checked, with what it reads. Refused: a
/// subquery, a generated column, a volatile function known as such.
[[nodiscard]] Result<Assignment> assignment(const Context& context, const Table& table,
                                            const std::string& column, const SqlText& text,
                                            std::string_view what);
/// `column := other`.
[[nodiscard]] Assignment copy_of(const std::string& column, const std::string& other);

/// The default of a new column that follows from the old ones': `expression` with each old column
/// replaced by its default; nothing when one of them has none, or when it reads anything else.
struct DerivedDefault {
  std::string sql;
  DefaultKind kind = DefaultKind::none;
};
[[nodiscard]] DerivedDefault derived_default(const Context& context, const Table& table,
                                             const Assignment& forward,
                                             const std::vector<std::string>& old_columns);

/// The fragments of one pass over the table and its verification.
[[nodiscard]] std::vector<Fragment> fill_fragments(const Table& table, const Fill& fill,
                                                   const CommonKeys& common, bool trigger,
                                                   Engine engine);

/// ErrorCode::refused with the names of what is the user's and filling the table would set off
/// (law 3): triggers, unless they are to fire, and rules, which turn a batch into something else.
[[nodiscard]] Result<void> refuse_user_triggers(const Context& context, const Table& table,
                                                UserTriggers chosen);

/// SQLite, for a column that ends up NOT NULL: the comparisons of the recipe fail on a row without
/// a value, and before backfill begins, so that no trigger refuses writes to it, every row must get
/// one by `up`.
void look_for_value(const MigrationId& migration, std::size_t change, const Assignment& up,
                    Recipe& recipe);
void demand_value(const Context& context, const Table& table, const Assignment& up, Recipe& recipe);

// Internals shared by the PostgreSQL and the SQLite half.
namespace replacement {

/// The replacement on the table it concerns.
struct Subject {
  const Context& context;
  const Replacement& words;
  Table table;

  [[nodiscard]] bool sqlite() const { return context.catalog.engine == Engine::sqlite; }
  [[nodiscard]] bool app_writes() const { return words.common.dual_write_app; }
};

[[nodiscard]] SyncRule rule_of(const Subject& subject);
[[nodiscard]] Fill fill_of(const Subject& subject);
/// The old column as it was before expand (its NOT NULL may be lifted since, on SQLite).
[[nodiscard]] Column old_shape(const Subject& subject, const std::string& current);
/// A step of this replacement on its table, with guards that its columns are the recorded ones.
[[nodiscard]] Fragment fragment(const Subject& subject, Slot slot, StepKind kind, std::string note);
[[nodiscard]] Result<void> guard_columns(const Subject& subject, Step& step, bool with_new);
/// The fill and verify fragments.
void add_fill(const Subject& subject, Recipe& recipe);
/// The verify fragment alone: contract looks once more before it drops the old side.
void add_last_look(const Subject& subject, Recipe& recipe);
/// The name recorded under a role, or empty.
[[nodiscard]] std::string recorded_name(const Subject& subject, const std::string& role);
[[nodiscard]] std::string old_role(const Replacement& words, const std::string& column);
[[nodiscard]] std::string new_role(const NewColumn& column);
/// "twin:users_name_idx": what the ledger knows the twin of an index or constraint by.
[[nodiscard]] std::string twin_role(const std::string& name);
/// The twin of what stands on an old column: the one this change recorded, or, where that is gone,
/// the one that stands there because of another change. Empty when there never was one.
template <class What>
[[nodiscard]] Result<std::string> twin_name_of(const Subject& subject, const std::string& name,
                                               const What& what) {
  auto recorded = recorded_name(subject, twin_role(name));
  const auto& table = subject.table;
  // SQLite's constraints may have no name.
  const bool there = table.index(recorded) != nullptr || table.constraint(recorded) != nullptr;
  if (!recorded.empty() && there) return recorded;
  ZDM_TRY(auto standing,
          standing_twin(subject.context, subject.table, what, subject.words.carried));
  return standing.empty() ? recorded : standing;
}
/// The twins of this change: those it recorded, and those another change made of its own.
[[nodiscard]] Result<std::vector<std::string>> twins_standing(const Subject& subject);
/// ALTER TABLE … RENAME COLUMN for each column that changes places, and what they do to the
/// catalog.
void exchange_names(const Subject& subject, Step& step, std::vector<std::string>& sql);

/// NULL as a new column's value, typed where the engine knows types; empty for any other column.
[[nodiscard]] std::string null_of_new(const Subject& subject, std::string_view name);
/// An expression's name in messages.
[[nodiscard]] std::string called(const Subject& subject, const Assignment& each,
                                 std::string_view key);
/// refuse_going() of all that `up` and `down` read.
[[nodiscard]] Result<void> refuse_going_reads(const Subject& subject);
/// A default that the new column does not get, or gets at contract alone.
void warn_of_defaults(const Subject& subject, Recipe& recipe);
/// Law 1: NULL in the new column marks "not filled yet", so a NULL that n writes must come back as
/// NULL.
void add_null_checks(const Subject& subject, Recipe& recipe);

// SQLite's own.

/// The checks of the table that read an old column, to be carried.
[[nodiscard]] std::vector<const Constraint*> checks_on_old(const Subject& subject);
/// What CHECKs and unique indexes would make of a row that leaves one shape out.
void add_left_out_checks(const Subject& subject, Recipe& recipe);
/// look_for_value and demand_value of each new column that ends up NOT NULL.
void look_for_values(const Subject& subject, Recipe& recipe);
void demand_values(const Subject& subject, Recipe& recipe);

[[nodiscard]] Result<Recipe> plan_postgres(const Subject& subject);
[[nodiscard]] Result<Recipe> undo_postgres(const Subject& subject);
[[nodiscard]] Result<Recipe> plan_sqlite(const Subject& subject);
[[nodiscard]] Result<Recipe> undo_sqlite(const Subject& subject);

}  // namespace replacement

}  // namespace zdm::planner
