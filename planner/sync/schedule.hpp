#pragma once

#include <string>
#include <vector>

#include "sync/names.hpp"
#include "sync/sync_rule.hpp"

namespace zdm::planner {

/// A fact about one column while a row is written.
struct SyncTest {
  enum class Kind {
    written,  ///< INSERT: differs from its default; UPDATE: differs from before. By the writer, or
              ///< by an operation before this one that marks it.
    null,  ///< is NULL now
  };
  Kind kind = Kind::written;
  std::string column;
  bool negated = false;
};

/// One of the tests holds.
using SyncClause = std::vector<SyncTest>;

/// When every clause holds, the assignments are made, all from the row as it stands before them.
struct SyncOperation {
  const SyncRule* rule = nullptr;
  std::vector<SyncClause> when;
  std::vector<const Assignment*> set;
  bool marks = false;  ///< what it sets counts as written for the operations after it
};

/// What the trigger does, in order (law 1): gaps of the new shapes are filled first, so that a way
/// back never reads an unfilled column; then backward, the newest shape first; then forward, the
/// oldest first; repairs where their column is complete; last what only derives old columns. So a
/// value travels a chain of migrations in flight either way, and each rule is applied once.
[[nodiscard]] std::vector<SyncOperation> schedule(const std::vector<SyncRule>& rules,
                                                  SyncEvent event);

/// The rule's knowledge of its column; nullptr where it has none.
[[nodiscard]] const SyncColumn* find_sync_column(const SyncRule& rule, std::string_view name);
/// The first rule's that knows the column.
[[nodiscard]] const SyncColumn* find_sync_column(const std::vector<SyncRule>& rules,
                                                 std::string_view name);

/// Writes are held equal both ways.
[[nodiscard]] bool two_way(const SyncRule& rule);

/// Columns whose being written can start an operation, and those whose being NULL can: no write
/// that touches none of them needs the trigger.
struct SyncCauses {
  std::vector<std::string> written;
  std::vector<std::string> null;
};
[[nodiscard]] SyncCauses causes(const std::vector<SyncOperation>& operations);

}  // namespace zdm::planner
