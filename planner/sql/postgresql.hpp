#pragma once

#include <string_view>

#include "sql/parsed_expression.hpp"

namespace zdm::planner {

/// Parses an expression with PostgreSQL's own grammar. The text is UTF-8 without zero bytes.
[[nodiscard]] ParseResult parse_postgresql_expression(std::string_view text);

/// Splits a script with PostgreSQL's own grammar. The text is UTF-8 without zero bytes.
[[nodiscard]] SplitResult split_postgresql(std::string_view script);

}  // namespace zdm::planner
