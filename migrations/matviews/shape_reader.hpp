#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "database/connection.hpp"
#include "matviews/exchange.hpp"

namespace zdm::migrations {

struct ShapeAsRead {
  planner::MatviewShape value;
  std::string text;                    ///< two texts that are equal say the same
  std::vector<std::string> uncarried;  ///< what no other view can be given
};

/// The search path under which definitions are read and written: every name has its schema then.
[[nodiscard]] Result<void> pin_search_path(Connection& connection);

/// In a transaction with the search path pinned. ErrorCode::drift when there is no such
/// materialized view.
[[nodiscard]] Result<ShapeAsRead> read_shape(Connection& connection, std::uint32_t oid);
/// What stands on these views by their oids, save they themselves and their parts. In a transaction
/// with the search path pinned.
[[nodiscard]] Result<std::vector<planner::Dependent>> read_followers(
    Connection& connection, const std::vector<std::uint32_t>& oids);

}  // namespace zdm::migrations
