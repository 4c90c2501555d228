#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace zdm::cli {

/// Lines and columns from 1, columns in characters.
struct Place {
  int line = 1;
  int column = 1;
};

/// A file's text by lines. Does not own the bytes.
class SourceText final {
 public:
  explicit SourceText(std::string_view bytes);

  /// Without its line break; empty where there is no such line.
  [[nodiscard]] std::string_view line(int number) const;
  [[nodiscard]] int lines() const { return static_cast<int>(starts_.size()); }
  [[nodiscard]] Place place(std::size_t offset) const;
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  /// Where the line begins.
  [[nodiscard]] std::size_t start(int number) const;

 private:
  std::string_view bytes_;
  std::vector<std::size_t> starts_;
};

/// One line as a terminal shows it, and the marks below it.
struct MarkedLine {
  std::string text;
  std::string marks;  ///< blanks and ^; empty where nothing is marked
};

/// Draws at most `room` columns of the line around the characters from `column` up to, but not
/// with, `end_column` (0: to the end of the line). Tabs become blanks, control characters \xNN.
[[nodiscard]] MarkedLine marked_line(std::string_view line, int column, int end_column,
                                     std::size_t room);

}  // namespace zdm::cli
