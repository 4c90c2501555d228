#pragma once

#include <string_view>

#include "sql/parsed_expression.hpp"

namespace zdm::planner {

/// Reads an expression by SQLite's tokens: operands and operators must alternate, brackets must
/// match, and nothing may end the expression early. Whether functions and columns exist, and what
/// binds tighter, is for the engine to say. Columns of subqueries are named in the facts but have
/// no use, since there a name may as well be a table's.
[[nodiscard]] ParseResult parse_sqlite_expression(std::string_view text);

/// Splits a script at its semicolons, save those of a trigger's body.
[[nodiscard]] SplitResult split_sqlite(std::string_view script);

}  // namespace zdm::planner
