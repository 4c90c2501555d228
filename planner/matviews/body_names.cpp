#include "matviews/body_names.hpp"

#include <algorithm>
#include <array>

#include "sql/lexer.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {
namespace {

bool names_relation_next(std::string_view body, const Lexeme& lexeme) {
  constexpr std::array<std::string_view, 4> kBefore = {"FROM", "JOIN", "UPDATE", "INTO"};
  return std::ranges::any_of(kBefore,
                             [&](std::string_view word) { return is_word(body, lexeme, word); });
}

bool is_name(const Lexeme& lexeme) {
  return lexeme.kind == LexemeKind::word || lexeme.kind == LexemeKind::quoted_name;
}

}  // namespace

std::vector<std::string> unqualified_relations(std::string_view body) {
  std::vector<std::string> names;
  for (Lexeme at = next_lexeme(body, 0); at.kind != LexemeKind::end;
       at = next_lexeme(body, at.end())) {
    if (!names_relation_next(body, at)) continue;
    const Lexeme name = next_lexeme(body, at.end());
    if (!is_name(name)) continue;
    const Lexeme after = next_lexeme(body, name.end());
    const bool more =
        after.kind == LexemeKind::sign && (body[after.offset] == '.' || body[after.offset] == '(');
    if (more) continue;
    const auto folded = parse_identifier(body.substr(name.offset, name.length));
    if (folded && std::ranges::find(names, *folded) == names.end()) names.push_back(*folded);
  }
  return names;
}

}  // namespace zdm::planner
