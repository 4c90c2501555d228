#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.hpp"
#include "model/names.hpp"

namespace zdm::planner {

/// A fault in an SQL text: what, and at which byte of it.
struct SqlFault {
  std::string message;
  std::size_t offset = 0;
};

/// What an expression is made of.
struct ExpressionFacts {
  std::vector<std::string> columns;    ///< names it may read from the row, in order, each once
  std::vector<std::string> functions;  ///< names it calls, as written (schema.name where given)
  bool subquery = false;               ///< reads other rows: refused by recipes
};

/// Checks that the text is one expression and nothing else, and says what it reads. It may then
/// stand between brackets in any statement: its own never close early, it has no semicolon, and no
/// comment swallows what follows. Refused too: stars, rows, parameters, DEFAULT, window functions,
/// and aggregates that can be told by their form.
///
/// PostgreSQL: libpg_query's grammar. SQLite: by tokens; the engine itself checks the rest. Limits:
/// 64 KiB of text and, on PostgreSQL, 10,000 words and signs; beyond them, and where it is nested
/// deeper than the parser stands, a fault.
[[nodiscard]] tl::expected<ExpressionFacts, SqlFault> analyse_expression(Engine engine,
                                                                         std::string_view text);

/// The expression with each column reference replaced: `rename(name)` gives the SQL to write
/// instead, or an empty string to leave it as it stands. Table-qualified references lose their
/// qualifier. All else stays byte by byte. The text must have passed analyse_expression; any other
/// comes back as is.
[[nodiscard]] std::string replace_columns(
    Engine engine, std::string_view text,
    const std::function<std::string(std::string_view)>& rename);

/// Whether the expression is the column itself, or casts of it: the values stay what they are.
[[nodiscard]] bool is_cast_of(std::string_view expression, std::string_view column);

/// A statement of a script, without its semicolon and without comments above it.
struct SqlStatement {
  std::string text;
  std::size_t offset = 0;
};
/// Splits a script. PostgreSQL: by its grammar, so a syntax error is a fault. SQLite: by tokens.
[[nodiscard]] tl::expected<std::vector<SqlStatement>, SqlFault> split_statements(
    Engine engine, std::string_view script);

}  // namespace zdm::planner
