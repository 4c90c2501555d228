#include <algorithm>

#include "database/catalog/records.hpp"
#include "database/catalog/sqlite_readers.hpp"
#include "database/catalog/words.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {

using planner::Column;
using planner::DefaultKind;
using planner::Generated;
using planner::Table;

namespace {

/// A literal or an expression of literals is constant. What calls a function or asks for the time
/// is taken as volatile: SQLite does not say which functions are not.
DefaultKind kind_of(const std::string& expression) {
  const SqlItem item = tokens_of(expression);
  for (std::size_t at = 0; at < item.tokens.size(); ++at) {
    const std::string word = item.word(at);
    const bool name = !word.empty() && (word[0] == '_' || (word[0] >= 'A' && word[0] <= 'Z'));
    if (word.starts_with("CURRENT_") || (name && word != "CAST" && item.word(at + 1) == "(")) {
      return DefaultKind::volatile_;
    }
  }
  return DefaultKind::constant;
}

/// DEFAULT "text", `text`, [text] or a bare word that is none of SQLite's own is a string, yet in
/// any other place it would be the name of a column.
std::string as_literal(const std::string& text) {
  const SqlItem item = tokens_of(text);
  const std::string word = item.word(0);
  if (item.tokens.size() != 1 || word.empty()) return text;
  const bool quoted = std::string_view("\"`[").find(word[0]) != std::string_view::npos;
  const bool bare = word[0] == '_' || (word[0] >= 'A' && word[0] <= 'Z');
  const bool own =
      word == "TRUE" || word == "FALSE" || word == "NULL" || word.starts_with("CURRENT_");
  if (!quoted && (!bare || own)) return text;
  return planner::quote_literal(unquoted(item.tokens[0]), planner::Engine::sqlite);
}

/// The definition of a column in the statement, or null.
const SqlItem* definition_of(const SqlStatement& statement, const std::string& name) {
  const auto item = std::ranges::find_if(statement.items, [&](const SqlItem& each) {
    return !each.tokens.empty() && lower(unquoted(each.tokens[0])) == lower(name);
  });
  return item == statement.items.end() ? nullptr : &*item;
}

void read_definition(const SqlStatement& statement, const SqlItem& item, Column& column) {
  for (std::size_t at = 1; at < item.tokens.size(); ++at) {
    if (item.word(at) == "COLLATE" && at + 1 < item.tokens.size()) {
      const std::string collation = unquoted(item.tokens[at + 1]);
      column.collation = lower(collation) == "binary" ? "" : collation_sql(collation);
    } else if (item.word(at) == "AS" && item.word(at + 1) == "(" &&
               column.generated != Generated::none) {
      column.generated_sql = statement.from(item, at + 2, after_bracket(item, at + 1) - 1);
    }
    if (item.tokens[at] == "(") {
      at = after_bracket(item, at) - 1;
    }
  }
}

}  // namespace

std::string collation_sql(const std::string& name) {
  const std::string folded = lower(name);
  return planner::quote_identifier(folded) == folded ? name : planner::quote_identifier(name);
}

Result<void> read_sqlite_columns(Connection& connection, const SqlStatement& statement,
                                 Table& table) {
  // hidden: 0 ordinary, 1 of a virtual table, 2 VIRTUAL and 3 STORED generated columns.
  constexpr std::string_view kSql = R"(
    SELECT cid, name, type, "notnull" AS not_null, dflt_value, hidden FROM pragma_table_xinfo($1))";
  return for_each(connection, kSql, {table.name.name}, [&](const Record& row) {
    Column column;
    column.name = row.text("name");
    column.attnum = row.number("cid") + 1;
    column.type = row.text("type");
    column.not_null = row.flag("not_null");
    column.generated = row.number("hidden") == 2   ? Generated::virtual_
                       : row.number("hidden") == 3 ? Generated::stored
                                                   : Generated::none;
    if (const std::string text = row.text("dflt_value"); !text.empty() && lower(text) != "null") {
      column.default_sql = as_literal(text);
      column.default_kind = kind_of(column.default_sql);
    }
    if (const SqlItem* item = definition_of(statement, column.name)) {
      read_definition(statement, *item, column);
    }
    table.columns.push_back(std::move(column));
  });
}

}  // namespace zdm::migrations
