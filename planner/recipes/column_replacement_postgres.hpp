#pragma once

#include <string>
#include <vector>

#include "recipes/column_replacement.hpp"
#include "recipes/guarantee.hpp"

/// Shared by the two source files of PostgreSQL's half: the way forward and the way back.
namespace zdm::planner::replacement {

/// An old index or constraint with its twin.
struct Pair {
  const Index* index = nullptr;
  const Constraint* constraint = nullptr;
  std::string twin;
};

/// What stands on the old columns now. Refused when something has no valid twin (law 10).
[[nodiscard]] Result<std::vector<Pair>> pairs_of(const Subject& subject);
[[nodiscard]] guarantee::Site site_of(const Subject& subject);
/// The new column as expand makes it: the old one's shape, nullable, without default.
[[nodiscard]] Column shape_of(const Subject& subject, const NewColumn& added);
/// Those of the old columns that the table has, as they are now.
[[nodiscard]] std::vector<Column> old_columns(const Subject& subject);
/// The column privileges that all of these have: what a column takes that several old ones, or one
/// of several new ones, have no single counterpart of.
[[nodiscard]] std::vector<std::string> shared_grants(const std::vector<Column>& columns);
/// ADD COLUMN for each new column, with its record and effect.
void add_columns(const Subject& subject, Step& step);
/// What brings over to the new columns the privileges, comments and statistics targets that the old
/// ones were given or lost since expand; the step gets its effects. Refused: another default.
[[nodiscard]] Result<std::vector<std::string>> follow_old(const Subject& subject, Step& step);
/// Whether the new column ends NOT NULL: not where `on_error = "null"` may leave it empty.
[[nodiscard]] bool needs_not_null(const Subject& subject, const NewColumn& column);
/// The two columns change names, and the trigger pair is written anew for them, after what the step
/// says so far.
void change_places(const Subject& subject, Step& step);

}  // namespace zdm::planner::replacement
