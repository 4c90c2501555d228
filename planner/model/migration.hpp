#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/names.hpp"
#include "model/phase.hpp"
#include "model/value.hpp"
#include "recipes/change.hpp"

namespace zdm::planner {

/// A migration file, decoded.
struct Migration {
  MigrationId id;
  std::string path;  ///< as shown to people
  std::string description;
  Phase phase = Phase::expand;  ///< how far this checkout may take it
  SourceSpan phase_where;
  std::optional<std::string> hold;     ///< the reason it is parked
  std::optional<std::string> amended;  ///< why correctable keys (migration.cpp) differ now
  std::vector<Change> changes;
  /// "sha256:…" over the canonical text of the changes, without phase, description, hold, amended
  /// and without the keys that may be corrected (up, down, compatible …): those are in the second.
  std::string checksum;
  std::string expressions_checksum;
};

/// Builds a migration from a file's tree: decodes every key, refuses unknown ones by name with a
/// suggestion, refuses empty ones (law 15). `file` is used in errors. ErrorCode::usage.
[[nodiscard]] Result<Migration> decode_migration(MigrationId id, const std::string& file,
                                                 const Value& root);

}  // namespace zdm::planner
