#pragma once

#include <vector>

#include "sql/statement/reader.hpp"

namespace zdm::planner {

/// What a statement reads besides its table.
struct Sources {
  PgQuery__Node* const* from = nullptr;  ///< FROM of an UPDATE, USING of a DELETE
  std::size_t count = 0;
  std::vector<const PgQuery__WithClause*> with;         ///< all whose names it sees
  const std::vector<std::string>* variables = nullptr;  ///< of a block
};

/// Whether a query gives few rows, by the same signs.
[[nodiscard]] bool gives_few(const PgQuery__SelectStmt& query);

/// Whether a statement keeps to some of the rows, as far as its form tells: by a comparison with a
/// value or a variable, or with rows that are few (LIMIT, VALUES, or themselves kept so).
[[nodiscard]] bool is_bounded(const PgQuery__Node* where, const Sources& sources);

}  // namespace zdm::planner
