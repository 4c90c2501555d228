#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "sql/keywords.hpp"
#include "sql/other_rows.hpp"
#include "sql/sqlite_parser.hpp"
#include "sql/sqlite_tokens.hpp"
#include "sql/text.hpp"

namespace zdm::planner {

namespace {

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view other) { return equal_folded(word, other); });
}

// Words after an operand, by what must follow them.
constexpr std::array<std::string_view, 14> kInfix = {"and",    "or",      "is",     "like", "glob",
                                                     "regexp", "match",   "escape", "when", "then",
                                                     "else",   "between", "in",     "not"};
constexpr std::array<std::string_view, 3> kPostfix = {"isnull", "notnull", "end"};
constexpr std::array<std::string_view, 7> kAfterNot = {"like", "glob",    "regexp", "match",
                                                       "in",   "between", "null"};
// Words where an operand stands that another operand follows.
constexpr std::array<std::string_view, 6> kPrefix = {"not",  "exists",   "case",
                                                     "when", "distinct", "from"};
constexpr std::array<std::string_view, 6> kConstants = {
    "null", "true", "false", "current_date", "current_time", "current_timestamp"};

enum class Bracket { group, call, cast, query };

// One pass over the tokens that knows at each whether an operand or an operator must stand there.
class Parser {
 public:
  explicit Parser(const std::vector<SqliteToken>& tokens) : tokens_(tokens) {}

  ParseResult run(std::size_t size) {
    while (at_ < tokens_.size()) {
      const bool fine = in_query() ? query() : operand_ ? operand() : operation();
      if (!fine) return fault(std::move(problem_), tokens_[problem_at_].begin);
    }
    if (!brackets_.empty()) return fault("a bracket is not closed", tokens_[opened_.back()].begin);
    if (operand_) return fault("it ends too early: something is missing", size);
    return std::move(result_);
  }

 private:
  [[nodiscard]] const SqliteToken* token(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? &tokens_[at_ + ahead] : nullptr;
  }
  [[nodiscard]] bool sign(char c, std::size_t ahead = 0) const {
    const SqliteToken* t = token(ahead);
    return t != nullptr && t->kind == SqliteTokenKind::sign && t->text[0] == c;
  }
  [[nodiscard]] bool word(std::string_view w, std::size_t ahead = 0) const {
    const SqliteToken* t = token(ahead);
    return t != nullptr && t->kind == SqliteTokenKind::word && equal_folded(t->text, w);
  }
  [[nodiscard]] bool named(std::size_t ahead = 0) const {
    const SqliteToken* t = token(ahead);
    return t != nullptr && (t->kind == SqliteTokenKind::word || t->kind == SqliteTokenKind::name);
  }
  [[nodiscard]] bool in_query() const {
    return !brackets_.empty() && brackets_.back() == Bracket::query;
  }

  bool refuse(std::string problem) {
    problem_ = std::move(problem);
    problem_at_ = std::min(at_, tokens_.size() - 1);
    return false;
  }
  bool unexpected() {
    return refuse(fmt::format("syntax error at or near \"{}\"", tokens_[at_].text));
  }
  // Goes on behind `count` tokens; `operand` must stand there.
  bool go(std::size_t count, bool operand) {
    at_ += count;
    operand_ = operand;
    return true;
  }

  bool open(Bracket bracket, std::size_t tokens_before) {
    at_ += tokens_before;
    brackets_.push_back(bracket);
    opened_.push_back(at_);
    ++at_;
    operand_ = true;
    if (word("select") || word("with") || word("values")) {
      brackets_.back() = Bracket::query;
      result_.facts.subquery = true;
    }
    return true;
  }
  bool close() {
    if (brackets_.empty()) return refuse("')' closes nothing");
    brackets_.pop_back();
    opened_.pop_back();
    return go(1, false);
  }

