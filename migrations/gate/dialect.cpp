#include "gate/dialect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "gate/blank.hpp"
#include "gate/runner_marks.hpp"
#include "model/suggest.hpp"

namespace zdm::migrations {

namespace fs = std::filesystem;

namespace {

struct Name {
  Dialect dialect;
  std::string_view text;
};
constexpr std::array kNames = {
    Name{Dialect::plain, "plain"},   Name{Dialect::psql, "psql"},
    Name{Dialect::flyway, "flyway"}, Name{Dialect::dbmate, "dbmate"},
    Name{Dialect::goose, "goose"},   Name{Dialect::golang_migrate, "golang-migrate"},
    Name{Dialect::sqitch, "sqitch"}, Name{Dialect::laravel_pretend, "laravel-pretend"}};

bool has_parent(const fs::path& path, std::string_view name) {
  return path.parent_path().filename() == name;
}

/// sqitch's templates begin every file with a comment: "-- Deploy flipr:users to pg".
bool starts_as_sqitch(std::string_view bytes) {
  const auto lines = lines_of(bytes.substr(0, 1000));
  return !lines.empty() &&
         (lines[0].text.starts_with("-- Deploy ") || lines[0].text.starts_with("-- Revert ") ||
          lines[0].text.starts_with("-- Verify "));
}

bool has_line(std::string_view bytes, bool (*matches)(std::string_view)) {
  return std::ranges::any_of(lines_of(bytes), [&](const Line& line) { return matches(line.text); });
}

}  // namespace

std::string_view to_string(Dialect dialect) {
  return std::ranges::find(kNames, dialect, &Name::dialect)->text;
}

std::vector<std::string_view> dialect_names() {
  std::vector<std::string_view> names;
  for (const auto& name : kNames) names.push_back(name.text);
  return names;
}

planner::Result<Dialect> parse_dialect(std::string_view text) {
  const auto found = std::ranges::find(kNames, text, &Name::text);
  if (found != kNames.end()) return found->dialect;
  const auto names = dialect_names();
  return planner::fail(planner::ErrorCode::usage,
                       fmt::format("--dialect does not know {}{}", text,
                                   planner::suggestion(text, {names.begin(), names.end()})),
                       fmt::format("it takes {}", fmt::join(names, ", ")));
}

Dialect detect_dialect(const RawFile& file) {
  const fs::path path(file.path);
  const auto name = path.filename().string();
  if (file.bytes.find("--") != std::string::npos) {
    if (has_line(file.bytes, is_dbmate_mark)) return Dialect::dbmate;
    if (has_line(file.bytes, is_goose_mark)) return Dialect::goose;
  }
  if (name.ends_with(".up.sql") || name.ends_with(".down.sql")) return Dialect::golang_migrate;
  if (flyway_name(name)) return Dialect::flyway;
  if (starts_as_sqitch(file.bytes)) return Dialect::sqitch;
  if (is_laravel_output(file.bytes)) return Dialect::laravel_pretend;
  if (looks_like_psql(file.bytes)) return Dialect::psql;
  return Dialect::plain;
}

bool never_ships(std::string_view path, Dialect dialect) {
  const fs::path file(path);
  const auto name = file.filename().string();
  if (dialect == Dialect::golang_migrate) return name.ends_with(".down.sql");
  if (dialect == Dialect::sqitch) return has_parent(file, "revert") || has_parent(file, "verify");
  if (dialect != Dialect::flyway) return false;
  const auto flyway = flyway_name(name);
  return flyway && flyway->kind == 'U';
}

}  // namespace zdm::migrations
