#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace zdm::planner {

enum class LexemeKind { word, quoted_name, string, number, sign, end };

/// A word or sign of PostgreSQL's SQL; comments and blanks are none.
struct Lexeme {
  LexemeKind kind = LexemeKind::end;
  std::size_t offset = 0;
  std::size_t length = 0;
  bool closed = true;  ///< false: a string, quoted name or comment that nothing ends

  [[nodiscard]] std::size_t end() const { return offset + length; }
};

/// The next one at or after `at`; at the end of the text, kind `end`. Strings are whole: '…', E'…',
/// $tag$…$tag$. Signs come one by one. For splitting and finding places only: the grammar is
/// libpg_query's.
[[nodiscard]] Lexeme next_lexeme(std::string_view text, std::size_t at);

/// The lexeme's text is this word, whatever its case; `word` is in capitals.
[[nodiscard]] bool is_word(std::string_view text, const Lexeme& lexeme, std::string_view word);

/// A word or quoted name as PostgreSQL reads it; empty: it is none. Doubled quotes stay doubled.
[[nodiscard]] std::string name_at(std::string_view text, const Lexeme& lexeme);

}  // namespace zdm::planner
