#include "sql/pg_signs.hpp"

#include <algorithm>

#include "sql/text.hpp"

namespace zdm::planner {

namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::string_view kOperatorSigns = "~!@#^&|`?+-*/%<>=";
constexpr std::size_t kMaxOperator = 63;
// About 0.1 s, and for large scripts as many as a banner above every statement takes.
constexpr std::size_t kMaxSteps = 10'000'000;
constexpr std::size_t kMaxStepsPerByte = 100;

// Reads just enough to know quotes, comments and the rest apart. Where a text is malformed it may
// end early: then the lexer says so, and quickly.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<SqlFault> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\'') {
        quoted(c, after_e());
      } else if (c == '"') {
        quoted(c, false);
      } else if (c == '$' && dollar()) {
        continue;
      } else if (starts("--")) {
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      } else if (starts("/*")) {
        comment();
      } else if (is_sign(c)) {
        operators();
      } else {
        ++at_;
      }
      if (fault_) return fault_;
    }
    return std::nullopt;
  }

 private:
  static bool is_sign(char c) { return kOperatorSigns.find(c) != kNone; }
  [[nodiscard]] bool starts(std::string_view what) const {
    return text_.substr(at_, what.size()) == what;
  }
  [[nodiscard]] std::size_t run_end() const {
    return std::min(text_.find_first_not_of(kOperatorSigns, at_), text_.size());
  }

  // The quote opens E'…', where backslashes escape.
  [[nodiscard]] bool after_e() const {
    return at_ > 0 && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E') &&
           (at_ == 1 || !is_identifier_part(text_[at_ - 2]));
  }

  void quoted(char quote, bool escapes) {
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (escapes && text_[at_] == '\\') ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  // $tag$ … $tag$; false where the sign starts none.
  bool dollar() {
    if (at_ > 0 && is_identifier_part(text_[at_ - 1])) return false;
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '$' && is_identifier_part(text_[end])) ++end;
    if (end == text_.size() || text_[end] != '$' || is_digit(text_[at_ + 1])) return false;
    const std::string_view tag = text_.substr(at_, end + 1 - at_);
    const std::size_t close = text_.find(tag, end + 1);
    at_ = close == kNone ? text_.size() : close + tag.size();
    return true;
  }

  void comment() {
    const std::size_t begin = at_;
    std::size_t depth = 0;
    do {
      if (starts("/*")) {
        ++depth;
        if (!spend(run_end() - at_, begin)) return;
        at_ += 2;
      } else if (starts("*/")) {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0 && at_ < text_.size());
  }

  void operators() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_sign(text_[at_]) && !starts("--") && !starts("/*")) ++at_;
    if (at_ - begin > kMaxOperator) {
      fault_ = SqlFault{"an operator has at most 63 characters", begin};
      return;
    }
    // Looked over once more for each of its characters, with what follows it.
    (void)spend((at_ - begin) * (run_end() - begin), begin);
  }

  bool spend(std::size_t steps, std::size_t where) {
    steps_ += steps;
    if (steps_ > kMaxSteps + kMaxStepsPerByte * text_.size()) {
      fault_ = SqlFault{"too many comments and operators in a row", where};
    }
    return !fault_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t steps_ = 0;
  std::optional<SqlFault> fault_;
};

}  // namespace

std::optional<SqlFault> costly_signs(std::string_view text) {
  return Reader(text).run();
}

}  // namespace zdm::planner
