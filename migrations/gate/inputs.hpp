#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gate/dialect.hpp"

namespace zdm::migrations {

/// No migration people keep in a repository is larger; dumps are.
inline constexpr std::size_t kLargestSql = 64'000'000;

/// A file to be looked at, and under which name zdm.lock and other trees may know it.
struct Input {
  RawFile raw;
  std::string absolute;  ///< normalized; empty for standard input
};

struct InputRequest {
  std::vector<std::string> paths;  ///< files, directories, patterns with * ? [], or "-"
  std::optional<Dialect> dialect;
  std::function<planner::Result<std::string>()> standard_input;
};

/// Finds *.sql below the directories and expands patterns, in the order in which their runner takes
/// them: paths as given, within each versions by value; Flyway's repeatable ones last; sqitch's by
/// its plan. No path twice. ErrorCode::usage with the place: what is not there, what is not UTF-8,
/// a pattern or directory without a file, TOML files named here.
[[nodiscard]] planner::Result<std::vector<Input>> find_inputs(const InputRequest& request);

/// Reads one. ErrorCode::usage.
[[nodiscard]] planner::Result<RawFile> read_raw(const std::string& path, const std::string& shown);
/// Refuses bytes that are not UTF-8 text, with their place.
[[nodiscard]] planner::Result<void> check_text(const RawFile& file);

/// The order of a runner within one directory: version by version, then Flyway's R__ files.
[[nodiscard]] bool runs_before(std::string_view left, std::string_view right);

}  // namespace zdm::migrations
