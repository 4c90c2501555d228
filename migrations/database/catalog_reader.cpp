#include "database/catalog_reader.hpp"

#include <optional>

#include "database/catalog/readers.hpp"

namespace zdm::migrations {

namespace {

/// One snapshot for all statements. A reader's own transaction is only ever rolled back.
Result<void> begin(Connection& connection) {
  ZDM_CHECK(connection.run(connection.engine() == Engine::sqlite
                               ? "BEGIN"
                               : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  return {};
}

}  // namespace

Result<planner::Catalog> read_catalog(Connection& connection,
                                      const planner::CatalogRequest& request) {
  const bool own = !connection.in_transaction();
  if (own) {
    ZDM_CHECK(begin(connection));
  }
  auto catalog = connection.engine() == Engine::sqlite ? read_sqlite_catalog(connection, request)
                                                       : read_postgres_catalog(connection, request);
  if (own && connection.usable()) {
    auto ended = connection.run("ROLLBACK");
    if (!ended && catalog) {
      return tl::unexpected(std::move(ended).error());
    }
  }
  return catalog;
}

}  // namespace zdm::migrations
