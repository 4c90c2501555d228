#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "files/descriptor.hpp"
#include "files/toml.hpp"

namespace zdm::migrations {

using planner::ErrorCode;
using planner::fail;
using planner::Result;

namespace {

tl::unexpected<planner::Error> cannot_read(const std::string& path) {
  if (errno == ENOENT) return fail(ErrorCode::usage, fmt::format("there is no file {}", path));
  return fail(ErrorCode::usage, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::size_t largest) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file.open() || ::fstat(file.get(), &status) != 0) return cannot_read(path);
  if (S_ISDIR(status.st_mode)) {
    return fail(ErrorCode::usage, fmt::format("{} is a directory, not a file", path));
  }
  // Not every file has a size of its own: it is read until there is no more, or too much.
  std::string bytes(std::min(static_cast<std::size_t>(status.st_size), largest) + 1, '\0');
  std::size_t filled = 0;
  for (;;) {
    const auto count = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_read(path);
    filled += static_cast<std::size_t>(count);
    if (count == 0 || filled > largest) break;
    if (filled == bytes.size()) bytes.resize(std::min(2 * filled + 4096, largest + 1));
  }
  if (filled > largest) {
    return fail(ErrorCode::usage,
                fmt::format("{} is larger than {} MB, the most zdm reads of such a file", path,
                            largest / 1'000'000),
                "is it the file you meant?");
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace zdm::migrations
