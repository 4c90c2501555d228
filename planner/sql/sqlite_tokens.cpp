#include "sql/sqlite_tokens.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sql/text.hpp"

namespace zdm::planner {

namespace {

constexpr std::size_t kNone = std::string_view::npos;

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {}

  tl::expected<SqliteTokens, SqlFault> run() {
    while (at_ < text_.size()) {
      const std::size_t begin = at_;
      if (is_blank(text_[at_])) {
        ++at_;
      } else if (!comment() && !take()) {
        return fault(std::move(problem_), begin);
      }
      if (!problem_.empty()) return fault(std::move(problem_), begin);
    }
    return std::move(result_);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  bool comment() {
    if (peek(0) == '-' && peek(1) == '-') {
      const std::size_t end = text_.find('\n', at_);
      if (end == kNone) result_.open_comment = at_;
      at_ = std::min(end, text_.size());
      return true;
    }
    if (peek(0) != '/' || peek(1) != '*') return false;
    const std::size_t end = text_.find("*/", at_ + 2);
    if (end == kNone) problem_ = "a comment is not closed";
    at_ = end == kNone ? text_.size() : end + 2;
    return true;
  }

  bool take() {
    const char c = text_[at_];
    if (c == '\'') return quoted(SqliteTokenKind::string, 0, '\'');
    if (c == '"' || c == '`') return quoted(SqliteTokenKind::name, 0, c);
    if (c == '[') return quoted(SqliteTokenKind::name, 0, ']');
    if ((c == 'x' || c == 'X') && peek(1) == '\'') return quoted(SqliteTokenKind::blob, 1, '\'');
    if (is_identifier_start(c)) return word(SqliteTokenKind::word);
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (c == '?' || c == ':' || c == '@' || c == '$' || c == '#') {
      return word(SqliteTokenKind::parameter);
    }
    if (std::string_view("-+*/%=<>!|&~,.();").find(c) != kNone) {
      push(SqliteTokenKind::sign, at_ + 1);
      return true;
    }
    problem_ = fmt::format("unrecognized token \"{}\"", c);
    return false;
  }

  void push(SqliteTokenKind kind, std::size_t end) {
    result_.tokens.push_back({kind, at_, end, text_.substr(at_, end - at_)});
    at_ = end;
  }

  bool word(SqliteTokenKind kind) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && is_identifier_part(text_[end])) ++end;
    push(kind, end);
    return true;
  }

  // `prefix` bytes, then a quote. A closing quote within stands twice, but not a bracket.
  bool quoted(SqliteTokenKind kind, std::size_t prefix, char closer) {
    std::size_t end = at_ + prefix + 1;
    while ((end = text_.find(closer, end)) != kNone) {
      ++end;
      if (closer == ']' || end == text_.size() || text_[end] != closer) break;
      ++end;
    }
    if (end == kNone) {
      problem_ = kind == SqliteTokenKind::name ? "a quoted name is not closed"
                                               : "a quoted string is not closed";
      return false;
    }
    if (kind == SqliteTokenKind::blob && !is_blob(text_.substr(at_, end - at_))) {
      problem_ = "a blob needs an even number of hexadecimal digits";
      return false;
    }
    push(kind, end);
    return true;
  }

  static bool is_blob(std::string_view token) {
    const std::string_view digits = token.substr(2, token.size() - 3);
    return digits.size() % 2 == 0 && std::all_of(digits.begin(), digits.end(), is_hex);
  }

  bool number() {
    const auto digits = [this](std::size_t end) {
      while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '_')) ++end;
      return end;
    };
    std::size_t end = at_;
    if (peek(0) == '0' && (peek(1) == 'x' || peek(1) == 'X') && is_hex(peek(2))) {
      end += 2;
      while (end < text_.size() && (is_hex(text_[end]) || text_[end] == '_')) ++end;
    } else {
      end = digits(end);
      if (end < text_.size() && text_[end] == '.') end = digits(end + 1);
      end = exponent(end);
      end = digits(end);
    }
    if (end < text_.size() && is_identifier_part(text_[end])) {
      problem_ = "letters follow a number";
      return false;
    }
    push(SqliteTokenKind::number, end);
    return true;
  }

  [[nodiscard]] std::size_t exponent(std::size_t end) const {
    if (end >= text_.size() || (text_[end] != 'e' && text_[end] != 'E')) return end;
    const std::size_t sign =
        end + 1 < text_.size() && (text_[end + 1] == '+' || text_[end + 1] == '-');
    const std::size_t first = end + 1 + sign;
    return first < text_.size() && is_digit(text_[first]) ? first : end;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string problem_;
  SqliteTokens result_;
};

}  // namespace

tl::expected<SqliteTokens, SqlFault> sqlite_tokens(std::string_view text) {
  return Tokenizer(text).run();
}

std::string sqlite_name(const SqliteToken& token) {
  if (token.kind != SqliteTokenKind::name) return std::string(token.text);
  const char closer = token.text.back();
  const std::string_view inner = token.text.substr(1, token.text.size() - 2);
  std::string name;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    name += inner[i];
    if (inner[i] == closer && closer != ']') ++i;
  }
  return name;
}

}  // namespace zdm::planner
