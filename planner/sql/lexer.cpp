#include "sql/lexer.hpp"

#include <algorithm>

#include "sql/text.hpp"

namespace zdm::planner {

namespace {

constexpr std::size_t kNone = std::string_view::npos;

// Past blanks and comments; PostgreSQL's block comments nest. `closed` is false where one does not
// end.
std::size_t skip_blank(std::string_view text, std::size_t at, bool& closed) {
  while (at < text.size()) {
    if (is_blank(text[at]) || text[at] == '\v') {
      ++at;
    } else if (text.substr(at, 2) == "--") {
      at = std::min(text.find_first_of("\r\n", at), text.size());
    } else if (text.substr(at, 2) == "/*") {
      int depth = 0;
      do {
        const std::string_view two = text.substr(at, 2);
        const int step = two == "/*" ? 1 : two == "*/" ? -1 : 0;
        depth += step;
        at += step == 0 ? 1 : 2;
      } while (depth > 0 && at < text.size());
      closed = closed && depth == 0;
    } else {
      break;
    }
  }
  return std::min(at, text.size());
}

// From the opening quote; a doubled quote is two strings in a row, which come out as one.
Lexeme quoted(std::string_view text, std::size_t begin, std::size_t at, bool escapes) {
  const char quote = text[at];
  const LexemeKind kind = quote == '"' ? LexemeKind::quoted_name : LexemeKind::string;
  for (++at; at < text.size(); ++at) {
    if (escapes && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (at + 1 == text.size() || text[at + 1] != quote) return {kind, begin, at + 1 - begin};
      ++at;
    }
  }
  return {kind, begin, text.size() - begin, false};
}

// $tag$…$tag$, or one sign where that is none ($1 is a parameter).
Lexeme dollar(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && text[end] != '$' && is_identifier_part(text[end])) ++end;
  if (end >= text.size() || text[end] != '$' || is_digit(text[at + 1])) {
    return {LexemeKind::sign, at, 1};
  }
  const std::string_view tag = text.substr(at, end + 1 - at);
  const std::size_t close = text.find(tag, end + 1);
  if (close == kNone) return {LexemeKind::string, at, text.size() - at, false};
  return {LexemeKind::string, at, close + tag.size() - at};
}

Lexeme word(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && is_identifier_part(text[end])) ++end;
  // E'…' knows escapes; B'…', X'…' and N'…' do not, nor U&'…' and U&"…".
  if (end < text.size() && text[end] == '\'' && end == at + 1) {
    const char prefix = text[at];
    if (prefix == 'e' || prefix == 'E') return quoted(text, at, end, true);
    if (std::string_view("bBxXnN").find(prefix) != kNone) return quoted(text, at, end, false);
  }
  if (end == at + 1 && (text[at] == 'u' || text[at] == 'U') && text.substr(end, 1) == "&" &&
      end + 1 < text.size() && (text[end + 1] == '\'' || text[end + 1] == '"')) {
    return quoted(text, at, end + 1, false);
  }
  return {LexemeKind::word, at, end - at};
}

Lexeme number(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  return {LexemeKind::number, at, end - at};
}

}  // namespace

Lexeme next_lexeme(std::string_view text, std::size_t at) {
  bool closed = true;
  const std::size_t begin = skip_blank(text, at, closed);
  if (begin == text.size()) return {LexemeKind::end, begin, 0, closed};
  const char c = text[begin];
  if (c == '\'' || c == '"') return quoted(text, begin, begin, false);
  if (c == '$') return dollar(text, begin);
  if (is_identifier_start(c)) return word(text, begin);
  if (is_digit(c)) return number(text, begin);
  return {LexemeKind::sign, begin, 1};
}

bool is_word(std::string_view text, const Lexeme& lexeme, std::string_view word) {
  if (lexeme.kind != LexemeKind::word || lexeme.length != word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = text[lexeme.offset + i];
    if ((c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c) != word[i]) return false;
  }
  return true;
}

std::string name_at(std::string_view text, const Lexeme& lexeme) {
  const auto written = text.substr(lexeme.offset, lexeme.length);
  if (lexeme.kind == LexemeKind::word) return fold(written);
  if (lexeme.kind != LexemeKind::quoted_name || written.size() <= 2) return {};
  // A quote within the name stands there twice.
  const char quote = written.front();
  std::string name;
  for (std::size_t at = 1; at + 1 < written.size(); ++at) {
    if (written[at] == quote && quote != '[') ++at;
    name += written[at];
  }
  return name;
}

}  // namespace zdm::planner
