#pragma once

#include <vector>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

/// What the other changes of its file mean for a view that a change makes. PostgreSQL, where a view
/// is bound to what it reads.
namespace zdm::planner::views {

/// Another change of the file works on a table that the query reads.
[[nodiscard]] bool reads_what_changes(const Context& context, const SqlText& query);

/// How a view that reads one which another change of the file replaces comes to read the new one.
enum class Binding {
  follows,  ///< made at expand over the old one, bound anew with the exchange
  at_once,  ///< made in the phase of the exchange
  never,    ///< materialized
};
/// ErrorCode::refused where it cannot; checks where only the server knows whether the query can
/// read the old one.
[[nodiscard]] Result<std::vector<Check>> over_replaced(const Context& context, const SqlText& query,
                                                       Binding binding);

/// ErrorCode::refused where a rule of another view that the file replaces names this one: it is
/// made anew on the new one, which the exchange of this view would not know.
[[nodiscard]] Result<void> refuse_rules_over(const Context& context, const Table& view);

}  // namespace zdm::planner::views
