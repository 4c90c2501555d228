#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/catalog.hpp"

namespace zdm::planner::views {

/// The privileges of one relation given to another that has the same owner: no more, no fewer, by
/// whom they were granted. `granted`: who has privileges on the new one already, by ALTER DEFAULT
/// PRIVILEGES; empty for PUBLIC. Of the columns only those in `columns`.
[[nodiscard]] std::vector<std::string> copy_access(const Access& like, const std::string& owner,
                                                   const TableName& made,
                                                   std::span<const std::string> granted,
                                                   std::span<const std::string> columns);

/// The same where the new one has privileges already, `present`: what they have in common is left
/// alone.
[[nodiscard]] std::vector<std::string> level_access(const Access& present, const Access& like,
                                                    const std::string& owner, const TableName& made,
                                                    std::span<const std::string> columns);

}  // namespace zdm::planner::views
