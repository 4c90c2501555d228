#pragma once

#include <memory>
#include <string>

#include "database/open.hpp"

namespace zdm::migrations {

/// A connection to an SQLite file, set up. Fields come back as text: integers and reals as SQL
/// writes them (reals so that they read back exactly), blobs as X'…'. Parameters are bound as TEXT:
/// where no column's affinity applies to the other side, CAST($1 AS INTEGER).
[[nodiscard]] Result<std::unique_ptr<Connection>> open_sqlite(const std::string& path,
                                                              const SessionSettings& settings);

}  // namespace zdm::migrations
