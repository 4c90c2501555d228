#pragma once

#include <optional>
#include <string_view>

#include "sql/pg_tree.hpp"

namespace zdm::planner {

/// What the parser does not tell of an expression: brackets that close too early, so that a text
/// slips out of the ones put around it; a statement's end; a comment that would swallow what
/// follows; more tokens than its tree can be written of in good time.
[[nodiscard]] std::optional<SqlFault> token_fault(const PgQuery__ScanResult& scanned,
                                                  std::string_view text);

}  // namespace zdm::planner
