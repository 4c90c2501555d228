#include "gate/git.hpp"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "host/process.hpp"

namespace zdm::migrations {

using planner::ErrorCode;
using planner::fail;
using planner::Result;

namespace {

struct Blob {
  std::string path;
  std::string object;
};

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

class Git {
 public:
  explicit Git(std::string directory) : directory_(std::move(directory)) {}

  [[nodiscard]] Result<std::string> commit_of(const std::string& revision) const {
    ZDM_TRY(const auto inside, run({"rev-parse", "--is-inside-work-tree"}));
    if (inside.code != 0) {
      return fail(ErrorCode::usage,
                  fmt::format("--since needs git, and {} is in no repository of it: {}", directory_,
                              first_line(inside.err)),
                  "name a directory with --base, or let zdm.lock say what shipped");
    }
    ZDM_TRY(const auto found,
            run({"rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"}));
    if (found.code == 0) return first_line(found.out);
    ZDM_TRY(const auto shallow, run({"rev-parse", "--is-shallow-repository"}));
    if (first_line(shallow.out) == "true") {
      return fail(ErrorCode::usage,
                  fmt::format("this checkout is shallow, and {} is not in it", revision),
                  "fetch the history: fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0 in GitLab, "
                  "git fetch --unshallow anywhere; or let zdm.lock say what shipped, which needs "
                  "none");
    }
    return fail(ErrorCode::usage, fmt::format("git knows no revision {}", revision),
                "name a branch, a tag or a commit; a branch of the server is origin/NAME");
  }

  /// All files below the directory.
  [[nodiscard]] Result<std::vector<Blob>> list(const std::string& commit) const {
    ZDM_TRY(const auto listed, run({"ls-tree", "-r", "-z", commit}));
    if (listed.code != 0) return broken(listed);
    std::vector<Blob> blobs;
    std::string_view rest = listed.out;
    while (!rest.empty()) {
      const auto line = rest.substr(0, rest.find('\0'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      const auto tab = line.find('\t');  // MODE blob OBJECT⇥PATH
      const auto head = line.substr(0, tab);
      if (tab == std::string_view::npos || head.find(" blob ") == std::string_view::npos) continue;
      blobs.push_back(
          {std::string(line.substr(tab + 1)), std::string(head.substr(head.rfind(' ') + 1))});
    }
    return blobs;
  }

  [[nodiscard]] Result<GitFiles> read(const std::vector<Blob>& blobs) const {
    std::string objects;
    for (const Blob& blob : blobs) objects += blob.object + "\n";
    ZDM_TRY(const auto read, run({"cat-file", "--batch"}, objects));
    if (read.code != 0) return broken(read);
    GitFiles files;
    std::string_view rest = read.out;
    for (const Blob& blob : blobs) {
      const auto line = rest.substr(0, rest.find('\n'));  // OBJECT blob SIZE
      std::size_t size = 0;
      const auto digits = line.substr(std::min(line.rfind(' ') + 1, line.size()));
      const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), size);
      if (parsed.ec != std::errc() || line.size() + 1 + size > rest.size()) return broken(read);
      files[blob.path] = std::string(rest.substr(line.size() + 1, size));
      rest.remove_prefix(std::min(line.size() + 2 + size, rest.size()));
    }
    return files;
  }

 private:
  [[nodiscard]] Result<ProgramEnd> run(std::vector<std::string> words,
                                       const std::string& input = {}) const {
    words.insert(words.begin(), {"git", "-C", directory_});
    return run_program(words, input);
  }

  static tl::unexpected<planner::Error> broken(const ProgramEnd& end) {
    return fail(ErrorCode::failed,
                fmt::format("git exited with {}: {}", end.code, first_line(end.err)));
  }

  std::string directory_;
};

}  // namespace

Result<Revision> read_revision(const std::string& directory, const std::string& revision,
                               const std::function<bool(const std::string& path)>& wanted) {
  const Git git(directory);
  Revision read;
  ZDM_TRY(read.commit, git.commit_of(revision));
  ZDM_TRY(auto blobs, git.list(read.commit));
  std::erase_if(blobs, [&](const Blob& blob) { return !wanted(blob.path); });
  if (blobs.empty()) return read;
  ZDM_TRY(read.files, git.read(blobs));
  return read;
}

}  // namespace zdm::migrations
