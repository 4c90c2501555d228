#pragma once

#include <string>

#include "database/connection.hpp"
#include "model/catalog.hpp"

/// The parts of reading a catalog. Those of PostgreSQL fill tables found already, all of them with
/// one statement each: every statement goes by oid (or by name through an index), so that its time
/// does not grow with the database.
namespace zdm::migrations {

/// The oids of the catalog's tables, as an array for `= ANY ($1::oid[])`.
[[nodiscard]] std::string oid_array(const planner::Catalog& catalog);
/// The table of that oid, which is one of the catalog's.
[[nodiscard]] planner::Table& table_of(planner::Catalog& catalog, std::uint32_t oid);

[[nodiscard]] Result<planner::Catalog> read_postgres_catalog(
    Connection& connection, const planner::CatalogRequest& request);
[[nodiscard]] Result<planner::Catalog> read_sqlite_catalog(Connection& connection,
                                                           const planner::CatalogRequest& request);

/// pg_class and what hangs on it: owner, comment, privileges, publications.
[[nodiscard]] Result<void> read_relations(Connection& connection, planner::Catalog& catalog);
/// Their privileges whole, and what stands on views that another one cannot be given.
[[nodiscard]] Result<void> read_access(Connection& connection, planner::Catalog& catalog);
/// Partitions that hold rows, their estimates, sizes and emptiness.
[[nodiscard]] Result<void> read_leaves(Connection& connection, planner::Catalog& catalog);
[[nodiscard]] Result<void> read_columns(Connection& connection, planner::Catalog& catalog);
[[nodiscard]] Result<void> read_indexes(Connection& connection, planner::Catalog& catalog);
/// Constraints of the tables, and foreign keys of others that point at them.
[[nodiscard]] Result<void> read_constraints(Connection& connection, planner::Catalog& catalog);
[[nodiscard]] Result<void> read_triggers(Connection& connection, planner::Catalog& catalog);
/// What pg_depend knows of what depends on them.
[[nodiscard]] Result<void> read_dependents(Connection& connection, planner::Catalog& catalog);
/// What stands on columns of partitions alone, and not on those of their partitioned table.
[[nodiscard]] Result<void> read_partition_objects(Connection& connection,
                                                  planner::Catalog& catalog);
/// What depends on a view: whose it is, and how it is bound anew to the names it uses, where it can
/// be.
[[nodiscard]] Result<void> read_rebinds(Connection& connection, planner::Catalog& catalog);
/// The oids of what the views and materialized views of the catalog read, views on views too, into
/// tables of their own.
[[nodiscard]] Result<void> find_below_views(Connection& connection, planner::Catalog& catalog);
/// What pg_depend does not know: functions whose body is a string.
[[nodiscard]] Result<void> read_functions(Connection& connection, planner::Catalog& catalog);

}  // namespace zdm::migrations
