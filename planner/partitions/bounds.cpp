#include "partitions/bounds.hpp"

#include <fmt/format.h>

#include <string>

namespace zdm::planner {
namespace {

/// A word, a bracket or comma, or a literal without its quotes.
struct Token {
  std::string text;
  bool literal = false;
  [[nodiscard]] bool is(std::string_view word) const { return !literal && text == word; }
};

class Tokens final {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  Token next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    if (rest_.empty()) return {};
    if (rest_.front() == '\'') return literal();
    if (rest_.front() == 'E' && rest_.substr(1).starts_with('\'')) {
      rest_.remove_prefix(1);
      return literal();  // backslashes: no key that zdm knows has them, so the value will not parse
    }
    constexpr std::string_view kSigns = "(),";
    const bool sign = kSigns.find(rest_.front()) != std::string_view::npos;
    const auto size = sign ? 1 : std::min(rest_.find_first_of(" (),'"), rest_.size());
    Token token{.text = std::string(rest_.substr(0, size))};
    rest_.remove_prefix(size);
    return token;
  }

 private:
  Token literal() {
    Token token{.text = {}, .literal = true};
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      const char byte = rest_.front();
      rest_.remove_prefix(1);
      if (byte == '\'' && !rest_.starts_with('\'')) break;
      if (byte == '\'') rest_.remove_prefix(1);
      token.text += byte;
    }
    return token;
  }

  std::string_view rest_;
};

std::optional<Bound> bound_of(KeyType type, const Token& token) {
  if (token.is("MINVALUE")) return kMinimum;
  if (token.is("MAXVALUE")) return kMaximum;
  const auto value = parse_key(type, token.text);
  return value ? std::optional(Bound{Edge::value, *value}) : std::nullopt;
}

/// ( value )
std::optional<Bound> take_bound(KeyType type, Tokens& tokens) {
  if (!tokens.next().is("(")) return std::nullopt;
  const auto bound = bound_of(type, tokens.next());
  return tokens.next().is(")") ? bound : std::nullopt;
}

}  // namespace

Result<std::optional<Range>> parse_partition_bound(KeyType type, std::string_view text) {
  Tokens tokens(text);
  Token token = tokens.next();
  if (token.is("DEFAULT")) return std::optional<Range>();
  const auto refused = fail(ErrorCode::refused, fmt::format("its bound is {}", text),
                            "zdm reads ranges of one date, timestamp, integer or uuid column");
  if (!token.is("FOR") || !tokens.next().is("VALUES") || !tokens.next().is("FROM")) return refused;
  const auto lower = take_bound(type, tokens);
  if (!lower || !tokens.next().is("TO")) return refused;
  const auto upper = take_bound(type, tokens);
  if (!upper || !tokens.next().text.empty()) return refused;
  return std::optional(Range{*lower, *upper});
}

}  // namespace zdm::planner
