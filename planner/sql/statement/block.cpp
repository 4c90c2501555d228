#include "sql/statement/block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "sql/lexer.hpp"
#include "sql/text.hpp"

namespace zdm::planner {

namespace {

// Words that start a statement of SQL within PL/pgSQL.
constexpr std::array<std::string_view, 23> kStatements = {
    "ALTER",   "CREATE",  "DROP",    "UPDATE", "DELETE", "INSERT",  "TRUNCATE", "LOCK",
    "REFRESH", "REINDEX", "CLUSTER", "VACUUM", "GRANT",  "REVOKE",  "MERGE",    "WITH",
    "COMMENT", "CALL",    "DO",      "SET",    "RESET",  "ANALYZE", "REASSIGN"};
// Words after which one may start.
constexpr std::array<std::string_view, 5> kBefore = {"BEGIN", "THEN", "ELSE", "LOOP", "DECLARE"};
// Those that give rows, which FOR … IN and RETURN QUERY take.
constexpr std::array<std::string_view, 4> kGiveRows = {"UPDATE", "DELETE", "INSERT", "WITH"};
constexpr std::array<std::string_view, 7> kBranches = {"IF",    "LOOP", "CASE",   "EXCEPTION",
                                                       "WHILE", "FOR",  "FOREACH"};

template <std::size_t n>
bool one_of(std::string_view text, const Lexeme& lexeme,
            const std::array<std::string_view, n>& words) {
  return lexeme.kind == LexemeKind::word &&
         std::ranges::any_of(words, [&](auto word) { return is_word(text, lexeme, word); });
}

bool is_sign(std::string_view text, const Lexeme& lexeme, char sign) {
  return lexeme.kind == LexemeKind::sign && text[lexeme.offset] == sign;
}

// The contents of a literal; nothing where it has escapes, which are not the text that runs.
std::optional<Place> contents(std::string_view text, const Lexeme& literal) {
  std::size_t tag = 1;
  if (text[literal.offset] == '$') {
    tag = text.find('$', literal.offset + 1) + 1 - literal.offset;
  } else if (text[literal.offset] != '\'') {
    return std::nullopt;
  }
  if (literal.length < 2 * tag) return std::nullopt;
  const Place inside{literal.offset + tag, literal.length - 2 * tag};
  const auto body = text.substr(inside.offset, inside.length);
  if (tag == 1 && body.find('\'') != std::string_view::npos) return std::nullopt;
  return inside;
}

std::string without_doubled_quotes(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    plain += text[i];
    if (text[i] == '\'' && i + 1 < text.size() && text[i + 1] == '\'') ++i;
  }
  return plain;
}

class BodyReader {
 public:
  explicit BodyReader(StatementText body) : body_(body) {}

  Block run() {
    bool start = true;
    bool dot = false;  // what follows is a part of a name
    for (Lexeme lexeme = next_lexeme(body_.text, 0); lexeme.kind != LexemeKind::end;) {
      if (one_of(body_.text, lexeme, kBranches)) block_.branches = true;
      note_variable(lexeme, start);
      if (start && one_of(body_.text, lexeme, kStatements)) {
        lexeme = statement(lexeme);
      } else if (start && is_word(body_.text, lexeme, "PERFORM")) {
        lexeme = perform(lexeme);
      } else if (is_word(body_.text, lexeme, "EXECUTE")) {
        lexeme = execute(lexeme);
      } else if (const Lexeme next = next_lexeme(body_.text, lexeme.end());
                 (is_word(body_.text, lexeme, "IN") || is_word(body_.text, lexeme, "QUERY")) &&
                 one_of(body_.text, next, kGiveRows)) {
        lexeme = statement(next, "LOOP");
        start = false;
      } else {
        if (!dot) note_call(lexeme);
        dot = is_sign(body_.text, lexeme, '.');
        start = is_sign(body_.text, lexeme, ';') || one_of(body_.text, lexeme, kBefore);
        lexeme = next_lexeme(body_.text, lexeme.end());
      }
    }
    return std::move(block_);
  }

 private:
  [[nodiscard]] StatementText part(std::size_t begin, std::size_t end) const {
    return {body_.text.substr(begin, end - begin), body_.offset + begin, body_.within};
  }

  // What stands at the start of a declaration, and behind FOR.
  void note_variable(const Lexeme& lexeme, bool start) {
    if (is_word(body_.text, lexeme, "DECLARE") || is_word(body_.text, lexeme, "BEGIN")) {
      declaring_ = is_word(body_.text, lexeme, "DECLARE");
    } else if (start && declaring_) {
      add_variable(lexeme);
    } else if (is_word(body_.text, lexeme, "FOR") || is_word(body_.text, lexeme, "FOREACH")) {
      add_variable(next_lexeme(body_.text, lexeme.end()));
    }
  }

  void add_variable(const Lexeme& name) {
    if (auto named = name_at(body_.text, name); !named.empty()) {
      block_.variables.push_back(std::move(named));
    }
  }

  // A name before a bracket, each once: what an expression calls.
  void note_call(const Lexeme& first) {
    Lexeme name = first;
    Lexeme after = next_lexeme(body_.text, name.end());
    TableName called{"", name_at(body_.text, name)};
    if (called.name.empty()) return;
    if (is_sign(body_.text, after, '.')) {
      name = next_lexeme(body_.text, after.end());
      after = next_lexeme(body_.text, name.end());
      called = {std::move(called.name), name_at(body_.text, name)};
      if (called.name.empty()) return;
    }
    if (!is_sign(body_.text, after, '(') || !called_.insert(called).second) return;
    BlockPart found;
    found.text = part(first.offset, name.end());
    found.called = std::move(called);
    block_.parts.push_back(std::move(found));
  }

