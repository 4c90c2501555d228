#pragma once

#include <string>
#include <vector>

#include "database/connection.hpp"

/// SQLite reads the views and triggers of a schema when they are used, not when a column is added.
namespace zdm::migrations {

/// A view or a table's triggers, and a statement that SQLite can prepare while they are sound.
struct Reader {
  std::string name;  ///< as messages have it
  std::string kind;  ///< view, or what fires the triggers
  std::string of;
};

/// Those that are sound now.
[[nodiscard]] Result<std::vector<Reader>> sound_readers(Connection& work);
/// ErrorCode::refused where one of them is not any more.
[[nodiscard]] Result<void> still_sound(Connection& work, const std::vector<Reader>& readers);

}  // namespace zdm::migrations
