#include <algorithm>
#include <array>

#include "gate/blank.hpp"
#include "gate/lexical.hpp"
#include "gate/runner_marks.hpp"
#include "sql/text.hpp"

namespace zdm::migrations {
namespace {

constexpr std::string_view kBullet = "\u21C2";  // the arrow of Laravel's lists

/// Colours, where the output was taken from a terminal.
void blank_escapes(std::string& text) {
  for (auto at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b', at)) {
    auto end = at + 1;
    if (end < text.size() && text[end] == '[') ++end;
    while (end < text.size() && (planner::is_digit(text[end]) || text[end] == ';')) ++end;
    blank(text, at, std::min(end + 1, text.size()));
  }
}

/// The length of "CreateUsersTable: " or "2024_01_01_000000_create_users: " before SQL, or 0.
std::size_t old_prefix(std::string_view line) {
  std::size_t end = 0;
  while (end < line.size() && planner::is_identifier_part(line[end])) ++end;
  const bool named = end > 0 && line.substr(end).starts_with(": ");
  return named ? end + 2 : 0;
}

/// "  2024_01_01_000000_create_users ........ " above its list.
bool is_header(std::string_view line) {
  line = trimmed(line);
  std::size_t end = 0;
  while (end < line.size() && planner::is_identifier_part(line[end])) ++end;
  const auto rest = trimmed(line.substr(end));
  return end > 4 && planner::is_digit(line[0]) &&
         rest.find_first_not_of('.') == std::string_view::npos;
}

/// Placeholders stand for values that were not printed: a number will do for the grammar.
void fill_placeholders(std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto piece = planner::next_piece(text, at);
    if (piece.kind == planner::PieceKind::symbol && text[piece.begin] == '?') text[at] = '0';
    at = piece.end;
  }
}

/// A line of SQL, or what belongs to the statement before.
struct Row {
  std::size_t begin = 0;
  std::size_t sql = 0;  ///< where the SQL starts
  std::size_t end = 0;
  bool statement = false;  ///< a new one starts here
  std::string migration;
};

std::vector<Row> rows_of(std::string_view text) {
  std::vector<Row> rows;
  std::string migration;
  for (const Line& line : lines_of(text)) {
    const auto bullet =
        trimmed(line.text).starts_with(kBullet) ? line.text.find(kBullet) : std::string_view::npos;
    const auto prefix = old_prefix(line.text);
    if (is_header(line.text)) {
      migration = std::string(trimmed(line.text));
    } else if (bullet != std::string_view::npos) {
      rows.push_back(
          {line.begin, line.begin + bullet + kBullet.size(), line.end(), true, migration});
    } else if (prefix > 0) {
      rows.push_back({line.begin, line.begin + prefix, line.end(), true,
                      std::string(line.text.substr(0, prefix))});
    } else if (!rows.empty() && !trimmed(line.text).empty() && rows.back().migration == migration) {
      rows.push_back({line.begin, line.begin, line.end(), false, rows.back().migration});
    }
  }
  return rows;
}

planner::SqlFile part_of(const RawFile& file, const std::string& text, const std::vector<Row>& rows,
                         std::size_t first, std::size_t last) {
  planner::SqlFile part{.path = file.path,
                        .bytes = file.bytes,
                        .shipped = std::string(file.bytes),
                        .wrapping = planner::Wrapping::transaction};
  blank(part.shipped, 0, part.shipped.size());
  for (auto at = first; at < last; ++at) {
    const Row& row = rows[at];
    std::copy(text.begin() + static_cast<std::ptrdiff_t>(row.sql),
              text.begin() + static_cast<std::ptrdiff_t>(row.end),
              part.shipped.begin() + static_cast<std::ptrdiff_t>(row.sql));
    // in the place of the mark: the lines have no semicolons
    if (row.statement && at > first) part.shipped[row.sql - 1] = ';';
  }
  fill_placeholders(part.shipped);
  return part;
}

}  // namespace

bool is_laravel_output(std::string_view bytes) {
  if (bytes.find(kBullet) == std::string_view::npos && bytes.find(": ") == std::string_view::npos) {
    return false;
  }
  std::string text(bytes);
  blank_escapes(text);
  const auto lines = lines_of(text);
  const auto is_row = [](const Line& line) {
    if (trimmed(line.text).starts_with(kBullet)) return true;
    const auto prefix = old_prefix(line.text);
    if (prefix == 0) return false;
    const auto sql = line.text.substr(prefix);
    constexpr std::array<std::string_view, 8> kVerbs = {
        "create ", "alter ", "drop ", "insert ", "update ", "delete ", "select ", "comment "};
    return std::ranges::any_of(kVerbs, [&](auto verb) { return sql.starts_with(verb); });
  };
  const auto first =
      std::ranges::find_if(lines, [](const Line& line) { return !trimmed(line.text).empty(); });
  if (first == lines.end()) return false;
  return is_row(*first) || std::ranges::any_of(lines, [](const Line& line) {
           return trimmed(line.text).starts_with(kBullet);
         });
}

GateFile read_laravel(const RawFile& file) {
  GateFile read;
  std::string text = file.bytes;
  blank_escapes(text);
  const auto rows = rows_of(text);
  for (std::size_t first = 0; first < rows.size();) {
    auto last = first + 1;
    while (last < rows.size() && rows[last].migration == rows[first].migration) ++last;
    read.parts.push_back(part_of(file, text, rows, first, last));
    first = last;
  }
  return read;
}

}  // namespace zdm::migrations