  bool operand() {
    if (sign('(')) return open(Bracket::group, 0);
    if (sign('+') || sign('-') || sign('~')) return go(1, true);
    if (sign('*')) return refuse("a star is no single value; name the columns");
    if (sign(')') && at_ > 0 && !brackets_.empty() && opened_.back() == at_ - 1 &&
        brackets_.back() == Bracket::call) {
      return close();
    }
    switch (tokens_[at_].kind) {
      case SqliteTokenKind::string:
      case SqliteTokenKind::blob:
      case SqliteTokenKind::number:
        return go(1, false);
      case SqliteTokenKind::parameter:
        return refuse(fmt::format("{} has no value here", tokens_[at_].text));
      case SqliteTokenKind::sign:
        return unexpected();
      case SqliteTokenKind::word:
      case SqliteTokenKind::name:
        return name();
    }
    return unexpected();
  }

  bool name() {
    const SqliteToken& t = tokens_[at_];
    const bool plain = t.kind == SqliteTokenKind::word;
    if (plain && word("cast") && sign('(', 1)) return open(Bracket::cast, 1);
    if (plain && !sign('(', 1) && !sign('.', 1) && is_one_of(t.text, kConstants)) {
      return go(1, false);
    }
    if (plain && is_one_of(t.text, kPrefix)) return prefix();
    if (plain && word("select") && brackets_.empty()) {
      return refuse("a subquery needs brackets of its own");
    }
    if (plain && is_sqlite_expression_word(t.text)) return unexpected();
    if (sign('(', 1)) {
      std::string called = sqlite_name(t);
      if (auto reason = beyond_one_row(Engine::sqlite, called, arguments())) {
        return refuse(std::move(*reason));
      }
      add_once(result_.facts.functions, called);
      return open(Bracket::call, 1);
    }
    return column();
  }

  // Of the call that begins here.
  [[nodiscard]] std::size_t arguments() const {
    std::size_t count = sign(')', 2) ? 0 : 1;
    std::size_t depth = 0;
    for (std::size_t ahead = 1; token(ahead) != nullptr; ++ahead) {
      if (sign('(', ahead)) ++depth;
      if (sign(')', ahead) && --depth == 0) break;
      if (sign(',', ahead) && depth == 1) ++count;
    }
    return count;
  }

  // DISTINCT and FROM stand only in `count(DISTINCT …)` and `IS [NOT] DISTINCT FROM`.
  bool prefix() {
    const bool after_is = at_ > 0 && (equal_folded(tokens_[at_ - 1].text, "is") ||
                                      equal_folded(tokens_[at_ - 1].text, "not"));
    const bool in_call = !opened_.empty() && opened_.back() + 1 == at_;
    if (word("distinct") && after_is && word("from", 1)) return go(2, true);
    if (word("from") || (word("distinct") && (!in_call || brackets_.back() != Bracket::call))) {
      return unexpected();
    }
    return go(1, true);
  }

  bool column() {
    std::size_t parts = 1;
    while (sign('.', 2 * parts - 1) && named(2 * parts)) ++parts;
    if (sign('.', 2 * parts - 1)) {
      at_ += 2 * parts - 1;
      return sign('*', 1) ? refuse("a star is no single value; name the columns") : unexpected();
    }
    const SqliteToken& last = tokens_[at_ + 2 * parts - 2];
    std::string name = sqlite_name(last);
    add_once(result_.facts.columns, name);
    result_.uses.push_back({tokens_[at_].begin, last.end, std::move(name)});
    return go(2 * parts - 1, false);
  }

  bool operation() {
    if (sign(')')) return close();
    if (sign(',')) return comma();
    if (sign(';')) return refuse("a semicolon ends a statement; this must be one expression");
    const SqliteToken& t = tokens_[at_];
    if (t.kind == SqliteTokenKind::sign) {
      return t.text[0] == '(' || t.text[0] == '.' || t.text[0] == '~' ? unexpected() : signs();
    }
    if (t.kind != SqliteTokenKind::word) return unexpected();
    if (word("collate")) return named(1) ? go(2, false) : unexpected();
    if (word("over") || word("filter")) return refuse("a window function reads other rows");
    if (word("as")) return type();
    if (is_one_of(t.text, kPostfix)) return go(1, false);
    if (!is_one_of(t.text, kInfix)) return unexpected();
    return infix();
  }

