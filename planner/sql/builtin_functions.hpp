#pragma once

#include <string>
#include <vector>

namespace zdm::planner {

/// Whether a function gives another value for each row it is called for. `steady` is PostgreSQL's
/// IMMUTABLE and STABLE, `unknown` any function that PostgreSQL does not bring along.
enum class Volatility { steady, varying, unknown };

/// By the function's name, with its schema where given, in PostgreSQL 15; those of uuid-ossp and
/// pgcrypto too.
[[nodiscard]] Volatility builtin_volatility(const std::vector<std::string>& names);

}  // namespace zdm::planner
