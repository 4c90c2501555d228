#include "files/write_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "files/descriptor.hpp"

namespace zdm::migrations {

namespace fs = std::filesystem;
using planner::ErrorCode;
using planner::fail;
using planner::Result;

namespace {

/// Removes the file beside unless it has taken the other's place.
class Temporary final {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  void release() { path_.clear(); }

 private:
  std::string path_;
};

tl::unexpected<planner::Error> cannot_write(const std::string& path) {
  return fail(ErrorCode::failed, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return status.st_mode & 07777;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view bytes) {
  std::error_code problem;
  const auto target = fs::weakly_canonical(path, problem);
  if (problem) {
    return fail(ErrorCode::failed, fmt::format("cannot write {}: {}", path, problem.message()));
  }
  const auto folder = target.parent_path().string();
  std::string beside = target.string() + ".XXXXXX";
  const Descriptor file(::mkstemp(beside.data()));
  if (!file.open()) return cannot_write(path);
  Temporary temporary(beside);
  if (!write_all(file.get(), bytes) || ::fchmod(file.get(), mode_of(target.string())) != 0 ||
      ::fsync(file.get()) != 0 || ::rename(beside.c_str(), target.c_str()) != 0) {
    return cannot_write(path);
  }
  temporary.release();
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.open()) ::fsync(directory.get());
  return {};
}

}  // namespace zdm::migrations
