#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zdm::planner {

/// Relations that the body of a PL/pgSQL function names without a schema, unquoted and folded as
/// SQL would: the names after FROM, JOIN, UPDATE and INTO. Variables and WITH queries are among
/// them: ask the server which are relations.
[[nodiscard]] std::vector<std::string> unqualified_relations(std::string_view body);

}  // namespace zdm::planner
