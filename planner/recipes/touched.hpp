#pragma once

#include <optional>
#include <string>
#include <vector>

#include "recipes/change.hpp"

namespace zdm::planner {

struct TouchedColumn {
  TableName table;
  std::string column;
  friend auto operator<=>(const TouchedColumn&, const TouchedColumn&) = default;
};

/// What a change has to do with, by the names in its file.
struct Touched {
  std::vector<TouchedColumn> columns;   ///< those it names, be they there already or new
  std::vector<TouchedColumn> replaced;  ///< of these: another takes their place, or none
  std::vector<TableName> tables;
  std::vector<TableName> moved;  ///< of these: renamed or dropped
  /// Names that no release needs once one is live that shipped `switch`: each as its parts,
  /// {"app", "users", "name"}.
  std::vector<std::vector<std::string>> retired;
};

[[nodiscard]] Touched touched_by(const Change& change);

/// A view that a change makes or replaces.
struct MadeView {
  TableName name;
  SqlText query;
  bool replaces = false;
  bool compatible = false;  ///< the file says why the release before can do with it
};

/// Of create_view, replace_view, create_matview and replace_matview.
[[nodiscard]] std::optional<MadeView> view_made_by(const Change& change);

/// dual_write = "app": the application itself writes both shapes.
[[nodiscard]] bool app_writes_both(const Change& change);

/// It demands something of every later write, and repairs nothing by itself: a constraint without
/// `up`.
[[nodiscard]] bool demands_of_writers(const Change& change);

/// From switch on, a column of the same name has another type, and nothing says that the release
/// before can read it.
[[nodiscard]] bool changes_type_in_place(const Change& change);

}  // namespace zdm::planner
