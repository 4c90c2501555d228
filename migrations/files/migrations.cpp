#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "files/project.hpp"
#include "files/toml.hpp"
#include "release/natural_order.hpp"

namespace zdm::migrations {

namespace fs = std::filesystem;
using planner::ErrorCode;
using planner::fail;
using planner::Migration;
using planner::MigrationId;

namespace {

/// As a person in the working directory would name it.
std::string shown_name(const fs::path& path) {
  std::error_code problem;
  const auto here = fs::current_path(problem);
  if (problem || !path.is_absolute()) return path.string();
  const auto near = path.lexically_proximate(here);
  return near.empty() || *near.begin() == ".." ? path.string() : near.string();
}

/// zdm.lock keeps ids in tab-separated lines.
bool is_plain(const std::string& id) {
  return std::ranges::none_of(id, [](char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code < 0x20 || code == 0x7F;
  });
}

bool is_migration(const fs::directory_entry& entry) {
  const auto name = entry.path().filename().string();
  std::error_code ignored;
  return !name.starts_with('.') && entry.path().extension() == ".toml" && name != "zdm.toml" &&
         !entry.is_directory(ignored);
}

Result<std::vector<fs::path>> list(const std::string& directory) {
  std::error_code problem;
  fs::directory_iterator entries(directory, problem);
  if (problem == std::errc::no_such_file_or_directory) {
    return fail(ErrorCode::usage,
                fmt::format("there is no directory of migrations {}", shown_name(directory)),
                "zdm init makes it; [migrations] dir in zdm.toml names another");
  }
  std::vector<fs::path> paths;
  for (; !problem && entries != fs::directory_iterator(); entries.increment(problem)) {
    if (is_migration(*entries)) paths.push_back(entries->path());
  }
  if (problem) {
    return fail(ErrorCode::usage, fmt::format("cannot read the directory {}: {}",
                                              shown_name(directory), problem.message()));
  }
  std::ranges::sort(paths, [](const fs::path& left, const fs::path& right) {
    const auto order = planner::natural_compare(left.stem().string(), right.stem().string());
    return order != 0 ? order < 0 : left < right;
  });
  return paths;
}

Result<void> refuse_equal_ids(const std::vector<fs::path>& paths) {
  const auto same =
      std::ranges::adjacent_find(paths, [](const fs::path& left, const fs::path& right) {
        return planner::natural_compare(left.stem().string(), right.stem().string()) == 0;
      });
  if (same == paths.end()) return {};
  return fail(ErrorCode::usage,
              fmt::format("{} and {} have the same id: numbers compare by value", shown_name(*same),
                          shown_name(*std::next(same))),
              "rename the one that was not applied anywhere yet");
}

}  // namespace

Result<Migration> load_migration(const std::string& path) {
  const auto id = fs::path(path).stem().string();
  const auto shown = shown_name(path);
  if (!is_plain(id)) {
    return fail(ErrorCode::usage, "the name of a migration file holds a control character",
                "rename it: letters, digits, - and _ will do");
  }
  ZDM_TRY(const std::string bytes, read_text_file(path));
  ZDM_TRY(const planner::Value root, parse_toml(bytes, shown));
  return planner::decode_migration(MigrationId{id}, shown, root);
}

Result<std::vector<Migration>> load_migrations(const std::string& directory) {
  ZDM_TRY(const std::vector<fs::path> paths, list(directory));
  ZDM_CHECK(refuse_equal_ids(paths));
  std::vector<Migration> migrations;
  for (const auto& path : paths) {
    ZDM_TRY(Migration migration, load_migration(path.string()));
    migrations.push_back(std::move(migration));
  }
  return migrations;
}

}  // namespace zdm::migrations
