#pragma once

#include "execute/session.hpp"
#include "matviews/matviews.hpp"

namespace zdm::migrations {

/// Every materialized view with its policy and its history, in one snapshot.
[[nodiscard]] Result<std::vector<MatviewState>> read_known_views(
    Session& session, const std::vector<MatviewPolicy>& policies);

/// The views that names of the command line mean, as indexes; all for none. ErrorCode::usage for a
/// name that is none.
[[nodiscard]] Result<std::vector<std::size_t>> select_views(const std::vector<MatviewState>& views,
                                                            const std::vector<std::string>& names);

/// A name in zdm.toml that no materialized view has.
struct LostName {
  planner::TableName name;
  std::optional<planner::TableName> after_of;  ///< whose `after` it stands in; or it is a policy's
  planner::SourceSpan where;
};

/// Views of policies, and of their `after`, that are not there.
[[nodiscard]] std::vector<LostName> names_without_view(const std::vector<MatviewState>& views,
                                                       const std::vector<MatviewPolicy>& policies);

/// SQLite has no materialized views: refused by name.
[[nodiscard]] Result<void> require_postgresql(const Environment& environment);

}  // namespace zdm::migrations
