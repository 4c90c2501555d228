#include "gate/runner_marks.hpp"

#include <algorithm>

#include "gate/blank.hpp"
#include "sql/text.hpp"

namespace zdm::migrations {

using planner::equal_folded;

namespace {

/// What follows the dashes of a comment line.
std::string_view comment_of(std::string_view line) {
  line = trimmed(line);
  return line.starts_with("--") ? trimmed(line.substr(2)) : std::string_view{};
}

}  // namespace

bool is_dbmate_mark(std::string_view line) {
  const auto text = comment_of(line);
  return text.starts_with("migrate:up") || text.starts_with("migrate:down");
}

bool is_goose_mark(std::string_view line) {
  return equal_folded(comment_of(line).substr(0, 7), "+goose ");
}

std::string goose_words(std::string_view line) {
  return planner::fold(trimmed(comment_of(line).substr(6)));
}

std::optional<FlywayName> flyway_name(std::string_view name) {
  if (!name.ends_with(".sql") || name.empty()) return std::nullopt;
  const auto mark = name.find("__");
  if (mark == std::string_view::npos) return std::nullopt;
  FlywayName found{.kind = name[0], .version = std::string(name.substr(1, mark - 1))};
  if (found.kind == 'R') return mark == 1 ? std::optional(found) : std::nullopt;
  const bool versioned = found.kind == 'V' || found.kind == 'U' || found.kind == 'B';
  const bool digits = std::ranges::all_of(
      found.version, [](char c) { return planner::is_digit(c) || c == '.' || c == '_'; });
  if (!versioned || !digits || found.version.empty()) return std::nullopt;
  std::ranges::replace(found.version, '_', '.');
  return found;
}

}  // namespace zdm::migrations
