#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/finding.hpp"

namespace zdm::migrations {

/// Puts blanks in place of the bytes [begin, end), but keeps its line breaks.
void blank(std::string& text, std::size_t begin, std::size_t end);

/// A line without its end, and where it starts.
struct Line {
  std::size_t begin = 0;
  std::string_view text;

  [[nodiscard]] std::size_t end() const { return begin + text.size(); }
};
[[nodiscard]] std::vector<Line> lines_of(std::string_view text);
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// What psql does itself is taken out: backslash commands, the data of COPY … FROM stdin. Its
/// variables become names or literals of the same length, and \g a semicolon. What brings SQL that
/// is not seen here (\i, \gexec) is a finding. `path` is for its place.
[[nodiscard]] std::vector<planner::Finding> blank_psql(std::string& text, const std::string& path);

/// A backslash command, or data after COPY … FROM stdin.
[[nodiscard]] bool looks_like_psql(std::string_view text);

}  // namespace zdm::migrations
