#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/database.hpp"

namespace zdm::tests {

/// What a schema is made of, one text per object, in an order that does not depend on the order of
/// columns. zdm's own schema and tables are left out; its triggers on the user's tables are not.
using Shape = std::vector<std::string>;

/// PostgreSQL: `pg_dump --schema-only`. SQLite: sqlite_schema.
[[nodiscard]] Shape shape_of(Database& database);

/// Lines that only one of the two has, with - and +; empty when they are equal.
[[nodiscard]] std::string difference(const std::vector<std::string>& before,
                                     const std::vector<std::string>& after);

/// Table or view (as SQL names it) to its columns (quoted).
using Columns = std::map<std::string, std::vector<std::string>>;
[[nodiscard]] Columns columns_of(Database& database);

/// The rows of a table over some columns, sorted.
[[nodiscard]] std::vector<std::vector<migrations::Text>> rows_of(
    Database& database, const std::string& table, const std::vector<std::string>& columns);

/// Names of what zdm keeps for itself: its tables, functions, types.
[[nodiscard]] std::vector<std::string> own_objects(Database& database);

/// Names that mention zdm outside its own schema and tables.
[[nodiscard]] std::vector<std::string> helpers_left(Database& database);

/// What the database itself finds wrong: invalid indexes, constraints not validated, a broken file.
[[nodiscard]] std::vector<std::string> unsound(Database& database);

}  // namespace zdm::tests
