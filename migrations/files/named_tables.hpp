#pragma once

#include <string>

#include "files/config_file.hpp"

namespace zdm::migrations {

/// Reads every [partition."…"]; their rules are in zdm.toml(5), "partition". ErrorCode::usage.
[[nodiscard]] Result<void> read_partitions(const planner::Object& tables, const std::string& shown,
                                           ConfigFile& file);
/// The same for [matview."…"].
[[nodiscard]] Result<void> read_matviews(const planner::Object& tables, const std::string& shown,
                                         ConfigFile& file);

}  // namespace zdm::migrations
