#pragma once

#include <string>
#include <string_view>

#include "database/connection.hpp"
#include "model/catalog.hpp"
#include "model/step.hpp"
#include "sync/sync_rule.hpp"

/// The ledger's stored values: JSON objects with "v": 1. Reading one of a later version, or one
/// that uses a word this zdm does not know: ErrorCode::drift, naming what could not be read.
namespace zdm::migrations {

[[nodiscard]] std::string step_json(const planner::Step& step);
[[nodiscard]] Result<planner::Step> parse_step(std::string_view json);

[[nodiscard]] std::string table_json(const planner::Table& table);
[[nodiscard]] Result<planner::Table> parse_table(std::string_view json);

[[nodiscard]] std::string rule_json(const planner::SyncRule& rule);
[[nodiscard]] Result<planner::SyncRule> parse_rule(std::string_view json);

}  // namespace zdm::migrations
