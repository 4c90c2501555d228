#include <algorithm>
#include <array>

#include "sql/lexer.hpp"
#include "sql/statement/reader.hpp"

namespace zdm::planner {

namespace {

int bracket(std::string_view text, const Lexeme& lexeme) {
  if (lexeme.kind != LexemeKind::sign) return 0;
  const char c = text[lexeme.offset];
  return c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
}

bool is_sign(std::string_view text, const Lexeme& lexeme, char sign) {
  return lexeme.kind == LexemeKind::sign && text[lexeme.offset] == sign;
}

// Words that start the next clause of a column.
constexpr std::array<std::string_view, 10> kClauses = {
    "CONSTRAINT", "NOT",     "NULL",       "DEFAULT",   "CHECK",
    "UNIQUE",     "PRIMARY", "REFERENCES", "GENERATED", "COLLATE"};

}  // namespace

std::size_t Words::name_end(std::size_t at) const {
  Lexeme lexeme = next_lexeme(text, at);
  std::size_t end = lexeme.end();
  for (lexeme = next_lexeme(text, end); is_sign(text, lexeme, '.');
       lexeme = next_lexeme(text, end)) {
    end = next_lexeme(text, lexeme.end()).end();
  }
  return is_sign(text, lexeme, '*') ? lexeme.end() : end;
}

std::vector<Place> Words::items(std::size_t at) const {
  std::vector<Place> items;
  int depth = 0;
  std::size_t begin = text.size();
  std::size_t end = at;
  for (Lexeme lexeme = next_lexeme(text, at); lexeme.kind != LexemeKind::end;
       lexeme = next_lexeme(text, lexeme.end())) {
    depth += bracket(text, lexeme);
    if (depth == 0 && is_sign(text, lexeme, ',')) {
      if (begin < end) items.push_back({begin, end - begin});
      begin = text.size();
      continue;
    }
    begin = std::min(begin, lexeme.offset);
    end = lexeme.end();
  }
  if (begin < end) items.push_back({begin, end - begin});
  return items;
}

std::size_t Words::after(std::size_t count) const {
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) at = next_lexeme(text, at).end();
  return at;
}

std::size_t Words::find(std::string_view word, std::size_t at) const {
  int depth = 0;
  for (Lexeme lexeme = next_lexeme(text, at); lexeme.kind != LexemeKind::end;
       lexeme = next_lexeme(text, lexeme.end())) {
    depth += bracket(text, lexeme);
    if (depth == 0 && is_word(text, lexeme, word)) return lexeme.offset;
  }
  return text.size();
}

std::size_t Words::clause_end(std::size_t at) const {
  int depth = 0;
  // The words that open the clause itself: CONSTRAINT name CHECK, PRIMARY KEY.
  Lexeme lexeme = next_lexeme(text, at);
  std::size_t end = lexeme.end();
  if (is_word(text, lexeme, "CONSTRAINT")) {
    end = next_lexeme(text, next_lexeme(text, end).end()).end();
  }
  for (lexeme = next_lexeme(text, end); lexeme.kind != LexemeKind::end;
       lexeme = next_lexeme(text, lexeme.end())) {
    if (depth == 0) {
      if (is_sign(text, lexeme, ',') || bracket(text, lexeme) < 0) break;
      if (std::ranges::any_of(kClauses, [&](auto word) { return is_word(text, lexeme, word); })) {
        break;
      }
    }
    depth += bracket(text, lexeme);
    end = lexeme.end();
  }
  return end;
}

std::size_t Words::end() const {
  std::size_t end = 0;
  for (Lexeme lexeme = next_lexeme(text, 0); lexeme.kind != LexemeKind::end;
       lexeme = next_lexeme(text, lexeme.end())) {
    end = lexeme.end();
  }
  return end;
}

}  // namespace zdm::planner
