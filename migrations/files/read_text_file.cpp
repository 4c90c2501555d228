#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "files/toml.hpp"

namespace zdm::migrations {

using planner::ErrorCode;
using planner::fail;
using planner::Result;

namespace fs = std::filesystem;

Result<std::string> read_text_file(const std::string& path, std::size_t largest) {
  std::error_code problem;
  const auto status = fs::status(path, problem);
  if (status.type() == fs::file_type::not_found) {
    return fail(ErrorCode::usage, fmt::format("there is no file {}", path));
  }
  if (fs::is_directory(status)) {
    return fail(ErrorCode::usage, fmt::format("{} is a directory, not a file", path));
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return fail(ErrorCode::usage, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  // read to one byte more than allowed: not every file has a size of its own
  std::string bytes;
  std::array<char, 65536> block{};
  while (stream && bytes.size() <= largest) {
    stream.read(block.data(), block.size());
    bytes.append(block.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) return fail(ErrorCode::usage, fmt::format("cannot read {}", path));
  if (bytes.size() > largest) {
    return fail(ErrorCode::usage,
                fmt::format("{} is larger than {} MB, the most zdm reads of such a file", path,
                            largest / 1'000'000),
                "is it the file you meant?");
  }
  return bytes;
}

}  // namespace zdm::migrations
