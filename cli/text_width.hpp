#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace zdm::cli {

/// Columns of a terminal that the UTF-8 text takes: combining marks none, East Asian wide
/// characters and emoji two (Unicode Standard Annex 11), everything else one; an invalid byte one.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Bytes of the character that begins there; an invalid byte is a character of its own.
[[nodiscard]] std::size_t character_size(std::string_view text, std::size_t at);

/// The text with blanks behind it up to `width` columns.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);

/// At most `width` columns, with … where it was cut.
[[nodiscard]] std::string cut(std::string_view text, std::size_t width);

/// Broken at blanks into lines of at most `width` columns; line breaks of the text stay. A longer
/// word stands alone.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Safe to show on a terminal: control characters other than line breaks and tabs, and bytes that
/// are not UTF-8, become \xNN; what would hide or turn round other text (U+0080 to U+009F, marks of
/// direction: Unicode Technical Report 36) becomes \u{NNNN}. The result is valid UTF-8.
[[nodiscard]] std::string printable(std::string_view text);

/// Rows drawn in columns two blanks apart, aligned by display width, no blanks at the end of a
/// line.
[[nodiscard]] std::vector<std::string> aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace zdm::cli
