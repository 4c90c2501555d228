#pragma once

#include <string>
#include <string_view>

#include "model/error.hpp"

namespace zdm::migrations {

/// Replaces a file as a whole or not at all, also through a power cut: written beside, fsync,
/// rename, fsync of the directory. Keeps its permissions and follows a symbolic link.
/// ErrorCode::failed.
[[nodiscard]] planner::Result<void> replace_file(const std::string& path, std::string_view bytes);

}  // namespace zdm::migrations
