#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "commands/words.hpp"
#include "suggest.hpp"
#include "templates.hpp"

namespace zdm::cli {
namespace {

namespace fs = std::filesystem;

struct Target {
  fs::path path;
  std::string_view content;
};

/// "a b", "a,b" and repeated flags alike.
std::vector<std::string> asked_for(const Arguments& arguments) {
  std::vector<std::string> names;
  for (auto text : arguments.values("--template")) {
    std::size_t comma = 0;
    while ((comma = text.find(',')) != std::string::npos) {
      names.push_back(text.substr(0, comma));
      text.erase(0, comma + 1);
    }
    names.push_back(text);
  }
  return names;
}

Result<std::vector<Target>> targets(const std::vector<std::string>& chosen) {
  const auto known = template_names();
  for (const auto& name : chosen) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return planner::fail(
        ErrorCode::usage, fmt::format("there is no template {}", name),
        did_you_mean(name, known, fmt::format("templates are {}", fmt::join(known, ", "))));
  }
  std::vector<Target> result;
  for (const auto& file : templates::files()) {
    const auto of = file.folder();
    if (of.empty()) {
      result.push_back({fs::path(file.name), file.content});
    } else if (std::find(chosen.begin(), chosen.end(), of) != chosen.end()) {
      result.push_back({fs::path(file.name.substr(of.size() + 1)), file.content});
    }
  }
  return result;
}

Error cannot_write(const fs::path& path, const std::string& why) {
  return {.code = ErrorCode::failed,
          .message = fmt::format("cannot write {}: {}", path.string(), why),
          .hint = "check the directory's permissions and the space on its disk"};
}

Result<void> write(const Target& target) {
  std::error_code error;
  if (target.path.has_parent_path()) fs::create_directories(target.path.parent_path(), error);
  if (error) return planner::fail(cannot_write(target.path, error.message()));
  std::ofstream file(target.path, std::ios::binary);
  file << target.content;
  file.close();
  if (!file) return planner::fail(cannot_write(target.path, std::strerror(errno)));
  if (target.content.substr(0, 2) != "#!") return {};
  constexpr auto kRun = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
  fs::permissions(target.path, kRun, fs::perm_options::add, error);
  if (error) return planner::fail(cannot_write(target.path, error.message()));
  return {};
}

/// Templates are added to a project that has its zdm.toml.
bool is_begun(const Target& target, const Arguments& arguments) {
  return target.path == "zdm.toml" && arguments.has("--template");
}

}  // namespace

Answer run_init(Context& context) {
  ZDM_ANSWER_TRY(const auto files, targets(asked_for(context.arguments())));
  InitReport report;
  for (const auto& target : files) {
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(target.path, ignored))) continue;
    if (is_begun(target, context.arguments())) {
      report.begun = true;
      continue;
    }
    return Answer::failed(
        {.code = ErrorCode::usage,
         .message = fmt::format("{} is there already; nothing was written", target.path.string()),
         .hint = "zdm init never overwrites: move the file away, or edit it"});
  }
  std::error_code error;
  if (fs::create_directory("migrations", error)) report.created.emplace_back("migrations/");
  if (error && !fs::is_directory("migrations")) {
    return Answer::failed(cannot_write("migrations", error.message()));
  }
  for (const auto& target : files) {
    if (fs::exists(fs::symlink_status(target.path, error))) continue;
    if (auto written = write(target); !written) return Answer::failed(written.error());
    report.created.push_back(target.path.string());
  }
  return {.report = std::move(report)};
}

}  // namespace zdm::cli
