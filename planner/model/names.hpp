#pragma once

#include <compare>
#include <string>

namespace zdm::planner {

enum class Engine { postgresql, sqlite };

/// A table, view, index or type. The parts are exact: folded and unquoted as SQL would have them.
struct TableName {
  std::string schema;  ///< empty: found through the search path
  std::string name;

  friend auto operator<=>(const TableName&, const TableName&) = default;
};

/// A migration's id: the stem of its file. Ordered naturally (planner/release/natural_order.hpp).
struct MigrationId {
  std::string value;

  friend auto operator<=>(const MigrationId&, const MigrationId&) = default;
};

}  // namespace zdm::planner
