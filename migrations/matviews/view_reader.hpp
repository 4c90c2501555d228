#pragma once

#include <optional>
#include <string>
#include <vector>

#include "database/connection.hpp"
#include "matviews/matview.hpp"

namespace zdm::migrations {

/// Every materialized view of the database but those of the system and those zdm builds now, by
/// name, with what they read: two queries, however many there are.
[[nodiscard]] Result<std::vector<planner::Matview>> read_matviews_of(Connection& connection);
/// One of them as it is now, without what it reads; nothing when it is gone.
[[nodiscard]] Result<std::optional<planner::Matview>> read_matview(Connection& connection,
                                                                   const planner::TableName& name);

/// Names of relations and types in a schema: what a new one must not be called.
[[nodiscard]] Result<std::vector<std::string>> names_in_schema(Connection& connection,
                                                               const std::string& schema);

/// A row holds NULL in one of the key's columns, asked of all views at once: eligible and populated
/// ones that this role may read. By the statistics where the view is large, since the answer "no"
/// takes a scan. In the order of `views`; nothing where it is not known.
[[nodiscard]] Result<std::vector<std::optional<bool>>> probe_null_keys(
    Connection& connection, const std::vector<planner::Matview>& views,
    const std::vector<planner::Eligibility>& eligibilities);

}  // namespace zdm::migrations
