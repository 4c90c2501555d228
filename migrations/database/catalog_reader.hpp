#pragma once

#include "database/connection.hpp"
#include "model/catalog.hpp"

namespace zdm::migrations {

/// Reads the snapshot a migration needs: the tables, views, indexes and types it names, with all
/// that depends on them. A handful of queries whatever the size of the database (each by oid or
/// name, never over a whole catalog but pg_depend by refobjid). One snapshot: run in a transaction
/// of its own.
[[nodiscard]] Result<planner::Catalog> read_catalog(Connection& connection,
                                                    const planner::CatalogRequest& request);

}  // namespace zdm::migrations
