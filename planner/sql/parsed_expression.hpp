#pragma once

#include <string>
#include <vector>

#include "sql/expression.hpp"

namespace zdm::planner {

/// Where an expression names a column: bytes [begin, end) of its text, qualifier included.
struct ColumnUse {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string name;  ///< the last part, unquoted
};

/// An expression with the places of its columns, in the order of the text. Each engine's parser
/// makes one; sql/expression.hpp is what others call.
struct ParsedExpression {
  ExpressionFacts facts;
  std::vector<ColumnUse> uses;
};

using ParseResult = tl::expected<ParsedExpression, SqlFault>;
using SplitResult = tl::expected<std::vector<SqlStatement>, SqlFault>;

/// The most an expression may have, in bytes. Texts longer than this are no expressions of people.
inline constexpr std::size_t kMaxExpression = 65'536;

[[nodiscard]] inline tl::unexpected<SqlFault> fault(std::string message, std::size_t offset) {
  return tl::unexpected<SqlFault>(SqlFault{std::move(message), offset});
}

/// Appends a name that is not there yet.
void add_once(std::vector<std::string>& names, std::string_view name);

}  // namespace zdm::planner
