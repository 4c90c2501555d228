#pragma once

#include <optional>
#include <vector>

#include "model/catalog.hpp"
#include "model/step.hpp"

/// What zdm's trigger pair on a table asks of steps, beside its SQL.
namespace zdm::planner {

/// Before 13 a BEFORE ROW trigger cannot stand on a partitioned table: the pair stands on each
/// partition that is there when it is installed (PostgreSQL 13 release notes, E.23.3.1.1).
[[nodiscard]] bool pair_is_per_leaf(const Catalog& catalog, const Table& table);

/// What installing the pair locks; `replaced`: it stands there already. CREATE TRIGGER takes SHARE
/// ROW EXCLUSIVE; before 14 there is no OR REPLACE, and DROP TRIGGER takes ACCESS EXCLUSIVE.
[[nodiscard]] std::vector<LockClaim> pair_claims(const Catalog& catalog, const Table& table,
                                                 bool replaced);

/// That the pair still stands, enabled, wherever rows of the table are written. Where it does not,
/// writes of one release do not reach the shape of the other: no step may rely on both being right.
[[nodiscard]] std::optional<Guard> pair_guard(const Catalog& catalog, const Table& table);

}  // namespace zdm::planner
