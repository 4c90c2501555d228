#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/value.hpp"

namespace zdm::planner {

/// Who sends a file to the server, and how.
enum class Wrapping {
  none,         ///< statement by statement, as psql does: transactions are the file's own
  transaction,  ///< the runner puts BEGIN and COMMIT around the file
};

/// A file of SQL as the gate reads it.
///
/// What does not ship (down sections, psql's meta-commands, the data of a COPY, a runner's own
/// marks) is blank in `shipped`, which is as long as `bytes` and has its line breaks, so that an
/// offset in one is an offset in the other.
struct SqlFile {
  std::string path;  ///< as shown to people
  std::string bytes;
  std::string shipped = {};  ///< empty where it is the same as `bytes`
  Wrapping wrapping = Wrapping::none;
  /// The value of a TOML file that this text is: places are those in that file.
  std::shared_ptr<const Value> source = {};
  /// What zdm itself planned for a change that stands here. The release rules judge the change.
  std::optional<SourceSpan> planned_for = {};

  /// What ships, byte by byte in its place.
  [[nodiscard]] const std::string& text() const { return shipped.empty() ? bytes : shipped; }
};

}  // namespace zdm::planner
