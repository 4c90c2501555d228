#include "sql/lexer.hpp"
#include "sql/statement/reader.hpp"

namespace zdm::planner {

namespace {

// DROP, and the one to three words of what is dropped.
std::size_t head_words(PgQuery__ObjectType type) {
  switch (type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
    case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_EVENT_TRIGGER:
    case PG_QUERY__OBJECT_TYPE__OBJECT_ACCESS_METHOD:
      return 3;
    default:
      return 2;
  }
}

// Where each name of the list stands.
std::vector<Place> names(const PgQuery__DropStmt& stmt, std::string_view text) {
  const Words words{text};
  std::size_t count = head_words(stmt.remove_type);
  if (stmt.concurrent != 0) ++count;
  if (stmt.missing_ok != 0) count += 2;
  auto places = words.items(words.after(count));
  if (places.empty()) return places;
  Place& last = places.back();
  for (std::size_t at = last.offset; at < last.end();) {
    const Lexeme lexeme = next_lexeme(text, at);
    if (lexeme.kind == LexemeKind::end) break;
    if (lexeme.offset > last.offset &&
        (is_word(text, lexeme, "CASCADE") || is_word(text, lexeme, "RESTRICT"))) {
      last.length = Words{text.substr(0, lexeme.offset)}.end() - last.offset;
      break;
    }
    at = lexeme.end();
  }
  return places;
}

bool belongs_to_table(ObjectKind kind) {
  return kind == ObjectKind::trigger || kind == ObjectKind::policy || kind == ObjectKind::rule;
}

Place from_word(const StatementText& text, std::string_view word) {
  const std::size_t at = Words{text.text}.find(word);
  return text.place(at < text.text.size() ? at : 0, text.text.size());
}

}  // namespace

void read_drop(const PgQuery__DropStmt& stmt, const StatementText& text, Effects& effects) {
  const auto places = names(stmt, text.text);
  for (std::size_t i = 0; i < stmt.n_objects; ++i) {
    SqlEffect effect;
    effect.deed = Deed::drop;
    effect.kind = kind_of(stmt.remove_type);
    auto parts = names_of(stmt.objects[i]);
    if (belongs_to_table(effect.kind) && parts.size() > 1) {
      effect.part = parts.back();
      parts.pop_back();
    }
    effect.object = table_name(parts);
    if (stmt.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION) {
      effect.to = kExtension;
      effect.part = effect.object.name;
    }
    if (effect.kind == ObjectKind::other) effect.object = {};
    effect.concurrently = stmt.concurrent != 0;
    effect.cascade = stmt.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    effect.if_exists = stmt.missing_ok != 0;
    const Place place = i < places.size() ? places[i] : Place{0, text.text.size()};
    effect.where = text.place(place.offset, place.end());
    effects.push_back(std::move(effect));
  }
}

void read_rename(const PgQuery__RenameStmt& stmt, const StatementText& text, Effects& effects) {
  SqlEffect effect;
  effect.deed = Deed::rename;
  effect.kind = kind_of(stmt.rename_type);
  effect.object =
      stmt.relation != nullptr ? table_name(stmt.relation) : table_name(names_of(stmt.object));
  effect.part = stmt.subname;
  effect.to = stmt.newname;
  effect.if_exists = stmt.missing_ok != 0;
  effect.where = from_word(text, "RENAME");
  // ALTER SCHEMA s RENAME has its name where others have a part.
  if (effect.object.name.empty()) {
    effect.object.name = effect.part;
    effect.part.clear();
  }
  effects.push_back(std::move(effect));
}

}  // namespace zdm::planner
