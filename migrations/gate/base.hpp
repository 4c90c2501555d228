#pragma once

#include <optional>
#include <string>
#include <vector>

#include "files/lock_file.hpp"
#include "gate/inputs.hpp"
#include "release/entry.hpp"

namespace zdm::migrations {

/// The checkout, as far as a release records it.
struct Head {
  std::string root;            ///< the directory of zdm.toml and zdm.lock
  std::string migrations_dir;  ///< absolute
  std::vector<planner::ReleaseEntry> entries;
};

/// Where the base comes from: at most one of the two; without any, zdm.lock.
struct BaseRequest {
  std::optional<std::string> since;      ///< a revision of git
  std::optional<std::string> directory;  ///< a checkout of the release that runs
  std::optional<std::string> release;    ///< of zdm.lock, which a hotfix is cut from
};

/// The path by which zdm.lock and other trees know a file.
[[nodiscard]] std::string key_of(const std::string& absolute, const std::string& root);

/// "sha256:…" of raw SQL, whose line ends do not matter.
[[nodiscard]] std::string sql_checksum(std::string_view bytes);

/// What is running. ErrorCode::usage: a revision or directory that is not there.
[[nodiscard]] planner::Result<planner::Base> find_base(const BaseRequest& request, const Head& head,
                                                       const LockFile& lock);

}  // namespace zdm::migrations
