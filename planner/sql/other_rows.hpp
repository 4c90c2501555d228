#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/names.hpp"

namespace zdm::planner {

/// Why a call of the engine's own function `name`, as written (PostgreSQL: folded, schema.name
/// where given), is no value of one row: it is an aggregate, a window function, or gives a set of
/// rows. `arguments` counts them, of which SQLite's min() and max() take one to be aggregates.
///
/// By name, for what the engines bring along; a user's own the server knows when it is asked.
[[nodiscard]] std::optional<std::string> beyond_one_row(Engine engine, std::string_view name,
                                                        std::size_t arguments);

}  // namespace zdm::planner
