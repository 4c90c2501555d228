#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog.hpp"

namespace zdm::planner::views {

/// What ALTER, COMMENT ON and DROP call a view: MATERIALIZED VIEW, else VIEW.
[[nodiscard]] std::string_view words_for(TableKind kind);

/// ALTER VIEW … OWNER TO …. To the owner it has, it takes the lock that any ALTER of the view would
/// need (ACCESS EXCLUSIVE) and does nothing else.
[[nodiscard]] std::string change_owner(TableKind kind, const TableName& view,
                                       const std::string& owner);

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
