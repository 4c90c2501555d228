#include "gate/scene.hpp"

#include "sql/lexer.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

std::string Scene::object() const {
  return quote(effect.object);
}

std::string Scene::part() const {
  return quote_identifier(effect.part);
}

std::string_view Scene::line_break() const {
  const auto end = file_.bytes.find('\n');
  const bool crlf = end != std::string::npos && end > 0 && file_.bytes[end - 1] == '\r';
  return crlf ? "\r\n" : "\n";
}

std::optional<Fix> insert_after(const Scene& scene, std::string_view word,
                                std::string_view inserted) {
  const std::string text = scene.statement_text();
  for (Lexeme lexeme = next_lexeme(text, 0); lexeme.kind != LexemeKind::end;
       lexeme = next_lexeme(text, lexeme.end())) {
    if (!is_word(text, lexeme, word)) continue;
    return Fix{scene.statement.place.offset + lexeme.end(), 0, " " + std::string(inserted)};
  }
  return std::nullopt;
}

}  // namespace zdm::planner
