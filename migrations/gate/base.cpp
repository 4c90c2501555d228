#include "gate/base.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <map>

#include "files/toml.hpp"
#include "gate/git.hpp"
#include "model/canonical.hpp"

namespace zdm::migrations {

namespace fs = std::filesystem;
using planner::Base;
using planner::ErrorCode;
using planner::fail;
using planner::ReleaseEntry;
using planner::Result;

namespace {

bool is_migration(const fs::path& path) {
  const auto name = path.filename().string();
  return path.extension() == ".toml" && !name.starts_with('.') && name != "zdm.toml";
}

/// What a file of another tree would be in zdm.lock.
Result<ReleaseEntry> entry_of(const std::string& key, const std::string& bytes,
                              const std::string& shown) {
  if (fs::path(key).extension() != ".toml") {
    return ReleaseEntry{"sql", key, std::nullopt, sql_checksum(bytes)};
  }
  ZDM_TRY(const auto root, parse_toml(bytes, shown));
  ZDM_TRY(const auto migration,
          planner::decode_migration({fs::path(key).stem().string()}, shown, root));
  return ReleaseEntry{"migration", migration.id.value, migration.phase,
                      migration.expressions_checksum};
}

/// Migrations wherever there are some, SQL files where head has them too.
class Tree {
 public:
  explicit Tree(const Head& head) : migrations_(key_of(head.migrations_dir, head.root)) {
    for (const auto& entry : head.entries) {
      if (entry.kind == "sql") known_[entry.id] = true;
    }
  }

  [[nodiscard]] bool wants(const std::string& key) const {
    const fs::path path(key);
    if (known_.contains(key)) return true;
    return is_migration(path) && path.parent_path() == fs::path(migrations_);
  }
  [[nodiscard]] const std::string& migrations() const { return migrations_; }
  [[nodiscard]] const std::map<std::string, bool>& known() const { return known_; }

 private:
  std::string migrations_;
  std::map<std::string, bool> known_;
};

Result<Base> since(const std::string& revision, const Head& head) {
  const Tree tree(head);
  ZDM_TRY(const auto read, read_revision(head.root, revision, [&](const std::string& path) {
            return tree.wants(path);
          }));
  Base base{.name = fmt::format("git {} ({})", revision, read.commit.substr(0, 12))};
  base.where.file = head.migrations_dir;
  for (const auto& [path, bytes] : read.files) {
    ZDM_TRY(auto entry, entry_of(path, bytes, fmt::format("{}:{}", revision, path)));
    base.entries.push_back(std::move(entry));
  }
  return base;
}

Result<void> add_file(const fs::path& file, const std::string& key, Base& base) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return {};
  ZDM_TRY(const auto bytes, read_text_file(file.string(), kLargestSql));
  ZDM_TRY(auto entry, entry_of(key, bytes, file.string()));
  base.entries.push_back(std::move(entry));
  return {};
}

Result<Base> from_directory(const std::string& directory, const Head& head) {
  std::error_code problem;
  if (!fs::is_directory(directory, problem)) {
    return fail(ErrorCode::usage, fmt::format("--base: there is no directory {}", directory),
                "name a checkout of the release that is running");
  }
  const Tree tree(head);
  const fs::path root(directory);
  Base base{.name = fmt::format("the directory {}", directory)};
  const auto migrations = root / tree.migrations();
  base.where.file = head.migrations_dir;
  for (fs::directory_iterator at(migrations, problem), end; !problem && at != end;
       at.increment(problem)) {
    const auto key = (fs::path(tree.migrations()) / at->path().filename()).generic_string();
    if (is_migration(at->path())) ZDM_CHECK(add_file(at->path(), key, base));
  }
  for (const auto& [key, yes] : tree.known()) ZDM_CHECK(add_file(root / key, key, base));
  return base;
}

Base of_release(const LockFile& lock, const LockRelease& release) {
  Base base{.name = fmt::format("release {}", release.release), .entries = release.entries};
  base.where = {lock.path, release.line, 1, release.line, 1};
  return base;
}

Base from_lock(const LockFile& lock, const Head& head) {
  const LockRelease* release = base_release(lock, head.entries);
  return release == nullptr ? Base{} : of_release(lock, *release);
}

}  // namespace

std::string key_of(const std::string& absolute, const std::string& root) {
  return fs::path(absolute).lexically_normal().lexically_proximate(root).generic_string();
}

std::string sql_checksum(std::string_view bytes) {
  if (bytes.find('\r') == std::string_view::npos) return planner::checksum(bytes);
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool pair = bytes[i] == '\r' && i + 1 < bytes.size() && bytes[i + 1] == '\n';
    if (!pair) text += bytes[i];
  }
  return planner::checksum(text);
}

Result<Base> find_base(const BaseRequest& request, const Head& head, const LockFile& lock) {
  if (request.since && request.directory) {
    return fail(ErrorCode::usage, "--since and --base both say what is running",
                "give one of them");
  }
  if (request.since && request.since->empty()) {
    return fail(ErrorCode::usage, "--since is empty", "name a branch, a tag or a commit");
  }
  if (request.release) {
    const LockRelease* release = find_release(lock, *request.release);
    if (release != nullptr) return of_release(lock, *release);
    return fail(ErrorCode::usage,
                fmt::format("{} knows no release {}", lock.path, *request.release),
                "--from takes a release that was cut");
  }
  if (request.since) return since(*request.since, head);
  if (request.directory) return from_directory(*request.directory, head);
  return from_lock(lock, head);
}

}  // namespace zdm::migrations
