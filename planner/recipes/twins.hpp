#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/catalog.hpp"
#include "model/error.hpp"
#include "recipes/recipe.hpp"

/// The indexes and constraints of a replaced column, made again over the new one in their full
/// shape (order, operator class, collation, INCLUDE, predicate, expressions, NULLS, storage
/// parameters).
namespace zdm::planner {

/// Old column name → new column name.
using Replaced = std::map<std::string, std::string, std::less<>>;

struct TwinIndex {
  Index old;
  Index twin;
  std::string create;                      ///< CREATE INDEX CONCURRENTLY … (SQLite: without)
  const Constraint* constraint = nullptr;  ///< the old UNIQUE constraint it backs, or none
};

struct TwinConstraint {
  Constraint old;
  Constraint twin;
  std::string definition;  ///< for ADD CONSTRAINT name …, without NOT VALID
};

struct Twins {
  std::vector<TwinIndex> indexes;
  std::vector<TwinConstraint> constraints;  ///< checks and foreign keys of this table
};

/// What stands on the replaced columns, with its twin. ErrorCode::refused lists what cannot be
/// carried: primary keys, exclusion constraints, invalid indexes, replica identity indexes, a
/// predicate or expression that cannot be read.
[[nodiscard]] Result<Twins> twins_of(const Context& context, const Table& table,
                                     const Replaced& replaced);

/// The index (or check, or foreign key) of the table that is this one over the new columns,
/// whatever its name; empty when there is none. So a change finds the twin it never made: where
/// another one in flight replaces a second column of the same index, its twin of this change's twin
/// is the twin of its own.
[[nodiscard]] Result<std::string> standing_twin(const Context& context, const Table& table,
                                                const Index& index, const Replaced& replaced);
[[nodiscard]] Result<std::string> standing_twin(const Context& context, const Table& table,
                                                const Constraint& constraint,
                                                const Replaced& replaced);

/// "users_name_idx" with name → full_name: "users_full_name_idx"; without the old name in it, the
/// new one is appended. Unique within 63 bytes among `taken`.
[[nodiscard]] std::string twin_name(const std::string& name, const Replaced& replaced,
                                    const std::vector<std::string>& taken);

}  // namespace zdm::planner
