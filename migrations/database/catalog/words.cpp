#include "database/catalog/words.hpp"

#include <algorithm>
#include <cctype>

#include "sql/lexer.hpp"

namespace zdm::migrations {

namespace {

bool in_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
}

/// The end of a comment that starts at `at`, or `at` where none does.
std::size_t after_comment(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) == "--") {
    return std::min(text.find('\n', at), text.size());
  }
  if (text.substr(at, 2) == "/*") {
    const std::size_t end = text.find("*/", at + 2);
    return end == std::string_view::npos ? text.size() : end + 2;
  }
  return at;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) {
    return static_cast<char>(c < 0x80 ? std::tolower(c) : c);
  });
  return result;
}

std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t next = after_comment(text, at); next != at) {
      at = next;
    } else if (const char quote = text[at]; quote == '"' || quote == '`' || quote == '[') {
      const std::size_t end = std::min(text.find(quote == '[' ? ']' : quote, at + 1), text.size());
      words.insert(lower(text.substr(at + 1, end - at - 1)));
      at = end + 1;
    } else if (in_word(quote)) {
      std::size_t end = at;
      while (end < text.size() && in_word(text[end])) {
        ++end;
      }
      words.insert(lower(text.substr(at, end - at)));
      at = end;
    } else {
      ++at;
    }
  }
  return words;
}

RowWords row_words_of(std::string_view body) {
  using namespace planner;
  RowWords found;
  Lexeme row = next_lexeme(body, 0);
  for (; row.kind != LexemeKind::end; row = next_lexeme(body, row.end())) {
    if (!is_word(body, row, "OLD") && !is_word(body, row, "NEW")) continue;
    const Lexeme dot = next_lexeme(body, row.end());
    if (dot.kind != LexemeKind::sign || body[dot.offset] != '.') continue;
    const Lexeme part = next_lexeme(body, dot.end());
    if (part.kind == LexemeKind::sign && body[part.offset] == '*') found.whole = true;
    if (const std::string name = name_at(body, part); !name.empty()) found.columns.insert(name);
  }
  return found;
}

}  // namespace zdm::migrations