  bool infix() {
    std::size_t length = 1;
    if (word("not")) {
      const SqliteToken* next = token(1);
      if (next == nullptr || !is_one_of(next->text, kAfterNot)) return unexpected();
      if (word("null", 1)) return go(2, false);
      length = 2;
    }
    if (!word("in", length - 1)) return go(length, true);
    if (!sign('(', length)) return refuse("IN needs a list in brackets here");
    return open(Bracket::call, length);
  }

  // Operators of several characters: the longest that SQLite has.
  bool signs() {
    constexpr std::array<std::string_view, 10> kLong = {"->>", "->", "||", "<<", ">>",
                                                        "<=",  ">=", "==", "<>", "!="};
    for (const std::string_view op : kLong) {
      bool here = true;
      for (std::size_t i = 0; i < op.size(); ++i) {
        here =
            here && sign(op[i], i) && (i == 0 || tokens_[at_ + i].begin == tokens_[at_].begin + i);
      }
      if (here) return go(op.size(), true);
    }
    return sign('!') ? unexpected() : go(1, true);
  }

  // The comma of a list, not of a row that is the whole expression.
  bool comma() {
    if (brackets_.empty()) return refuse("this is a list of several values; one is needed");
    if (brackets_.back() == Bracket::cast) return unexpected();
    return go(1, true);
  }

  // CAST(… AS type): the type's words are no columns.
  bool type() {
    if (brackets_.empty() || brackets_.back() != Bracket::cast) return unexpected();
    std::size_t depth = 0;
    for (++at_; at_ < tokens_.size(); ++at_) {
      if (sign('(')) ++depth;
      if (sign(')') && depth-- == 0) return close();
    }
    return true;
  }

  // Within a subquery anything may stand; only its brackets and names are looked at.
  bool query() {
    const SqliteToken& t = tokens_[at_];
    if (sign('(')) {
      open(Bracket::query, 0);
      return true;
    }
    if (sign(')')) return close();
    if (sign(';')) return refuse("a semicolon ends a statement; this must be one expression");
    if (t.kind == SqliteTokenKind::parameter) {
      return refuse(fmt::format("{} has no value here", t.text));
    }
    const bool reserved = t.kind == SqliteTokenKind::word &&
                          (is_sqlite_expression_word(t.text) || is_one_of(t.text, kConstants));
    if (named() && !reserved && !sign('.', 1)) {
      add_once(sign('(', 1) ? result_.facts.functions : result_.facts.columns, sqlite_name(t));
    }
    return go(1, true);
  }

  const std::vector<SqliteToken>& tokens_;
  std::size_t at_ = 0;
  bool operand_ = true;
  std::vector<Bracket> brackets_;
  std::vector<std::size_t> opened_;  // token of each open bracket
  std::string problem_;
  std::size_t problem_at_ = 0;
  ParsedExpression result_;
};

// Whether brackets around the whole text hold a comma of their own: `(a, b)`, `((a, b))`. The
// brackets are known to match, and a string's token is never one character.
bool is_row(const std::vector<SqliteToken>& tokens) {
  std::vector<std::size_t> open;
  std::vector<std::size_t> closes(tokens.size(), 0);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].text == "(") open.push_back(i);
    if (tokens[i].text == ")") {
      closes[open.back()] = i;
      open.pop_back();
    }
  }
  std::size_t around = 0;
  while (closes[around] != 0 && closes[around] == tokens.size() - 1 - around) ++around;
  std::size_t depth = 0;
  for (const SqliteToken& token : tokens) {
    if (token.text == "(") ++depth;
    if (token.text == ")") --depth;
    if (token.text == "," && depth <= around) return true;
  }
  return false;
}

}  // namespace

ParseResult parse_sqlite_expression(std::string_view text) {
  const auto read = sqlite_tokens(text);
  if (!read) return tl::unexpected<SqlFault>(read.error());
  if (read->tokens.empty()) return fault("it is empty", 0);
  auto parsed = Parser(read->tokens).run(text.size());
  if (!parsed) return parsed;
  if (!parsed->facts.subquery && is_row(read->tokens)) {
    return fault("this is a row of several values; one is needed", 0);
  }
  if (read->open_comment != std::string_view::npos) {
    return fault("it ends in a comment, which would swallow what follows it", read->open_comment);
  }
  return parsed;
}

}  // namespace zdm::planner
