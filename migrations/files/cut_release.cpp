#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "files/lock_file.hpp"
#include "files/write_file.hpp"

namespace zdm::migrations {

using planner::ErrorCode;
using planner::fail;
using planner::Migration;
using planner::Result;

namespace {

const LockEntry* find_migration(const LockRelease& release, const std::string& id) {
  const auto found = std::ranges::find_if(release.entries, [&](const LockEntry& entry) {
    return entry.kind == "migration" && entry.id == id;
  });
  return found == release.entries.end() ? nullptr : &*found;
}

/// The first difference of two lists, as a sentence.
std::string difference(const std::vector<LockEntry>& cut, const std::vector<LockEntry>& now) {
  for (const LockEntry& entry : now) {
    const auto was = std::ranges::find_if(
        cut, [&](const LockEntry& each) { return each.kind == entry.kind && each.id == entry.id; });
    if (was == cut.end()) return fmt::format("{} was not in it", entry.id);
    if (was->phase && entry.phase && was->phase != entry.phase) {
      return fmt::format("{} was at {} and is at {} now", entry.id, planner::to_string(*was->phase),
                         planner::to_string(*entry.phase));
    }
    if (was->checksum != entry.checksum) return fmt::format("{} has changed since", entry.id);
  }
  for (const LockEntry& entry : cut) {
    if (std::ranges::count(now, entry.id, &LockEntry::id) == 0) {
      return fmt::format("{} is gone", entry.id);
    }
  }
  return {};
}

Result<CutReport> cut_again(const LockRelease& there, const std::optional<std::string>& from,
                            const std::vector<LockEntry>& entries) {
  const auto again = [&](const std::string& why) {
    return fail(ErrorCode::refused,
                fmt::format("release {} was cut already, and {}", there.release, why),
                "a cut release never changes: give the new one another name");
  };
  if (from && (!there.hotfix || there.parent != *from)) {
    return again(there.hotfix ? fmt::format("as a hotfix of {}", there.parent) : "not as a hotfix");
  }
  if (!from && there.hotfix) return again(fmt::format("as a hotfix of {}", there.parent));
  if (const auto what = difference(there.entries, entries); !what.empty()) {
    return again(what);
  }
  return CutReport{there.release, there.parent, true};
}

/// A hotfix runs beside releases that know nothing of it.
Result<void> check_hotfix(const LockRelease& parent, const std::string& release,
                          const std::vector<LockEntry>& entries) {
  for (const LockEntry& entry : entries) {
    if (entry.kind != "migration") continue;
    const LockEntry* was = find_migration(parent, entry.id);
    if (was == nullptr) {
      return fail(
          ErrorCode::refused,
          fmt::format("hotfix {} of {} brings the migration {}", release, parent.release, entry.id),
          "a hotfix brings none: let it ship in the next release");
    }
    if (*entry.phase > *was->phase) {
      return fail(ErrorCode::refused,
                  fmt::format("hotfix {} takes {} to {}, and {} is at {}", release, entry.id,
                              planner::to_string(*entry.phase), parent.release,
                              planner::to_string(*was->phase)),
                  fmt::format("a hotfix advances no phase: write phase = \"{}\" again",
                              planner::to_string(*was->phase)));
    }
  }
  return {};
}

Result<void> check_name(const std::string& release) {
  const bool plain = std::ranges::none_of(release, [](char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code <= 0x20 || code == 0x7F;
  });
  if (!release.empty() && release != "-" && plain) return {};
  return fail(ErrorCode::usage, fmt::format("\"{}\" cannot name a release", release),
              "take letters, digits, dots and dashes, such as 2026.48");
}

Result<LockRelease> new_release(const LockFile& file, const std::string& release,
                                const std::optional<std::string>& from,
                                const std::vector<LockEntry>& entries) {
  LockRelease cut{.release = release, .entries = entries};
  if (!from) {
    const LockRelease* parent = newest_release(file);
    cut.parent = parent == nullptr ? "" : parent->release;
    return cut;
  }
  const LockRelease* parent = find_release(file, *from);
  if (parent == nullptr) {
    return fail(ErrorCode::usage, fmt::format("{} knows no release {}", file.path, *from),
                "--from takes a release that was cut");
  }
  ZDM_CHECK(check_hotfix(*parent, release, entries));
  cut.parent = *from;
  cut.hotfix = true;
  return cut;
}

}  // namespace

std::vector<LockEntry> entries_of(const std::vector<Migration>& migrations) {
  std::vector<LockEntry> entries;
  for (const Migration& migration : migrations) {
    entries.push_back(
        {"migration", migration.id.value, migration.phase, migration.expressions_checksum});
  }
  std::ranges::sort(entries, {}, &LockEntry::id);
  return entries;
}

const LockRelease* base_release(const LockFile& file, const std::vector<LockEntry>& head) {
  const LockRelease* newest = newest_release(file);
  if (newest == nullptr || newest->entries != head) return newest;
  return newest->parent.empty() ? newest : find_release(file, newest->parent);
}

Result<CutReport> cut_release(const LockFile& file, const std::string& release,
                              const std::optional<std::string>& from,
                              std::vector<LockEntry> entries, const std::string& time) {
  ZDM_CHECK(check_name(release));
  if (const auto fork = find_fork(file)) {
    return planner::fail_at(
        {file.path, fork->line, 1, fork->line, 1}, ErrorCode::refused,
        fmt::format("lock-forked: releases {} and {} both follow {}", fork->first, fork->second,
                    fork->parent.empty() ? "nothing" : fork->parent),
        fork->edit);
  }
  std::ranges::sort(entries, {}, [](const LockEntry& e) { return std::tie(e.kind, e.id); });
  if (const LockRelease* there = find_release(file, release)) {
    return cut_again(*there, from, entries);
  }
  ZDM_TRY(LockRelease cut, new_release(file, release, from, entries));
  cut.time = time;
  LockFile next = file;
  next.releases.push_back(cut);
  const std::string text = to_text(next);
  // what we write, we must be able to read
  ZDM_CHECK(parse_lock_file(text, file.path));
  ZDM_CHECK(replace_file(file.path, text));
  return CutReport{cut.release, cut.parent, false};
}

}  // namespace zdm::migrations
