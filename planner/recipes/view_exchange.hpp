#pragma once

#include <string>
#include <vector>

#include "model/catalog.hpp"
#include "model/step.hpp"
#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

/// How replace_view and replace_matview let a view take the place of another, and when they do not.
namespace zdm::planner::views {

/// The new view takes the name and the old one goes aside; or the old one comes back.
enum class Exchange { forth, back };

/// The names of `out`, which has the name people know, and `in`, those of their indexes, and
/// whatever depends on `out` with them, in one transaction.
[[nodiscard]] Fragment exchange(const Context& context, const Table& out, const Table& in,
                                Exchange direction);

/// ErrorCode::refused with the list of what depends on the view and cannot follow: materialized
/// views, statistics objects, temporary views, what uses its row type, what others own.
[[nodiscard]] Result<void> refuse_left_behind(const Context& context, const Table& view);
/// refuse_left_behind(), and ErrorCode::refused with the list of what stands on the view and cannot
/// be given to another one: security labels and the like.
[[nodiscard]] Result<void> refuse_to_exchange(const Context& context, const Table& view);
/// refuse_to_exchange() of what is made beside the view: its name is taken, or views over this one
/// would lose what they read.
[[nodiscard]] Result<void> refuse_to_replace(const Context& context, const Table& view,
                                             const SqlText& query);
/// ErrorCode::refused with the list of what reads the view of this name, which is about to go.
[[nodiscard]] Result<void> refuse_still_used(const Context& context, const TableName& name);

/// The view still is the one that was there before expand: no exchange was made, or it was undone.
[[nodiscard]] bool has_its_name(const Context& context, const Table& view);

/// Holds while the name belongs to the relation of this oid; nothing for oid 0 (law 11).
[[nodiscard]] std::vector<Guard> still_is(const TableName& name, std::uint32_t oid);

}  // namespace zdm::planner::views
