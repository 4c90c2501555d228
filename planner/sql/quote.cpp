#include "sql/quote.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "sql/keywords.hpp"
#include "sql/text.hpp"

namespace zdm::planner {

namespace {

// NAMEDATALEN - 1: PostgreSQL manual, 4.1.1. Longer names are cut there without an error.
constexpr std::size_t kMaxName = 63;

bool needs_quotes(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_' || is_digit(c) || c == '$';
  };
  return name.empty() || is_digit(name[0]) || name[0] == '$' ||
         !std::all_of(name.begin(), name.end(), plain) || is_reserved_word(name);
}

std::string doubled(std::string_view text, char quote) {
  std::string out;
  out.reserve(text.size() + 2);
  for (const char c : text) {
    out += c;
    if (c == quote) out += c;
  }
  return out;
}

// Takes identifiers off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  bool take_dot() {
    if (at_end() || text_[at_] != '.') return false;
    ++at_;
    return true;
  }

  Result<std::string> identifier() {
    if (at_end())
      return wrong(text_.empty() ? "it is empty" : "it ends where a name should follow");
    if (text_[at_] == '"') return quoted();
    if (!is_identifier_start(text_[at_])) return unexpected();
    const std::size_t start = at_;
    while (!at_end() && is_identifier_part(text_[at_])) ++at_;
    return checked(fold(text_.substr(start, at_ - start)));
  }

  [[nodiscard]] tl::unexpected<Error> unexpected() const {
    return wrong(fmt::format("'{}' is unexpected at character {}",
                             text_.substr(at_, utf8_offset(text_.substr(at_), 1)),
                             std::count_if(text_.begin(), text_.begin() + offset(), starts) + 1));
  }
  [[nodiscard]] tl::unexpected<Error> wrong(const std::string& why) const {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not a name: {}.", text_, why),
                "Write a name as in SQL: letters, digits and underscores, or anything in double "
                "quotes, a double quote within them twice.");
  }

 private:
  static bool starts(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }
  [[nodiscard]] std::ptrdiff_t offset() const { return static_cast<std::ptrdiff_t>(at_); }

  Result<std::string> quoted() {
    std::string name;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        if (at_end() || text_[at_] != '"') return checked(std::move(name));
      }
      name += text_[at_];
    }
    return wrong("a double quote is not closed");
  }

  [[nodiscard]] Result<std::string> checked(std::string name) const {
    if (name.empty()) return wrong("a name is empty");
    if (name.find('\0') != std::string::npos) return wrong("it has a zero byte");
    if (name.size() > kMaxName) {
      return wrong(fmt::format("it has {} bytes, and PostgreSQL would cut it after {}", name.size(),
                               kMaxName));
    }
    return name;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

tl::unexpected<Error> not_utf8() {
  return fail(ErrorCode::usage, "A name is not valid UTF-8.", "Save the file as UTF-8.");
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  // SQLite knows names without regard to case, so neither does a new one.
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& taken) { return equal_folded(taken, name); });
}

// FNV-1a: stable for ever, as names made from it live in databases.
std::uint32_t hash(std::string_view base, std::string_view suffix, std::uint32_t round) {
  std::uint32_t h = 2166136261U;
  const auto add = [&h](unsigned char byte) { h = (h ^ byte) * 16777619U; };
  for (const char c : base) add(static_cast<unsigned char>(c));
  add(0);
  for (const char c : suffix) add(static_cast<unsigned char>(c));
  for (unsigned shift = 0; shift < 32; shift += 8) add((round >> shift) & 0xFFU);
  return h;
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  if (!needs_quotes(name)) return std::string(name);
  return '"' + doubled(name, '"') + '"';
}

std::string quote(const TableName& name) {
  if (name.schema.empty()) return quote_identifier(name.name);
  return quote_identifier(name.schema) + '.' + quote_identifier(name.name);
}

std::string quote_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (!list.empty()) list += ", ";
    list += quote_identifier(name);
  }
  return list;
}

std::string quote_literal(std::string_view text, Engine engine) {
  const bool escape = engine == Engine::postgresql && text.find('\\') != std::string_view::npos;
  if (!escape) return '\'' + doubled(text, '\'') + '\'';
  return "E'" + doubled(doubled(text, '\''), '\\') + '\'';
}

Result<TableName> parse_table_name(std::string_view text) {
  if (find_invalid_utf8(text) != std::string_view::npos) return not_utf8();
  Scanner scanner(text);
  ZDM_TRY(std::string first, scanner.identifier());
  if (scanner.at_end()) return TableName{.schema = "", .name = std::move(first)};
  if (!scanner.take_dot()) return scanner.unexpected();
  ZDM_TRY(std::string second, scanner.identifier());
  if (scanner.at_end()) return TableName{.schema = std::move(first), .name = std::move(second)};
  if (!scanner.take_dot()) return scanner.unexpected();
  return scanner.wrong("it has more than two parts, and zdm works in one database");
}

Result<std::string> parse_identifier(std::string_view text) {
  if (find_invalid_utf8(text) != std::string_view::npos) return not_utf8();
  Scanner scanner(text);
  ZDM_TRY(std::string name, scanner.identifier());
  if (!scanner.at_end()) return scanner.unexpected();
  return name;
}

std::string unique_name(std::string_view base, std::string_view suffix,
                        const std::vector<std::string>& taken) {
  std::string name = fmt::format("{}{}", base, suffix);
  if (name.size() <= kMaxName && !contains(taken, name)) return name;
  constexpr std::size_t kHash = 9;  // an underscore and eight hexadecimal digits
  const std::string_view end = utf8_prefix(suffix, kMaxName - kHash);
  const std::string_view start = utf8_prefix(base, kMaxName - kHash - end.size());
  for (std::uint32_t round = 0;; ++round) {
    name = fmt::format("{}_{:08x}{}", start, hash(base, suffix, round), end);
    if (!contains(taken, name)) return name;
  }
}

}  // namespace zdm::planner
