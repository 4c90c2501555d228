#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace zdm::planner {

/// ASCII letters to lower case; other bytes stay, as PostgreSQL folds identifiers in UTF-8.
[[nodiscard]] std::string fold(std::string_view text);
/// Equal but for the case of ASCII letters.
[[nodiscard]] bool equal_folded(std::string_view a, std::string_view b);

/// The first byte that is not UTF-8 (overlong forms and surrogates are not), or npos.
[[nodiscard]] std::size_t find_invalid_utf8(std::string_view text);
/// The longest prefix of at most `bytes` bytes that cuts no character.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t bytes);
/// The byte at which character number `characters` (from 0) starts; the size when there are fewer.
[[nodiscard]] std::size_t utf8_offset(std::string_view text, std::size_t characters);

[[nodiscard]] constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
/// Blanks of both engines: blank, tab, newline, carriage return, form feed. (A vertical tab is one
/// in PostgreSQL from 16 on.)
[[nodiscard]] constexpr bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}
/// May start an unquoted identifier: a letter, an underscore, any byte beyond ASCII.
[[nodiscard]] constexpr bool is_identifier_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
[[nodiscard]] constexpr bool is_identifier_part(char c) {
  return is_identifier_start(c) || is_digit(c) || c == '$';
}

}  // namespace zdm::planner
