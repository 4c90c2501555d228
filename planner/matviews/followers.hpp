#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/catalog.hpp"
#include "model/step.hpp"

/// What depends on a view or materialized view, when another relation takes its name. PostgreSQL
/// binds views, rules, policies and parsed function bodies to the relation itself, not to its name
/// (PostgreSQL manual, 5.14): after an exchange of names they would go on reading the old one. Made
/// anew in place (CREATE OR REPLACE VIEW and so on) they read what has the name now, and keep their
/// identity, and with it owner, privileges, comments, triggers and all that depends on them. So
/// only what reads the view directly is touched, however long the chain above it is.
namespace zdm::planner::views {

struct Following {
  std::vector<std::string> sql;  ///< to be run once the other relation has the name
  std::vector<LockClaim> locks;
};

/// Those of the view's dependents that are made anew; the others are passed over.
[[nodiscard]] Following follow(const TableName& view, std::span<const Dependent> dependents);
[[nodiscard]] bool follows(const TableName& view, const Dependent& dependent);

/// Takes the locks of those that are relations, and changes nothing.
[[nodiscard]] std::vector<std::string> lock_followers(const TableName& view,
                                                      std::span<const Dependent> dependents);

/// Materialized views on top of the view: their rows were made of the old one's.
enum class Matviews { built_along, left_behind };
/// Those that cannot follow, as people call them, with the reason where it is not their kind.
[[nodiscard]] std::vector<std::string> cannot_follow(const TableName& view,
                                                     std::span<const Dependent> dependents,
                                                     Matviews matviews);

/// Stands on the view itself, certainly, and not as a part of it, as its own rules do.
[[nodiscard]] bool stands_on(const TableName& view, const Dependent& dependent);

/// An SQL expression: the statement that binds the dependent of that kind and this oid (a column or
/// a number) anew, under the search path of who asks; NULL where there is none. Empty for kinds
/// that never follow.
[[nodiscard]] std::string rebind_sql(DependentKind kind, std::string_view oid);
/// A query: whether that statement is still the one that was read, under the name the catalog has.
[[nodiscard]] std::string unchanged_sql(const Dependent& dependent);

}  // namespace zdm::planner::views
