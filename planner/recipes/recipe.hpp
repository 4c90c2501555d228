#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog.hpp"
#include "model/progress.hpp"
#include "model/step.hpp"

namespace zdm::planner {

struct Migration;

/// Where a fragment goes within its phase. Fragments of one slot and table are merged into one step
/// (law 9); validate and the concurrent ones stay alone.
enum class Slot {
  shape,                ///< new tables, columns, views: one transaction per table
  sync,                 ///< function, triggers, defaults: one transaction per table
  fill,                 ///< one pass per table
  verify,               ///< one scan per table
  promise,              ///< constraints NOT VALID
  validate,             ///< VALIDATE, a transaction each
  build,                ///< indexes, CONCURRENTLY
  exchange,             ///< NOT NULL, USING INDEX, names: one transaction per table
  retire_concurrently,  ///< DROP INDEX CONCURRENTLY
  retire,               ///< trigger, then what it served: one transaction per table
};

/// A step in the making. Its id is given when the phase is assembled.
struct Fragment {
  Slot slot = Slot::shape;
  TableName table;
  Step step;
};

/// Something the plan tells people. `code` is stable: "conflict-race", "cached-plan", …
struct Warning {
  std::string code;
  std::string message;
};

/// What a change does in one phase.
struct Recipe {
  std::vector<Check> checks;  ///< see Steps::checks
  std::vector<Fragment> fragments;
  std::vector<Warning> warnings;
};

/// What a recipe may look at.
struct Context {
  const Catalog& catalog;
  const Progress& progress;
  const Migration& migration;
  std::size_t change = 0;  ///< index of the change in the migration
  Phase phase = Phase::expand;
};

/// One key of a kind, for `zdm explain`, `zdm new` and the manual's test.
struct KeyInfo {
  std::string_view name;
  std::string_view type;  ///< "name", "table", "text", "expression", "boolean", "list of names", …
  bool required = false;
  std::string_view meaning;
};

/// A kind as data.
struct KindInfo {
  std::string_view kind;
  std::string_view summary;  ///< one sentence
  std::span<const KeyInfo> keys;
  std::string_view common_keys;  ///< those it takes, separated by blanks: "up down on_error …"
  std::string_view expand, backfill, switch_, contract;  ///< what happens; empty: nothing
  std::string_view undo;                                 ///< what rollback does, and what it cannot
  bool sqlite = true;                                    ///< false: refused there by name
  std::string_view example;                              ///< TOML of one [[change]]
};

/// Every kind of change is a struct with
///   static const KindInfo& info();
///   static Result<Kind> decode(KeyReader& keys);
///   CatalogRequest needs() const;
///   Result<Recipe> plan(const Context&) const;   // what context.phase does
///   Result<Recipe> undo(const Context&) const;   // how context.phase is undone
/// in a source pair of its own, and an alternative of Change (recipes/change.hpp).

}  // namespace zdm::planner
