#include "database/catalog/words.hpp"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "sql/lexer.hpp"

namespace zdm::migrations {

namespace {

bool in_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
}

/// The end of a comment that starts at `at`, or `at` where none does.
std::size_t after_comment(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) == "--") {
    return std::min(text.find('\n', at), text.size());
  }
  if (text.substr(at, 2) == "/*") {
    const std::size_t end = text.find("*/", at + 2);
    return end == std::string_view::npos ? text.size() : end + 2;
  }
  return at;
}

/// The name within the quotes at `at`, which moves behind them. A quote within stands twice, but
/// not a bracket.
std::string take_quoted(std::string_view text, std::size_t& at) {
  const char close = text[at] == '[' ? ']' : text[at];
  std::string name;
  for (++at; at < text.size(); ++at) {
    if (text[at] == close) {
      const bool doubled = close != ']' && at + 1 < text.size() && text[at + 1] == close;
      if (!doubled) break;
      ++at;
    }
    name += text[at];
  }
  at = std::min(at + 1, text.size());
  return name;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) {
    return static_cast<char>(c < 0x80 ? std::tolower(c) : c);
  });
  return result;
}

std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t next = after_comment(text, at); next != at) {
      at = next;
    } else if (const char quote = text[at]; quote == '"' || quote == '`' || quote == '[') {
      words.insert(lower(take_quoted(text, at)));
    } else if (in_word(quote)) {
      std::size_t end = at;
      while (end < text.size() && in_word(text[end])) {
        ++end;
      }
      words.insert(lower(text.substr(at, end - at)));
      at = end;
    } else {
      ++at;
    }
  }
  return words;
}

namespace {

/// Walks a body and knows where in a statement it is.
class RowWordsReader {
 public:
  explicit RowWordsReader(std::string_view body) : body_(body) {}

  RowWords read() {
    Lexeme at = planner::next_lexeme(body_, 0);
    for (; at.kind != LexemeKind::end; at = planner::next_lexeme(body_, at.end())) {
      if (is("OLD", at) || is("NEW", at)) row(at);
      if (is("INSERT", at)) inserts_ = true;
      if (sign(at) == '(') calls_.push_back(opens_call(at));
      if (sign(at) == ')' && !calls_.empty()) calls_.pop_back();
      if (sign(at) == ';') {
        inserts_ = false;
        calls_.clear();
      }
      before_it_ = std::exchange(before_, at);
    }
    return std::move(found_);
  }

 private:
  using Lexeme = planner::Lexeme;
  using LexemeKind = planner::LexemeKind;

  [[nodiscard]] bool is(std::string_view word, const Lexeme& at) const {
    return planner::is_word(body_, at, word);
  }
  [[nodiscard]] char sign(const Lexeme& at) const {
    return at.kind == LexemeKind::sign ? body_[at.offset] : '\0';
  }
  [[nodiscard]] bool opens_call(const Lexeme& bracket) const {
    const bool named = before_.kind == LexemeKind::word || before_.kind == LexemeKind::quoted_name;
    return named && !is("VALUES", before_) &&
           !is("SELECT", planner::next_lexeme(body_, bracket.end()));
  }

  /// OLD or NEW, in brackets of its own or not, and what follows it.
  void row(const Lexeme& at) {
    Lexeme dot = planner::next_lexeme(body_, at.end());
    const bool bracketed = sign(before_) == '(' && sign(dot) == ')';
    if (bracketed) dot = planner::next_lexeme(body_, dot.end());
    if (sign(dot) != '.') return;
    const Lexeme part = planner::next_lexeme(body_, dot.end());
    const Lexeme& before = bracketed ? before_it_ : before_;
    const std::size_t own = bracketed ? 1 : 0;
    const bool in_call = calls_.size() > own && calls_[calls_.size() - 1 - own];
    const bool listed = is("SELECT", before) || sign(before) == ',' || sign(before) == '(';
    if (sign(part) == '*' && inserts_ && listed && !in_call) found_.inserted = true;
    if (std::string name = planner::name_at(body_, part); !name.empty()) {
      found_.columns.insert(std::move(name));
    }
  }

  std::string_view body_;
  RowWords found_;
  Lexeme before_it_;
  Lexeme before_;
  bool inserts_ = false;     ///< the statement does
  std::vector<bool> calls_;  ///< of each open bracket: a function's
};

}  // namespace

RowWords row_words_of(std::string_view body) {
  return RowWordsReader(body).read();
}

}  // namespace zdm::migrations
