#include "files/toml_literal.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "files/text_index.hpp"

namespace zdm::migrations {

namespace {

constexpr int kMostKeyParts = 32;

void append_utf8(std::string& text, std::uint32_t code) {
  const auto tail = [&](unsigned shift) {
    text += static_cast<char>(((code >> shift) & 0x3FU) | 0x80U);
  };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>((code >> 6U) | 0xC0U);
    tail(0);
  } else if (code < 0x10000) {
    text += static_cast<char>((code >> 12U) | 0xE0U);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>((code >> 18U) | 0xF0U);
    tail(12);
    tail(6);
    tail(0);
  }
}

/// Walks one string, byte by byte, and notes where each decoded byte came from.
class Scanner {
 public:
  Scanner(std::string_view bytes, std::size_t start) : bytes_(bytes), at_(start) {}

  std::optional<TomlLiteral> run() {
    const char quote = peek();
    if (quote != '"' && quote != '\'') return std::nullopt;
    multi_line_ = quotes(quote) >= 3;
    at_ += multi_line_ ? 3 : 1;
    if (multi_line_) skip_line_break();
    while (at_ < bytes_.size()) {
      if (peek() == quote) {
        if (close(quote)) return finish();
      } else if (peek() == '\\' && quote == '"') {
        if (!escape()) return std::nullopt;
      } else if (!character()) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < bytes_.size() ? bytes_[at_ + ahead] : '\0';
  }

  /// How many quotes stand here, of the five that can mean something.
  [[nodiscard]] std::size_t quotes(char quote) const {
    std::size_t count = 0;
    while (count < 5 && peek(count) == quote) ++count;
    return count;
  }

  bool skip_line_break() {
    if (peek() == '\r' && peek(1) == '\n') ++at_;
    if (peek() != '\n') return false;
    ++at_;
    return true;
  }

  void emit(std::string_view text, std::size_t from) {
    literal_.text += text;
    literal_.offsets.resize(literal_.text.size(), from);
  }

  /// One or two quotes inside a multi-line string are text; up to two may stand before the last
  /// three.
  bool close(char quote) {
    if (!multi_line_) {
      ++at_;
      return true;
    }
    const std::size_t count = quotes(quote);
    const std::size_t text = count >= 3 ? count - 3 : count;
    for (std::size_t i = 0; i < text; ++i) emit({&quote, 1}, at_ + i);
    at_ += count;
    return count >= 3;
  }

  bool character() {
    const std::size_t from = at_;
    if (multi_line_ && skip_line_break()) {
      emit("\n", from);
      return true;
    }
    if (peek() == '\n') return false;
    emit(bytes_.substr(at_, 1), from);
    // each byte of a character stands where the character starts
    for (++at_; (static_cast<unsigned char>(peek()) & 0xC0U) == 0x80U; ++at_) {
      emit(bytes_.substr(at_, 1), from);
    }
    return true;
  }

  bool escape() {
    const std::size_t from = at_++;
    const char kind = peek();
    if (kind == 'u' || kind == 'U') return unicode(from, kind == 'u' ? 4 : 8);
    constexpr std::string_view kNames = "btnfr\"\\";
    constexpr std::string_view kValues = "\b\t\n\f\r\"\\";
    if (const auto found = kNames.find(kind); found != std::string_view::npos) {
      emit(kValues.substr(found, 1), from);
      ++at_;
      return true;
    }
    return multi_line_ && line_ending_backslash();
  }

  /// It swallows all white space up to the next character.
  bool line_ending_backslash() {
    while (peek() == ' ' || peek() == '\t') ++at_;
    if (!skip_line_break()) return false;
    while (peek() == ' ' || peek() == '\t' || skip_line_break()) {
      if (peek() == ' ' || peek() == '\t') ++at_;
    }
    return true;
  }

  bool unicode(std::size_t from, std::size_t digits) {
    const auto hex = bytes_.substr(std::min(at_ + 1, bytes_.size()), digits);
    std::uint32_t code = 0;
    const auto [end, problem] = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    if (problem != std::errc{} || hex.size() != digits || end != hex.data() + digits) return false;
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    std::string text;
    append_utf8(text, code);
    emit(text, from);
    at_ += 1 + digits;
    return true;
  }

  std::optional<TomlLiteral> finish() {
    literal_.end = at_;
    const std::size_t closing = at_ - (multi_line_ ? 3 : 1);
    literal_.offsets.push_back(closing);
    return std::move(literal_);
  }

  std::string_view bytes_;
  std::size_t at_;
  bool multi_line_ = false;
  TomlLiteral literal_;
};

}  // namespace

std::optional<TomlLiteral> scan_literal(std::string_view bytes, std::size_t start) {
  return Scanner(bytes, start).run();
}

planner::Result<void> refuse_deep_keys(std::string_view bytes, const std::string& file) {
  int dots = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const char byte = bytes[at];
    if (byte == '"' || byte == '\'') {
      const auto literal = scan_literal(bytes, at);
      // not closed: the parser stops here too, and says so
      if (!literal) return {};
      at = literal->end - 1;
    } else if (byte == '#') {
      at = std::min(bytes.find('\n', at), bytes.size());
      dots = 0;
    } else if (byte == '\n' || byte == '=' || byte == ',' || byte == '{') {
      dots = 0;
    } else if (byte == '.' && ++dots >= kMostKeyParts) {
      const auto index = TextIndex::create(bytes, file);
      const auto [line, column] = index ? index->place(at) : std::pair{0, 0};
      return planner::fail_at({file, line, column, line, column}, planner::ErrorCode::usage,
                              "a key here has more than 32 parts, which no setting needs");
    }
  }
  return {};
}

}  // namespace zdm::migrations
