#pragma once

#include <string>
#include <vector>

#include "model/catalog.hpp"
#include "model/step.hpp"
#include "recipes/recipe.hpp"

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
  /// That they are all there is and are still what was read: a stored statement would otherwise
  /// bring back a view that was dropped meanwhile, or take back what was done to it.
  std::vector<Guard> guards;
};

/// Those that can follow `view`, as read from the database.
[[nodiscard]] Following follow(const Table& view);

/// Adds to an exchange, whose other effects the step has already, that those that can follow stand
/// on what has the name of `out` now, and no longer on `out`, which is called `out_to`.
void move_followers(const Context& context, const Table& out, const TableName& out_to, Step& step);

/// Those that cannot, as people call them: materialized views, statistics objects, temporary views,
/// functions of the row type.
[[nodiscard]] std::vector<std::string> left_behind(const Table& view);

/// ErrorCode::refused with that list.
[[nodiscard]] Result<void> refuse_left_behind(const Context& context, const Table& view);

/// Rules of the view itself, the one that makes it a view left out; they stay with it.
[[nodiscard]] std::vector<Dependent> own_rules(const Table& view);
/// The name of such a rule, quoted as SQL needs.
[[nodiscard]] std::string name_of_rule(const Dependent& rule);

/// ErrorCode::refused with the list of what reads the view of this name, which is about to go.
[[nodiscard]] Result<void> refuse_still_used(const Context& context, const TableName& name);

/// Holds while the name belongs to the relation of this oid; nothing for oid 0 (law 11).
[[nodiscard]] std::vector<Guard> still_is(const TableName& name, std::uint32_t oid);

}  // namespace zdm::planner::views
