#include "gate/blank.hpp"

#include <algorithm>

#include "sql/text.hpp"

namespace zdm::migrations {

void blank(std::string& text, std::size_t begin, std::size_t end) {
  for (auto at = begin; at < std::min(end, text.size()); ++at) {
    if (text[at] != '\n' && text[at] != '\r') text[at] = ' ';
  }
}

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back({at, line});
    at = end + 1;
  }
  return lines;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && planner::is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && planner::is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace zdm::migrations
