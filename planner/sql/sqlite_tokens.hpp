#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/parsed_expression.hpp"

namespace zdm::planner {

enum class SqliteTokenKind { word, name, string, blob, number, parameter, sign };

/// A token of SQLite's, bytes [begin, end) of the text.
struct SqliteToken {
  SqliteTokenKind kind = SqliteTokenKind::sign;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view text;
};

/// What a text is made of, comments and blanks left out.
struct SqliteTokens {
  std::vector<SqliteToken> tokens;
  /// Where a comment starts that reaches the end of the text, or npos.
  std::size_t open_comment = std::string_view::npos;
};

/// Reads tokens as sqlite3's own tokenizer does (sqlite.org/syntax, "tokenize.c"): 'string',
/// "name", `name`, [name], x'blob', numbers, parameters, words, and one token per other character.
/// A fault: an unclosed quote or comment, a character that starts no token.
[[nodiscard]] tl::expected<SqliteTokens, SqlFault> sqlite_tokens(std::string_view text);

/// A quoted name or a word as the name it stands for.
[[nodiscard]] std::string sqlite_name(const SqliteToken& token);

}  // namespace zdm::planner
