#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recipes/add_column.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/recipe.hpp"
#include "sql/quote.hpp"

/// What the phases of add_column and their undoing share.
namespace zdm::planner::addition {

/// The change on the table it works on.
struct Site : guarantee::Site {
  const AddColumn& words;
  DefaultKind default_kind = DefaultKind::none;
  std::optional<Assignment> up;

  [[nodiscard]] bool sqlite() const { return context.catalog.engine == Engine::sqlite; }
  [[nodiscard]] bool late_default() const {
    return default_kind != DefaultKind::none && default_kind != DefaultKind::constant;
  }
  /// What existing rows get: `up`, or a default that ADD COLUMN could not give them.
  [[nodiscard]] std::optional<Assignment> fill() const {
    if (up) return up;
    if (!late_default()) return std::nullopt;
    return Assignment{.column = words.name,
                      .expression = words.default_value->text,
                      .reads = {},
                      .type = table.assumed ? std::string{} : words.type};
  }
  [[nodiscard]] std::string unique_name() const { return constraint_name("unique", "_key"); }
  [[nodiscard]] std::string constraint_name(const std::string& role,
                                            std::string_view suffix) const {
    const auto recorded = guarantee::recorded_name(*this, role + ":" + words.name);
    return recorded.empty()
               ? planner::unique_name(table.name.name + "_" + words.name, suffix, taken())
               : recorded;
  }
  [[nodiscard]] std::vector<std::string> taken() const {
    std::vector<std::string> names;
    for (const auto& name : context.catalog.taken) names.push_back(name.name);
    for (const auto& constraint : table.constraints) names.push_back(constraint.name);
    return names;
  }
};

/// ADD COLUMN, added to `sql`, with its record and effect: the column as expand leaves it.
void add_shape(const Site& site, Step& step, std::vector<std::string>& sql);
/// ACCESS EXCLUSIVE on the table; on SQLite nothing.
void claim_table(const Site& site, Step& step);

/// Each drops what the phase made; nothing where it made nothing.
[[nodiscard]] Recipe undo_expand(const Site& site);
[[nodiscard]] Recipe undo_backfill(const Site& site);
[[nodiscard]] Recipe undo_switch(const Site& site);

}  // namespace zdm::planner::addition
