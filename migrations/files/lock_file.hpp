#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/migration.hpp"
#include "release/entry.hpp"

namespace zdm::migrations {

/// One line of a release's list.
using LockEntry = planner::ReleaseEntry;

struct LockRelease {
  std::string release;
  std::string parent;  ///< empty for the first
  std::string time;    ///< RFC 3339
  bool hotfix = false;
  std::vector<LockEntry> entries;  ///< sorted by bytes
  int line = 0;
};

/// zdm.lock: tab-separated lines, `zdm-lock 1` first, then for each release, oldest first,
/// `release NAME parent PARENT TIME [hotfix]` (PARENT of the first is `-`) and its full list.
struct LockFile {
  std::string path;
  std::vector<LockRelease> releases;  ///< oldest first
};

/// Two releases that both follow `parent`: what a merge of two branches leaves, each of which cut
/// one.
struct LockFork {
  std::string parent;  ///< empty: both are first
  std::string first;
  std::string second;
  int line = 0;      ///< of the second
  std::string edit;  ///< the edit to make, as a sentence
};

/// The bytes of a zdm.lock. ErrorCode::usage with the line, as read_lock_file().
[[nodiscard]] planner::Result<LockFile> parse_lock_file(std::string_view bytes,
                                                        const std::string& path);
/// The text that parse_lock_file() reads back as the same.
[[nodiscard]] std::string to_text(const LockFile& file);

/// The newest release of the main line: what a checkout is compared with. Nothing in an empty file.
[[nodiscard]] const LockRelease* newest_release(const LockFile& file);
[[nodiscard]] const LockRelease* find_release(const LockFile& file, std::string_view release);
/// The first `lock-forked`, or nothing.
[[nodiscard]] std::optional<LockFork> find_fork(const LockFile& file);

/// A missing file is an empty one. Duplicates, conflict markers, malformed lines: ErrorCode::usage
/// with the line.
[[nodiscard]] planner::Result<LockFile> read_lock_file(const std::string& path);

struct CutReport {
  std::string release;
  std::string parent;
  bool already = false;  ///< the identical release was there
};

/// The lines of zdm.lock for these migrations, sorted by bytes.
[[nodiscard]] std::vector<LockEntry> entries_of(const std::vector<planner::Migration>& migrations);

/// The release that head is compared with: the newest that is no hotfix of an older one, or its
/// parent where it has just these entries (itself, where it is the first). Null: none was cut.
[[nodiscard]] const LockRelease* base_release(const LockFile& file,
                                              const std::vector<LockEntry>& head);

/// Appends a release (`zdm release cut`). Same release again: fine if identical, else refused.
/// `from`: a hotfix of that older release; it may not advance a phase or bring a migration. Two
/// non-hotfix children of one parent: refused as lock-forked with the edit to make. The file is
/// replaced atomically (write beside, fsync, rename).
[[nodiscard]] planner::Result<CutReport> cut_release(const LockFile& file,
                                                     const std::string& release,
                                                     const std::optional<std::string>& from,
                                                     std::vector<LockEntry> entries,
                                                     const std::string& time);

/// Release names, oldest first, hotfixes right after their parent.
[[nodiscard]] std::vector<std::string> ordered_releases(const LockFile& file);

}  // namespace zdm::migrations
