#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/phase.hpp"
#include "recipes/touched.hpp"

/// What later migrations stand on: rolled back before them, it would take their work along.
namespace zdm::planner {

struct MadeRelation {
  TableName name;
  bool view = false;
};

/// What the way back from a phase takes away of what a change made, by the names in its file.
struct Made {
  std::vector<TouchedColumn> columns;
  std::vector<MadeRelation> relations;
  bool exchanged = false;  ///< until switch, something else had these names
};

[[nodiscard]] Made taken_back(const Change& change, Phase undone);

/// The first of these that a change names, by its keys or in its SQL: "column d.x"; empty: none.
/// `home` is the schema of names without one. What SQL of kind `sql` names is not known.
[[nodiscard]] std::string standing_on(const Made& made, const Change& change,
                                      const std::string& home);

}  // namespace zdm::planner
