#include "views/check/source_text.hpp"

#include <algorithm>

#include "text_width.hpp"

namespace zdm::cli {
namespace {

constexpr std::size_t kTab = 4;

/// A character as it is drawn.
struct Cell {
  std::string text;
  std::size_t width = 0;
  bool marked = false;
};

std::vector<Cell> cells_of(std::string_view line) {
  std::vector<Cell> cells;
  cells.reserve(line.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] >= ' ' && line[i] <= '~') {
      cells.push_back({.text = std::string(1, line[i]), .width = 1});
      ++at;
      ++i;
      continue;
    }
    const auto bytes = character_size(line, i);
    Cell cell;
    cell.text =
        line[i] == '\t' ? std::string(kTab - at % kTab, ' ') : printable(line.substr(i, bytes));
    cell.width = display_width(cell.text);
    at += cell.width;
    cells.push_back(std::move(cell));
    i += bytes;
  }
  return cells;
}

void mark(std::vector<Cell>& cells, int column, int end_column) {
  const auto first = static_cast<std::size_t>(std::max(column, 1)) - 1;
  auto end = end_column > 0 ? static_cast<std::size_t>(end_column) - 1 : cells.size();
  end = std::max(end, first + 1);
  // A place behind the last character is drawn there: what is missing is missing at the end.
  if (first >= cells.size()) {
    cells.push_back({.text = " ", .width = 1, .marked = true});
    return;
  }
  for (auto i = first; i < std::min(end, cells.size()); ++i) cells[i].marked = true;
}

std::size_t width_of(const std::vector<Cell>& cells, std::size_t from, std::size_t to) {
  std::size_t width = 0;
  for (auto i = from; i < to; ++i) width += cells[i].width;
  return width;
}

MarkedLine drawn(const std::vector<Cell>& cells, std::size_t from, std::size_t to) {
  MarkedLine result;
  if (from > 0) {
    result.text += "…";
    result.marks += ' ';
  }
  for (auto i = from; i < to; ++i) {
    result.text += cells[i].text;
    result.marks.append(cells[i].width, cells[i].marked ? '^' : ' ');
  }
  if (to < cells.size()) result.text += "…";
  result.text.erase(result.text.find_last_not_of(' ') + 1);
  result.marks.erase(result.marks.find_last_not_of(' ') + 1);
  return result;
}

}  // namespace

SourceText::SourceText(std::string_view bytes) : bytes_(bytes), starts_{0} {
  for (auto at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    starts_.push_back(at + 1);
  }
}

std::size_t SourceText::start(int number) const {
  const auto index = static_cast<std::size_t>(std::max(number, 1)) - 1;
  return index < starts_.size() ? starts_[index] : bytes_.size();
}

std::string_view SourceText::line(int number) const {
  if (number < 1 || number > lines()) return {};
  auto text = bytes_.substr(start(number), start(number + 1) - start(number));
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

Place SourceText::place(std::size_t offset) const {
  offset = std::min(offset, bytes_.size());
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  Place place{static_cast<int>(after - starts_.begin()), 1};
  for (auto at = start(place.line); at < offset; at += character_size(bytes_, at)) ++place.column;
  return place;
}

MarkedLine marked_line(std::string_view line, int column, int end_column, std::size_t room) {
  auto cells = cells_of(line);
  mark(cells, column, end_column);
  const auto marked = [](const Cell& cell) { return cell.marked; };
  const auto first =
      static_cast<std::size_t>(std::find_if(cells.begin(), cells.end(), marked) - cells.begin());
  const auto last =
      static_cast<std::size_t>(cells.rend() - std::find_if(cells.rbegin(), cells.rend(), marked));
  std::size_t from = 0;
  if (width_of(cells, 0, last) > room && first < cells.size()) {
    // Some of what stands before the place stays, for the eye to find it.
    from = first;
    for (std::size_t width = 0; from > 0 && width + cells[from - 1].width <= room / 4;) {
      width += cells[--from].width;
    }
  }
  auto left = room - std::min<std::size_t>(room, from > 0 ? 1 : 0);
  if (width_of(cells, from, cells.size()) <= left) return drawn(cells, from, cells.size());
  auto to = from;
  for (left -= std::min<std::size_t>(left, 1); to < cells.size() && cells[to].width <= left; ++to) {
    left -= cells[to].width;
  }
  return drawn(cells, from, to);
}

}  // namespace zdm::cli