  // Up to its semicolon, or a word that ends it, which is the lexeme to go on with.
  Lexeme statement(const Lexeme& first, std::string_view last = {}) {
    int depth = 0;
    std::size_t end = first.end();
    Lexeme lexeme = first;
    for (; lexeme.kind != LexemeKind::end; lexeme = next_lexeme(body_.text, lexeme.end())) {
      if (is_sign(body_.text, lexeme, '(')) ++depth;
      if (is_sign(body_.text, lexeme, ')')) --depth;
      if (depth <= 0 && is_sign(body_.text, lexeme, ';')) break;
      if (depth <= 0 && !last.empty() && is_word(body_.text, lexeme, last)) break;
      end = lexeme.end();
    }
    BlockPart found;
    found.text = part(first.offset, end);
    without_into(found);
    block_.parts.push_back(std::move(found));
    return lexeme;
  }

  // PERFORM is SELECT, and as long.
  Lexeme perform(const Lexeme& word) {
    const Lexeme end = statement(word);
    BlockPart& found = block_.parts.back();
    found.owned = fmt::format("SELECT {}", found.text.text.substr(word.length));
    found.calls = true;
    return end;
  }

  // RETURNING … INTO variables is PL/pgSQL's own.
  static void without_into(BlockPart& found) {
    const Words words{found.text.text};
    const std::size_t returning = words.find("RETURNING");
    const std::size_t into = words.find("INTO", returning);
    if (into < found.text.text.size()) found.text.text = found.text.text.substr(0, into);
  }

  // EXECUTE 'literal', and then INTO, USING, LOOP or the end; anything else is put together.
  Lexeme execute(const Lexeme& word) {
    const Lexeme literal = next_lexeme(body_.text, word.end());
    const Lexeme after = next_lexeme(body_.text, literal.end());
    const bool alone = after.kind == LexemeKind::end || is_sign(body_.text, after, ';') ||
                       is_word(body_.text, after, "INTO") || is_word(body_.text, after, "USING") ||
                       is_word(body_.text, after, "LOOP");
    BlockPart found;
    found.text = part(word.offset, literal.end());
    const bool whole = literal.kind == LexemeKind::string && alone;
    if (const auto inside = whole ? contents(body_.text, literal) : std::nullopt) {
      found.text = part(inside->offset, inside->end());
    } else if (whole && body_.text[literal.offset] == '\'') {
      found.text.within = found.text.place(0, found.text.text.size());
      found.owned =
          without_doubled_quotes(body_.text.substr(literal.offset + 1, literal.length - 2));
    } else {
      found.dynamic = true;
    }
    block_.parts.push_back(std::move(found));
    return after.kind == LexemeKind::end     ? after
           : literal.kind == LexemeKind::end ? literal
                                             : after;
  }

  StatementText body_;
  Block block_;
  std::set<TableName> called_;
  bool declaring_ = false;
};

const PgQuery__DefElem* element(PgQuery__Node* const* options, std::size_t count,
                                std::string_view name) {
  for (std::size_t i = 0; i < count; ++i) {
    if (options[i]->node_case != PG_QUERY__NODE__NODE_DEF_ELEM) continue;
    if (options[i]->def_elem->defname == name) return options[i]->def_elem;
  }
  return nullptr;
}

// The contents of the literal that stands at a byte of the text.
std::optional<StatementText> literal_at(const StatementText& text, std::size_t at) {
  const Lexeme literal = next_lexeme(text.text, at);
  if (literal.kind != LexemeKind::string) return std::nullopt;
  const auto inside = contents(text.text, literal);
  if (!inside) return std::nullopt;
  return StatementText{text.text.substr(inside->offset, inside->length),
                       text.offset + inside->offset, text.within};
}

// BEGIN ATOMIC … END
std::optional<StatementText> atomic(const StatementText& text) {
  const std::size_t begin = Words{text.text}.find("ATOMIC");
  const std::size_t end = text.text.size() - 3;  // of END, the last word
  if (begin + 6 >= end) return std::nullopt;
  return StatementText{text.text.substr(begin + 6, end - begin - 6), text.offset + begin + 6,
                       text.within};
}

}  // namespace

Block read_block(const PgQuery__DoStmt& stmt, const StatementText& text) {
  const PgQuery__DefElem* language = element(stmt.args, stmt.n_args, "language");
  const PgQuery__DefElem* body = element(stmt.args, stmt.n_args, "as");
  BlockPart unknown;
  unknown.text = text;
  unknown.dynamic = true;
  if (body == nullptr) return {};
  if (language != nullptr && fold(string_of(language->arg)) != "plpgsql") return {{unknown}, true};
  const auto inside = literal_at(text, place(body->location));
  if (!inside) return {{unknown}, true};
  return BodyReader(*inside).run();
}

std::optional<Block> read_body(const PgQuery__CreateFunctionStmt& stmt, const StatementText& text) {
  if (text.within) return std::nullopt;
  const PgQuery__DefElem* language = element(stmt.options, stmt.n_options, "language");
  const PgQuery__DefElem* as = element(stmt.options, stmt.n_options, "as");
  const std::string name = language == nullptr ? "sql" : fold(string_of(language->arg));
  // behind the word AS
  const auto inside = as != nullptr ? literal_at(text, place(as->location) + 2) : atomic(text);
  if (!inside || (name != "sql" && name != "plpgsql")) return std::nullopt;
  Block block;
  if (name == "sql") {
    block.parts.push_back({*inside, {}, false, false});
  } else {
    block = BodyReader(*inside).run();
  }
  for (std::size_t i = 0; i < stmt.n_parameters; ++i) {
    const PgQuery__FunctionParameter& parameter = *stmt.parameters[i]->function_parameter;
    block.variables.emplace_back(parameter.name);
  }
  return block;
}

}  // namespace zdm::planner
