#pragma once

#include <functional>
#include <map>
#include <string>

#include "model/error.hpp"

/// What a revision of git holds, asked of the program git.
namespace zdm::migrations {

/// Files of a revision, by their path relative to the directory asked from.
using GitFiles = std::map<std::string, std::string>;

struct Revision {
  std::string commit;  ///< in full
  GitFiles files;      ///< path → bytes
};

/// Reads those files of a revision that `wanted` says yes to. ErrorCode::usage: no repository, no
/// such revision; in a shallow checkout with what to do.
[[nodiscard]] planner::Result<Revision> read_revision(
    const std::string& directory, const std::string& revision,
    const std::function<bool(const std::string& path)>& wanted);

}  // namespace zdm::migrations
