#pragma once

#include <string>
#include <vector>

#include "model/catalog.hpp"
#include "model/step.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner::views {

/// Between expand and switch the old view is the one that people know: what was granted, revoked or
/// said of it since must not be lost with it. Adds to the exchange what gives `made`, which is
/// called as `old` was by then, the owner and the privileges of `old`, and whatever `wanted` says
/// and `present` does not: two lists of statements about a view of that name. Nothing where the
/// catalog is a forecast.
void catch_up(const Context& context, const Table& old, const Table& made,
              const std::vector<std::string>& wanted, const std::vector<std::string>& present,
              Step& step);

/// The way back: what was said of `now` since the exchange is said of `old`, which gets its name
/// again. What stands on columns that only `old` has stays.
void catch_up_back(const Context& context, const Table& now, const Table& old,
                   const std::vector<std::string>& wanted, const std::vector<std::string>& present,
                   Step& step);

/// ErrorCode::drift: what an earlier phase made, or set aside, under this name is gone.
[[nodiscard]] Result<const Table*> still_there(const Context& context, const TableName& name,
                                               std::string_view hint);

/// The names of its columns.
[[nodiscard]] std::vector<std::string> names_of_columns(const Table& view);

}  // namespace zdm::planner::views
