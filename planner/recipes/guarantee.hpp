#pragma once

#include <string>

#include "recipes/recipe.hpp"

/// What several kinds promise about a column without ever scanning under a lock that blocks: NOT
/// NULL, checks and foreign keys by NOT VALID and VALIDATE, uniqueness by an index built
/// CONCURRENTLY (law 13). PostgreSQL; SQLite's recipes have their own ways.
namespace zdm::planner::guarantee {

/// A change and the table it works on.
struct Site {
  const Context& context;
  const Table& table;
};

/// A step on the table.
[[nodiscard]] Fragment fragment(const Site& site, Slot slot, StepKind kind, std::string note);

/// The name recorded for this change under a role, or empty.
[[nodiscard]] std::string recorded_name(const Site& site, const std::string& role);
[[nodiscard]] RecordName record(const Site& site, const std::string& role, const std::string& name);
/// Ends every record of this change whose role begins with `prefix`.
void forget(const Site& site, std::string_view prefix, Step& step);

/// What the name of such a check ends with, but for what makes it unique.
inline constexpr std::string_view kNotNullSuffix = "_zdm_not_null";
[[nodiscard]] bool is_not_null_helper(const Constraint& constraint);

/// Role and name of the check that proves a NOT NULL before it is set.
[[nodiscard]] std::string not_null_role(const std::string& column);
[[nodiscard]] std::string not_null_name(const Site& site, const std::string& column);

/// ADD CONSTRAINT … NOT VALID and, where `constraint.validated`, its VALIDATE.
void promise(const Site& site, Constraint constraint, const std::string& definition,
             Recipe& recipe);
/// The helper check for NOT NULL.
void promise_not_null(const Site& site, const std::string& column, Recipe& recipe);
/// SET NOT NULL, proven by the helper check, and its effect.
void set_not_null(const Site& site, const std::string& column, Step& step);
void drop_not_null(const Site& site, const std::string& column, Step& step);
/// DROP CONSTRAINT, added to `statements`, with its effect and claims (a foreign key's on both
/// tables).
void drop_constraint(const Site& site, const std::string& name, Step& step,
                     std::vector<std::string>& statements);

/// A unique index over columns, built CONCURRENTLY.
void build_unique(const Site& site, const std::string& name,
                  const std::vector<std::string>& columns, Recipe& recipe);
/// ADD CONSTRAINT … UNIQUE USING INDEX of that index.
void attach_unique(const Site& site, const std::string& name, const std::string& deferrable,
                   Step& step);
/// The way back from attach_unique: another index is built beside first, so that uniqueness holds
/// all the time, and takes the name in the transaction that drops the constraint.
void detach_unique(const Site& site, const std::string& name, Step& step, Recipe& recipe);

}  // namespace zdm::planner::guarantee
