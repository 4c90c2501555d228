#include "sql/sqlite_table.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include <fmt/format.h>

#include "sql/expression.hpp"
#include "sql/quote.hpp"
#include "sql/sqlite_tokens.hpp"
#include "sql/text.hpp"

namespace zdm::planner {

namespace {

/// What SQLite stores it has read itself: a text that cannot be cut into tokens is none of its own,
/// and nothing is found in it.
std::vector<SqliteToken> tokens_of(std::string_view sql) {
  auto read = sqlite_tokens(sql);
  return read ? std::move(read->tokens) : std::vector<SqliteToken>{};
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool is_name(const SqliteToken& token) {
  return token.kind == SqliteTokenKind::name || token.kind == SqliteTokenKind::word;
}

/// The tokens of one column's definition, its name included.
class Definition {
 public:
  [[nodiscard]] static Result<Definition> find(std::string_view sql, std::string_view column) {
    Definition found;
    found.sql_ = sql;
    int depth = 0;
    std::vector<SqliteToken> item;
    for (const auto& token : tokens_of(sql)) {
      const auto text = token.text;
      if (text == ")" && --depth == 0) break;
      if (depth == 1 && text == ",") {
        if (matches(item, column)) break;
        item.clear();
      } else if (depth >= 1) {
        item.push_back(token);
      }
      if (text == "(") ++depth;
    }
    if (!matches(item, column)) {
      return fail(
          ErrorCode::refused,
          fmt::format("the definition of column {} was not found in the table's CREATE TABLE",
                      column),
          "rebuild the table so that sqlite_schema holds its columns in a plain form");
    }
    found.tokens_ = std::move(item);
    return found;
  }

  /// Every item of the list: columns, and constraints of the table.
  [[nodiscard]] static std::vector<Definition> all(std::string_view sql) {
    std::vector<Definition> items;
    int depth = 0;
    for (const auto& token : tokens_of(sql)) {
      const auto text = token.text;
      if (text == ")" && --depth == 0) break;
      if (depth >= 1) {
        if (items.empty() || (depth == 1 && text == ",")) items.emplace_back().sql_ = sql;
        if (depth > 1 || text != ",") items.back().tokens_.push_back(token);
      }
      if (text == "(") ++depth;
    }
    return items;
  }
  /// Whether this is the definition of the column.
  [[nodiscard]] bool defines(std::string_view column) const { return matches(tokens_, column); }
  /// Index of the bracket that closes the one at `i`, or size().
  [[nodiscard]] std::size_t closing(std::size_t i) const {
    int depth = 0;
    for (; i < size(); ++i) {
      if (text(i) == "(") ++depth;
      if (text(i) == ")" && --depth == 0) return i;
    }
    return size();
  }

  [[nodiscard]] std::string_view text(std::size_t i) const {
    return i < tokens_.size() ? tokens_[i].text : std::string_view{};
  }
  [[nodiscard]] bool is(std::size_t i, std::string_view word) const {
    return equal_ignoring_case(text(i), word);
  }
  /// The token as the name it stands for.
  [[nodiscard]] std::string name(std::size_t i) const { return sqlite_name(tokens_[i]); }
  [[nodiscard]] std::size_t size() const { return tokens_.size(); }
  [[nodiscard]] std::size_t begin(std::size_t i) const { return tokens_[i].begin; }
  [[nodiscard]] std::size_t end(std::size_t i) const { return tokens_[i].end; }

  /// First token of the constraint that starts at or before `i` with CONSTRAINT name.
  [[nodiscard]] std::size_t with_its_name(std::size_t i) const {
    return i >= 3 && is(i - 2, "constraint") ? i - 2 : i;
  }
  /// Index after the value of a DEFAULT at `i`: a literal, a signed number or a parenthesised
  /// expression.
  [[nodiscard]] std::size_t after_default(std::size_t i) const {
    std::size_t at = i + 1;
    if (text(at) == "+" || text(at) == "-") ++at;
    if (text(at) != "(") return at + 1;
    int depth = 0;
    do {
      if (text(at) == "(") ++depth;
      if (text(at) == ")") --depth;
      ++at;
    } while (depth > 0 && at < size());
    return at;
  }
  /// Index of a column constraint's keyword outside parentheses, or size().
  [[nodiscard]] std::size_t find_keyword(std::string_view first,
                                         std::string_view second = {}) const {
    int depth = 0;
    for (std::size_t i = 1; i < size(); ++i) {
      if (text(i) == "(") ++depth;
      if (text(i) == ")") --depth;
      const bool action = i > 0 && is(i - 1, "set");  // ON DELETE SET DEFAULT, SET NULL
      if (depth == 0 && !action && is(i, first) && (second.empty() || is(i + 1, second))) return i;
    }
    return size();
  }

  /// Index of the first column constraint, or size().
  [[nodiscard]] std::size_t first_constraint() const {
    static constexpr std::array<std::string_view, 11> words = {
        "constraint", "primary", "not",        "null",      "unique", "check",
        "default",    "collate", "references", "generated", "as"};
    auto first = size();
    for (const auto word : words) first = std::min(first, find_keyword(word));
    return first;
  }

 private:
  [[nodiscard]] static bool matches(const std::vector<SqliteToken>& item, std::string_view column) {
    if (item.empty() || !is_name(item.front())) return false;
    const auto first = item.front().text;
    static constexpr std::array<std::string_view, 5> table_constraints = {
        "constraint", "primary", "unique", "check", "foreign"};
    if (std::ranges::any_of(table_constraints,
                            [&](auto word) { return equal_ignoring_case(first, word); })) {
      return false;
    }
    return equal_ignoring_case(sqlite_name(item.front()), column);
  }

  std::string_view sql_;
  std::vector<SqliteToken> tokens_;
};

/// The text with `added` written at `at`, right behind a token.
std::string with(std::string_view sql, std::size_t at, std::string_view added) {
  return fmt::format("{}{}{}", sql.substr(0, at), added, sql.substr(at));
}

/// The text without [begin, end) and the blanks before it. Where a comment stands before it they
/// stay: the end of a line may be the end of the comment.
std::string without(std::string_view sql, const Definition& definition, std::size_t first,
                    std::size_t last) {
  const auto blanks = definition.end(first - 1);
  const bool bare = std::ranges::all_of(sql.substr(blanks, definition.begin(first) - blanks),
                                        [](char c) { return is_blank(c); });
  return fmt::format("{}{}", sql.substr(0, bare ? blanks : definition.begin(first)),
                     sql.substr(definition.end(last)));
}

/// A piece of the text, and what is to stand there.
struct Edit {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string instead;
};

std::string edited(std::string_view sql, std::vector<Edit> edits) {
  std::ranges::sort(edits, {}, &Edit::begin);
  std::string result;
  std::size_t at = 0;
  for (const auto& edit : edits) {
    result.append(sql.substr(at, edit.begin - at)).append(edit.instead);
    at = edit.end;
  }
  return result.append(sql.substr(at));
}

/// The CHECKs and the key lists of one item with `from` read as `to`: one edit for each bracket.
std::vector<Edit> carried_edits(std::string_view sql, const Definition& item, std::string_view from,
                                std::string_view to) {
  const auto renamed = [&](std::string_view name) {
    return equal_ignoring_case(name, from) ? quote_identifier(to) : std::string{};
  };
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < item.size(); ++i) {
    if (item.text(i) != "(") continue;
    const auto close = item.closing(i);
    if (close == item.size()) break;
    const auto begin = item.end(i);
    const auto inside = sql.substr(begin, item.begin(close) - begin);
    const bool key = i == 0 ? false : item.is(i - 1, "key") && i > 1 && item.is(i - 2, "foreign");
    if (i > 0 && item.is(i - 1, "check")) {
      edits.push_back({begin, item.begin(close), replace_columns(Engine::sqlite, inside, renamed)});
    } else if (key) {
      for (auto at = i + 1; at < close; ++at) {
        const auto name = renamed(item.name(at));
        if (!name.empty()) edits.push_back({item.begin(at), item.end(at), name});
      }
    }
    i = close;
  }
  return edits;
}

/// The expression, so that a bracket behind it is not in its comment.
std::string closed(const std::string& expression) {
  const auto read = sqlite_tokens(expression);
  return read && read->open_comment != std::string_view::npos ? expression + "\n" : expression;
}

bool is_literal(std::string_view expression) {
  const auto tokens = tokens_of(expression);
  const std::size_t value = !tokens.empty() && (tokens[0].text == "-" || tokens[0].text == "+");
  if (tokens.size() != value + 1) return false;
  const auto kind = tokens[value].kind;
  return kind == SqliteTokenKind::number || (value == 0 && kind == SqliteTokenKind::string);
}

}  // namespace

Result<std::string> sqlite_set_not_null(std::string_view create_table, std::string_view column,
                                        bool not_null) {
  ZDM_TRY(const Definition definition, Definition::find(create_table, column));
  const auto at = definition.find_keyword("not", "null");
  const bool present = at < definition.size();
  if (present == not_null) return std::string(create_table);
  if (not_null) {
    // Right behind the type, where people write it: a NOT NULL that was lifted comes back there.
    return with(create_table, definition.end(definition.first_constraint() - 1), " NOT NULL");
  }
  auto last = at + 2;  // ON CONFLICT action belongs to the constraint
  if (definition.is(last, "on") && definition.is(last + 1, "conflict")) last += 3;
  return without(create_table, definition, definition.with_its_name(at), last - 1);
}

Result<std::string> sqlite_set_default(std::string_view create_table, std::string_view column,
                                       const std::optional<std::string>& expression) {
  ZDM_TRY(const Definition definition, Definition::find(create_table, column));
  const auto at = definition.find_keyword("default");
  std::string sql(create_table);
  if (at < definition.size()) {
    sql = without(create_table, definition, definition.with_its_name(at),
                  definition.after_default(at) - 1);
  }
  if (!expression) return sql;
  ZDM_TRY(const Definition bare, Definition::find(sql, column));
  return with(sql, bare.end(bare.size() - 1),
              is_literal(*expression) ? fmt::format(" DEFAULT {}", *expression)
                                      : fmt::format(" DEFAULT ({})", closed(*expression)));
}

Result<bool> sqlite_column_says(std::string_view create_table, std::string_view column,
                                std::string_view first, std::string_view second) {
  ZDM_TRY(const Definition definition, Definition::find(create_table, column));
  return definition.find_keyword(first, second) < definition.size();
}

Result<std::string> sqlite_carry_constraints(std::string_view create_table, std::string_view from,
                                             std::string_view to) {
  ZDM_TRY(const Definition target, Definition::find(create_table, to));
  std::vector<Edit> edits;
  std::string own;
  for (const auto& item : Definition::all(create_table)) {
    auto found = carried_edits(create_table, item, from, to);
    if (!item.defines(from)) {
      std::ranges::move(found, std::back_inserter(edits));
      continue;
    }
    for (std::size_t i = 0; i + 1 < item.size(); ++i) {
      if (item.text(i) == "(") i = item.closing(i);
      if (!item.is(i, "check") || item.text(i + 1) != "(") continue;
      const auto begin = item.begin(item.with_its_name(i));
      const auto bracket = item.end(i + 1);
      const auto edit = std::ranges::find(found, bracket, &Edit::begin);
      if (edit == found.end()) continue;
      own += fmt::format(" {}{})", create_table.substr(begin, bracket - begin), edit->instead);
    }
  }
  const auto end = target.end(target.size() - 1);
  if (!own.empty()) edits.push_back({end, end, own});
  return edited(create_table, std::move(edits));
}

}  // namespace zdm::planner
