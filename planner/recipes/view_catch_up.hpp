#pragma once

#include <string>
#include <vector>

#include "model/catalog.hpp"
#include "model/step.hpp"
#include "recipes/recipe.hpp"
#include "recipes/view_exchange.hpp"

namespace zdm::planner::views {

/// What is said of `like`, as statements about a view of that name and these columns.
using Describe = std::vector<std::string> (*)(const TableName& view, const Table& like,
                                              const std::vector<std::string>& columns);

/// exchange(), and what was granted, revoked or said of `out` since `in` was made or went aside:
/// `in` gets the owner and the privileges of `out`, and what `describe` says of `out` and not of
/// `in`. On the way back, what stands on columns that only `in` has stays. No more than exchange()
/// where the catalog is a forecast.
[[nodiscard]] Fragment exchange_as_is(const Context& context, const Table& out, const Table& in,
                                      Exchange direction, Describe describe);

/// ErrorCode::drift: what an earlier phase made, or set aside, under this name is gone.
[[nodiscard]] Result<const Table*> still_there(const Context& context, const TableName& name,
                                               std::string_view hint);

}  // namespace zdm::planner::views
