#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "database/connection.hpp"
#include "matviews/exchange.hpp"

namespace zdm::migrations {

/// What was read, and the server's own text of it: two texts that are equal say the same.
template <class T>
struct AsRead {
  T value;
  std::string text;
};

/// The search path under which definitions are read and written: every name has its schema then.
[[nodiscard]] Result<void> pin_search_path(Connection& connection);

/// In a transaction with the search path pinned. ErrorCode::drift when there is no such
/// materialized view.
[[nodiscard]] Result<AsRead<planner::MatviewShape>> read_shape(Connection& connection,
                                                               std::uint32_t oid);
/// What stands on these views by their oids, save they themselves and their parts. In a transaction
/// with the search path pinned.
[[nodiscard]] Result<AsRead<std::vector<planner::Follower>>> read_followers(
    Connection& connection, const std::vector<std::uint32_t>& oids);

}  // namespace zdm::migrations
