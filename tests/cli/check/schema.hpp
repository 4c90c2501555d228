#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace zdm::tests {

/// What is wrong with `value` by the schema, each with its place: nothing where it is valid. Knows
/// the keywords of JSON Schema draft 4 that the schema of SARIF uses, save "format"; throws
/// std::runtime_error at any other.
[[nodiscard]] std::vector<std::string> schema_faults(const nlohmann::json& schema,
                                                     const nlohmann::json& value);

}  // namespace zdm::tests
