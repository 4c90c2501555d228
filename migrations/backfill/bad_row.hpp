#pragma once

#include <string>
#include <vector>

#include "backfill/leaf.hpp"
#include "model/step.hpp"

namespace zdm::migrations {

/// The error says something about a row's data (or what the author's expression made of it), not
/// about the statement, the server or the connection: the row can be found and repaired (law 14).
[[nodiscard]] bool is_about_a_row(const Error& error);

/// Columns of the leaf's primary key, else of a unique index over NOT NULL columns; empty: none.
[[nodiscard]] Result<std::vector<std::string>> key_columns(Connection& connection,
                                                           const Leaf& leaf);

/// The error a backfill stops with: names the row at `ctid` by its key, the column whose value
/// cannot be made, and the server's reason.
[[nodiscard]] Error unconvertible(Connection& connection, const Leaf& leaf, const std::string& ctid,
                                  const std::vector<planner::Fill>& fills, const Error& cause);

}  // namespace zdm::migrations
