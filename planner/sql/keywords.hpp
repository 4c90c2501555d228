#pragma once

#include <string_view>

namespace zdm::planner {

/// Whether a lower-case word must be quoted to be a column's or table's name somewhere: PostgreSQL
/// 12 to 18 (every keyword of pg_get_keywords() that is not "unreserved", as quote_ident() does it)
/// or SQLite (every keyword without a fallback to an identifier, measured with 3.40).
[[nodiscard]] bool is_reserved_word(std::string_view lower_case_word);

/// Whether SQLite cannot read the word (in any case) as an identifier in an expression, so that an
/// unquoted one is no column there.
[[nodiscard]] bool is_sqlite_expression_word(std::string_view word);

}  // namespace zdm::planner
