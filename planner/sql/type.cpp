#include "sql/type.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "sql/big_stack.hpp"
#include "sql/lexer.hpp"
#include "sql/pg_signs.hpp"
#include "sql/pg_tree.hpp"

namespace zdm::planner {
namespace {

constexpr std::string_view kBefore = "CREATE TABLE t (c ";
constexpr std::size_t kLongest = 1000;

constexpr std::array<std::string_view, 6> kSerial = {"serial",  "serial2",   "serial4",
                                                     "serial8", "bigserial", "smallserial"};

/// With these a column's definition goes on after its type; PostgreSQL's grammar need not know
/// how it goes on.
constexpr std::array<std::string_view, 12> kAfterType = {
    "AS",  "AUTOINCREMENT", "CHECK",   "CONSTRAINT", "DEFAULT", "GENERATED",
    "NOT", "NULL",          "PRIMARY", "REFERENCES", "UNIQUE",  "ON"};

template <class T>
const T& as(const ProtobufCMessage& message) {
  return reinterpret_cast<const T&>(message);
}

SqlFault no_type(std::size_t offset) {
  return {"a type is wanted here, and nothing else", offset};
}

/// The column's definition where the statement is CREATE TABLE t (c …) with one column.
const PgQuery__ColumnDef* only_column(const PgQuery__ParseResult& tree) {
  const ProtobufCMessage* statement = tree.n_stmts == 1 ? held(tree.stmts[0]->stmt) : nullptr;
  if (statement == nullptr || statement->descriptor != &pg_query__create_stmt__descriptor) {
    return nullptr;
  }
  const auto& create = as<PgQuery__CreateStmt>(*statement);
  const bool plain = create.n_inh_relations == 0 && create.n_options == 0 &&
                     create.partspec == nullptr && create.of_typename == nullptr;
  if (!plain || create.n_table_elts != 1) return nullptr;
  const ProtobufCMessage* element = held(create.table_elts[0]);
  const bool column = element->descriptor == &pg_query__column_def__descriptor;
  return column ? &as<PgQuery__ColumnDef>(*element) : nullptr;
}

enum class Reading { type, more_than_type, unknown };

Reading read_here(std::string_view text) {
  const auto statement = fmt::format("{}{}\n)", kBefore, text);
  const PgParse parse(pg_query_parse_protobuf(statement.c_str()));
  if (parse->error != nullptr) return Reading::unknown;
  const PgTree tree = unpack(parse);
  const auto* column = only_column(*tree);
  const bool plain = column != nullptr && column->n_constraints == 0 && column->n_fdwoptions == 0 &&
                     column->type_name != nullptr && !column->type_name->setof;
  return plain ? Reading::type : Reading::more_than_type;
}

bool goes_on(std::string_view text, const Lexeme& word) {
  return std::ranges::any_of(kAfterType,
                             [&](std::string_view each) { return is_word(text, word, each); });
}

/// Words, and numbers with their signs and commas in brackets.
std::optional<SqlFault> words_fault(std::string_view text) {
  int depth = 0;
  bool any = false;
  for (auto token = next_lexeme(text, 0); token.kind != LexemeKind::end;
       token = next_lexeme(text, token.end())) {
    const char sign = text[token.offset];
    const bool word = token.kind == LexemeKind::word || token.kind == LexemeKind::quoted_name;
    if (!token.closed || (word && (depth > 0 || goes_on(text, token))))
      return no_type(token.offset);
    any = any || word;
    if (word) continue;
    if (token.kind == LexemeKind::sign && sign == '(') ++depth;
    if (token.kind == LexemeKind::sign && sign == ')') --depth;
    const bool inside = depth > 0 || sign == ')';
    const bool number = token.kind == LexemeKind::number || sign == '+' || sign == '-';
    const bool known = number || sign == ',' || sign == '(' || sign == ')';
    if (!inside || !known || depth < 0 || depth > 1) return no_type(token.offset);
  }
  if (!any || depth != 0) return no_type(text.size());
  return std::nullopt;
}

}  // namespace

std::optional<SqlFault> type_fault(std::string_view text) {
  if (text.size() > kLongest) return SqlFault{"a type is not as long as this", kLongest};
  if (auto wrong = costly_signs(text)) return wrong;
  auto reading = Reading::unknown;
  if (!run_on_big_stack([&] { reading = read_here(text); })) {
    return SqlFault{"the parser got no memory for its stack", 0};
  }
  switch (reading) {
    case Reading::type:
      return std::nullopt;
    case Reading::more_than_type:
    case Reading::unknown:
      break;
  }
  auto wrong = words_fault(text);
  if (!wrong && reading == Reading::more_than_type) wrong = no_type(0);
  return wrong;
}

std::string_view without_collation(std::string_view type) {
  for (auto token = next_lexeme(type, 0); token.kind != LexemeKind::end;
       token = next_lexeme(type, token.end())) {
    if (is_word(type, token, "COLLATE")) return type.substr(0, token.offset);
  }
  return type;
}

bool is_serial(std::string_view type) {
  const auto word = next_lexeme(type, 0);
  if (word.kind != LexemeKind::word) return false;
  if (next_lexeme(type, word.end()).kind != LexemeKind::end) return false;
  std::string lower(type.substr(word.offset, word.length));
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::find(kSerial, lower) != kSerial.end();
}

}  // namespace zdm::planner
