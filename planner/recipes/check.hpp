#pragma once

#include <string_view>

#include "recipes/key_reader.hpp"
#include "sql/expression.hpp"

namespace zdm::planner {

/// A fault inside an SQL text of a file, with its file, line and column. ErrorCode::usage.
[[nodiscard]] Error error_at(const SqlText& text, const SqlFault& fault, std::string_view what);

/// Checks that the text is one expression and says what it reads. `what` names it in messages:
/// "`up`".
[[nodiscard]] Result<ExpressionFacts> check_expression(Engine engine, const SqlText& text,
                                                       std::string_view what);

/// The same of statements: "`query` is not valid SQL".
[[nodiscard]] Error statement_error_at(const SqlText& text, const SqlFault& fault,
                                       std::string_view what);

/// Checks that the text is one statement that begins with SELECT, WITH, VALUES or TABLE.
[[nodiscard]] Result<void> check_query(Engine engine, const SqlText& text, std::string_view what);

}  // namespace zdm::planner
