#include "gate/inputs.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "files/text_index.hpp"
#include "files/toml.hpp"
#include "gate/blank.hpp"
#include "gate/runner_marks.hpp"
#include "release/natural_order.hpp"
#include "sql/text.hpp"

namespace zdm::migrations {

namespace fs = std::filesystem;
using planner::ErrorCode;
using planner::fail;
using planner::Result;

namespace {

bool is_pattern(const std::string& path) {
  return path.find_first_of("*?[") != std::string::npos;
}

bool is_sql(const fs::path& path) {
  return path.extension() == ".sql" && !path.filename().string().starts_with('.');
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// In the order of their runner.
void order_as_run(std::vector<fs::path>& files) {
  std::ranges::sort(files, [](const fs::path& left, const fs::path& right) {
    return runs_before(left.native(), right.native());
  });
}

/// sqitch.plan names each change on a line of its own, in order.
std::map<std::string, std::size_t> sqitch_plan(const fs::path& directory) {
  std::map<std::string, std::size_t> order;
  const auto plan = read_text_file((directory / "sqitch.plan").string());
  if (!plan) return order;
  for (const Line& line : lines_of(*plan)) {
    const auto text = trimmed(line.text);
    if (text.empty() || text.starts_with('%') || text.starts_with('@') || text.starts_with('#')) {
      continue;
    }
    order.emplace(std::string(text.substr(0, text.find(' '))), order.size());
  }
  return order;
}

/// deploy/ of a sqitch project, in the order of its plan; changes the plan does not know come last.
void order_as_planned(const fs::path& project, std::vector<fs::path>& files) {
  const auto order = sqitch_plan(project);
  if (order.empty()) return;
  const auto place = [&](const fs::path& file) {
    const auto change = file.lexically_relative(project / "deploy").replace_extension().string();
    const auto found = order.find(change.substr(0, change.find('@')));
    return found == order.end() ? order.size() : found->second;
  };
  std::ranges::stable_sort(files, {}, place);
}

Result<std::vector<fs::path>> sql_below(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code problem;
  const auto options = fs::directory_options::none;
  fs::recursive_directory_iterator at(directory, options, problem);
  for (; !problem && at != fs::recursive_directory_iterator(); at.increment(problem)) {
    std::error_code ignored;
    const bool is_directory = at->is_directory(ignored);
    if (is_directory && at->path().filename().string().starts_with('.'))
      at.disable_recursion_pending();
    if (!is_directory && is_sql(at->path())) files.push_back(at->path());
  }
  if (problem) {
    return fail(ErrorCode::usage, fmt::format("cannot read the directory {}: {}",
                                              directory.string(), problem.message()));
  }
  order_as_run(files);
  return files;
}

Result<std::vector<fs::path>> in_directory(const fs::path& given) {
  std::error_code ignored;
  const bool project = fs::exists(given / "sqitch.plan", ignored);
  const bool deploy = fs::exists(given.parent_path() / "sqitch.plan", ignored);
  const auto directory = project ? given / "deploy" : given;
  ZDM_TRY(auto files, sql_below(directory));
  if (project || (deploy && given.filename() == "deploy")) {
    order_as_planned(project ? given : given.parent_path(), files);
  }
  if (!files.empty()) return files;
  return fail(ErrorCode::usage, fmt::format("no *.sql file is below {}", directory.string()),
              "name the directory that holds them");
}

Result<std::vector<fs::path>> by_pattern(const std::string& pattern) {
  glob_t found{};
  const int code = glob(pattern.c_str(), 0, nullptr, &found);
  std::vector<fs::path> files;
  for (std::size_t at = 0; code == 0 && at < found.gl_pathc; ++at) {
    files.emplace_back(found.gl_pathv[at]);
  }
  globfree(&found);
  order_as_run(files);
  if (!files.empty()) return files;
  return fail(ErrorCode::usage, fmt::format("no file is like {}", pattern),
              "an empty match is never taken for success");
}

Result<std::vector<fs::path>> files_of(const std::string& path) {
  std::error_code ignored;
  if (is_pattern(path) && !fs::exists(path, ignored)) {
    ZDM_TRY(const auto matches, by_pattern(path));
    std::vector<fs::path> files;
    for (const auto& match : matches) {
      ZDM_TRY(const auto below, fs::is_directory(match, ignored)
                                    ? in_directory(match)
                                    : Result<std::vector<fs::path>>({match}));
      files.insert(files.end(), below.begin(), below.end());
    }
    return files;
  }
  if (fs::is_directory(path, ignored)) return in_directory(fs::path(path).lexically_normal());
  return std::vector<fs::path>{path};
}

Result<void> refuse_toml(const fs::path& path) {
  if (path.extension() != ".toml") return {};
  return fail(ErrorCode::usage,
              fmt::format("{} is not SQL: zdm check takes migrations of zdm's own from "
                          "[migrations] dir",
                          path.string()),
              "call zdm check without a path");
}

}  // namespace

bool runs_before(std::string_view left, std::string_view right) {
  const auto first = flyway_name(file_name(left));
  const auto second = flyway_name(file_name(right));
  if (first && second && fs::path(left).parent_path() == fs::path(right).parent_path()) {
    if ((first->kind == 'R') != (second->kind == 'R')) return second->kind == 'R';
    const auto order = planner::natural_compare(first->version, second->version);
    if (order != 0) return order < 0;
  }
  const auto order = planner::natural_compare(left, right);
  return order != 0 ? order < 0 : left < right;
}

Result<RawFile> read_raw(const std::string& path, const std::string& shown) {
  RawFile file{.path = shown};
  ZDM_TRY(file.bytes, read_text_file(path, kLargestSql));
  std::error_code ignored;
  if (fs::exists(path + ".conf", ignored)) {
    ZDM_TRY(file.settings, read_text_file(path + ".conf"));
  }
  return file;
}

Result<void> check_text(const RawFile& file) {
  const bool text = file.bytes.find('\0') == std::string::npos;
  if (text && planner::find_invalid_utf8(file.bytes) == std::string::npos) return {};
  ZDM_TRY(const auto index, TextIndex::create(file.bytes, file.path));
  static_cast<void>(index);
  return {};
}

Result<std::vector<Input>> find_inputs(const InputRequest& request) {
  std::vector<Input> inputs;
  std::set<std::string> seen;
  std::error_code problem;
  const fs::path here = fs::current_path(problem);
  const auto take = [&](Input input) -> Result<void> {
    ZDM_CHECK(check_text(input.raw));
    inputs.push_back(std::move(input));
    return {};
  };
  for (const auto& path : request.paths) {
    if (path == "-") {
      if (!seen.insert("-").second) continue;
      ZDM_TRY(auto bytes, request.standard_input());
      ZDM_CHECK(take({.raw = {.path = "<stdin>", .bytes = std::move(bytes)}}));
      continue;
    }
    ZDM_TRY(const auto files, files_of(path));
    for (const auto& file : files) {
      ZDM_CHECK(refuse_toml(file));
      const auto absolute = (here / file).lexically_normal().string();
      if (!seen.insert(absolute).second) continue;
      ZDM_TRY(auto raw, read_raw(file.string(), file.lexically_normal().string()));
      ZDM_CHECK(take({.raw = std::move(raw), .absolute = absolute}));
    }
  }
  return inputs;
}

}  // namespace zdm::migrations
