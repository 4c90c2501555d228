#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/error.hpp"
#include "model/phase.hpp"

namespace zdm::planner {

/// What a release ships of one file: a line of zdm.lock.
struct ReleaseEntry {
  std::string kind;            ///< "migration" or "sql"
  std::string id;              ///< migration id, or path
  std::optional<Phase> phase;  ///< migrations
  std::string checksum;

  friend bool operator==(const ReleaseEntry&, const ReleaseEntry&) = default;
};

/// What is running, as the gate compares with it: a release of zdm.lock, a revision, a directory.
struct Base {
  std::string name;  ///< in words; empty: nothing is known, each file is a release of its own
  std::vector<ReleaseEntry> entries;
  /// Where its entries stand, for what is gone since. A directory: the migrations' own.
  SourceSpan where;

  [[nodiscard]] bool known() const { return !name.empty(); }
};

/// Null where the base has none.
[[nodiscard]] const ReleaseEntry* find_entry(const Base& base, std::string_view kind,
                                             std::string_view id);

}  // namespace zdm::planner
