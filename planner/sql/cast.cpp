#include "sql/expression.hpp"
#include "sql/lexer.hpp"

namespace zdm::planner {

namespace {

bool belongs_to_a_type(std::string_view text, const Lexeme& at) {
  constexpr std::string_view kSigns = "().,[]:";
  if (at.kind == LexemeKind::sign) return kSigns.find(text[at.offset]) != std::string_view::npos;
  return at.kind == LexemeKind::word || at.kind == LexemeKind::quoted_name ||
         at.kind == LexemeKind::number;
}

bool is_sign(std::string_view text, const Lexeme& at, char sign) {
  return at.kind == LexemeKind::sign && text[at.offset] == sign;
}

}  // namespace

// (CAST ( …)* column, and then nothing but brackets and types.
bool is_cast_of(std::string_view expression, std::string_view column) {
  Lexeme at = next_lexeme(expression, 0);
  while (is_sign(expression, at, '(') || is_word(expression, at, "CAST")) {
    at = next_lexeme(expression, at.end());
  }
  if (name_at(expression, at) != column) return false;
  bool may_end = true;  // a name or a bracket stands before, and no type has begun
  for (at = next_lexeme(expression, at.end()); at.kind != LexemeKind::end;
       at = next_lexeme(expression, at.end())) {
    const bool begins_type = is_sign(expression, at, ':') || is_word(expression, at, "AS");
    const bool closes = is_sign(expression, at, ')');
    if (may_end && !begins_type && !closes) return false;
    if (!belongs_to_a_type(expression, at)) return false;
    may_end = closes;
  }
  return true;
}

}  // namespace zdm::planner
