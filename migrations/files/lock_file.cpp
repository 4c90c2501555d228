#include "files/lock_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include "files/text_index.hpp"
#include "files/toml.hpp"

namespace zdm::migrations {

using planner::ErrorCode;
using planner::fail_at;
using planner::Result;

namespace {

constexpr std::string_view kHeader = "zdm-lock\t1";
constexpr std::string_view kNoParent = "-";
/// Each release lists all migrations: 500 releases of 1000 migrations.
constexpr std::size_t kLargestLock = 64'000'000;

using Fields = std::vector<std::string_view>;

Fields split(std::string_view line) {
  Fields fields;
  for (;;) {
    const auto tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

/// Printable UTF-8: names end up in messages and JSON.
bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  while (!text.empty()) {
    const auto code = static_cast<unsigned char>(text[0]);
    const std::size_t length = utf8_length(text);
    if (length == 0 || code < 0x20 || code == 0x7F) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_checksum(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 64) return false;
  return text.substr(kPrefix.size()).find_first_not_of("0123456789abcdef") ==
         std::string_view::npos;
}

/// 2026-11-23T12:57:31Z, RFC 3339 in UTC.
bool is_time(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return false;
  }
  return true;
}

/// Git leaves <<<<<<<, ||||||| (diff3), ======= and >>>>>>> in a file it could not merge.
bool is_conflict_marker(std::string_view line) {
  constexpr std::array<std::string_view, 4> kMarkers = {"<<<<<<<", "|||||||", "=======", ">>>>>>>"};
  return std::ranges::any_of(kMarkers, [&](auto marker) { return line.starts_with(marker); });
}

/// Reads line after line.
class Parser {
 public:
  Parser(std::string_view bytes, const std::string& path) : bytes_(bytes) { file_.path = path; }

  Result<LockFile> run() {
    while (!bytes_.empty()) {
      const auto end = std::min(bytes_.find('\n'), bytes_.size());
      auto line = bytes_.substr(0, end);
      bytes_.remove_prefix(std::min(end + 1, bytes_.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      ++line_;
      ZDM_CHECK(read(line));
    }
    if (line_ == 0) return bad("it is empty; its first line should be zdm-lock and 1");
    return std::move(file_);
  }

 private:
  [[nodiscard]] tl::unexpected<planner::Error> bad(const std::string& problem,
                                                   std::string hint = {}) const {
    if (hint.empty()) hint = "zdm release cut alone writes this file: take it from git again";
    const int line = std::max(line_, 1);
    return fail_at({file_.path, line, 1, line, 1}, ErrorCode::usage,
                   fmt::format("{} cannot be read: {}", file_.path, problem), std::move(hint));
  }

  Result<void> read(std::string_view line) {
    if (is_conflict_marker(line)) {
      return bad("here is a conflict marker of a merge",
                 "keep both releases, one after the other, and make the first the parent of the "
                 "second");
    }
    const Fields fields = split(line);
    if (line_ == 1) return read_header(line, fields);
    if (fields[0] == "release") return read_release(fields);
    if (fields[0] == "migration" || fields[0] == "sql") return read_entry(fields);
    if (line.empty()) return bad("this line is empty");
    return bad("a line starts with release, migration or sql, and this one does not");
  }

  [[nodiscard]] Result<void> read_header(std::string_view line, const Fields& fields) const {
    if (line == kHeader) return {};
    if (fields[0] == "zdm-lock" && fields.size() == 2 && is_plain(fields[1])) {
      return bad(fmt::format("it has format {}, and this zdm knows format 1", fields[1]),
                 "it was written by a later zdm: use that one");
    }
    return bad("its first line is not zdm-lock, a tab and 1");
  }

  Result<void> read_release(const Fields& fields) {
    const bool hotfix = fields.size() == 6 && fields[5] == "hotfix";
    if ((fields.size() != 5 && !hotfix) || fields[2] != "parent") {
      return bad("a release is written: release NAME parent PARENT TIME, with tabs between");
    }
    for (const auto field : {fields[1], fields[3]}) {
      if (!is_plain(field)) return bad("the name of a release is empty or not printable");
    }
    if (fields[1] == kNoParent) return bad("a release cannot be named -");
    if (!is_time(fields[4])) return bad("the time is not written 2026-11-23T12:57:31Z");
    LockRelease release{.release = std::string(fields[1]),
                        .parent = fields[3] == kNoParent ? "" : std::string(fields[3]),
                        .time = std::string(fields[4]),
                        .hotfix = hotfix,
                        .entries = {},
                        .line = line_};
    ZDM_CHECK(check_place(release));
    names_.insert(release.release);
    file_.releases.push_back(std::move(release));
    return {};
  }

  [[nodiscard]] Result<void> check_place(const LockRelease& release) const {
    if (names_.contains(release.release)) {
      return bad(fmt::format("release {} is there twice", release.release), "keep one of the two");
    }
    if (release.hotfix && release.parent.empty()) return bad("a hotfix needs a parent");
    if (!release.parent.empty() && !names_.contains(release.parent)) {
      return bad(fmt::format("release {} has the parent {}, which does not stand before it",
                             release.release, release.parent),
                 "put the parent first");
    }
    return {};
  }

  Result<void> read_entry(const Fields& fields) {
    if (file_.releases.empty()) return bad("an entry stands before the first release");
    const bool migration = fields[0] == "migration";
    if (fields.size() != (migration ? 4U : 3U)) {
      return bad(migration ? "an entry is written: migration ID PHASE CHECKSUM, with tabs between"
                           : "an entry is written: sql PATH CHECKSUM, with tabs between");
    }
    LockEntry entry{.kind = std::string(fields[0]),
                    .id = std::string(fields[1]),
                    .phase = std::nullopt,
                    .checksum = std::string(fields.back())};
    if (!is_plain(entry.id)) return bad("the name of an entry is empty or not printable");
    if (migration) entry.phase = planner::parse_phase(fields[2]);
    if (migration && !entry.phase) {
      return bad("the phase is not expand, backfill, switch or contract");
    }
    if (!is_checksum(entry.checksum)) return bad("the checksum is not sha256: and 64 hex digits");
    auto& entries = file_.releases.back().entries;
    if (!entries.empty()) {
      const auto& last = entries.back();
      const auto order = std::tie(last.kind, last.id) <=> std::tie(entry.kind, entry.id);
      if (order == 0) return bad(fmt::format("{} {} is there twice", entry.kind, entry.id));
      if (order > 0) return bad(fmt::format("{} is not in byte order", entry.id));
    }
    entries.push_back(std::move(entry));
    return {};
  }

  std::string_view bytes_;
  int line_ = 0;
  LockFile file_;
  std::set<std::string, std::less<>> names_;
};

}  // namespace

Result<LockFile> parse_lock_file(std::string_view bytes, const std::string& path) {
  return Parser(bytes, path).run();
}

std::string to_text(const LockFile& file) {
  std::string text = fmt::format("{}\n", kHeader);
  for (const LockRelease& release : file.releases) {
    text += fmt::format("release\t{}\tparent\t{}\t{}{}\n", release.release,
                        release.parent.empty() ? kNoParent : std::string_view(release.parent),
                        release.time, release.hotfix ? "\thotfix" : "");
    for (const LockEntry& entry : release.entries) {
      text += fmt::format("{}\t{}\t", entry.kind, entry.id);
      if (entry.phase) text += fmt::format("{}\t", planner::to_string(*entry.phase));
      text += fmt::format("{}\n", entry.checksum);
    }
  }
  return text;
}

Result<LockFile> read_lock_file(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return LockFile{path, {}};
  ZDM_TRY(const std::string bytes, read_text_file(path, kLargestLock));
  return parse_lock_file(bytes, path);
}

const LockRelease* newest_release(const LockFile& file) {
  const auto found = std::find_if(file.releases.rbegin(), file.releases.rend(),
                                  [](const LockRelease& release) { return !release.hotfix; });
  return found == file.releases.rend() ? nullptr : &*found;
}

const LockRelease* find_release(const LockFile& file, std::string_view release) {
  const auto found = std::ranges::find(file.releases, release, &LockRelease::release);
  return found == file.releases.end() ? nullptr : &*found;
}

std::optional<LockFork> find_fork(const LockFile& file) {
  std::map<std::string_view, const LockRelease*> child_of;
  for (const LockRelease& second : file.releases) {
    if (second.hotfix) continue;
    const auto [found, alone] = child_of.emplace(second.parent, &second);
    if (alone) continue;
    const auto& first = found->second->release;
    const auto parent = second.parent.empty() ? kNoParent : std::string_view(second.parent);
    return LockFork{
        second.parent, first, second.release, second.line,
        fmt::format("on line {} of {} write parent {} instead of parent {} if {} is deployed after "
                    "{}; if before it, let the two blocks change places first",
                    second.line, file.path, first, parent, second.release, first)};
  }
  return std::nullopt;
}

std::vector<std::string> ordered_releases(const LockFile& file) {
  std::multimap<std::string_view, const LockRelease*> hotfixes;  // of one parent in file order
  std::vector<const LockRelease*> open;                          // the next one last
  for (const LockRelease& release : file.releases) {
    if (release.hotfix) hotfixes.emplace(release.parent, &release);
    if (!release.hotfix) open.push_back(&release);
  }
  std::ranges::reverse(open);
  std::vector<std::string> order;
  while (!open.empty()) {
    const LockRelease* next = open.back();
    open.pop_back();
    order.push_back(next->release);
    const auto [first, last] = hotfixes.equal_range(next->release);
    for (auto at = last; at != first;) open.push_back((--at)->second);
  }
  return order;
}

}  // namespace zdm::migrations
