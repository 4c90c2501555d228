#include <algorithm>
#include <array>

#include "gate/rules/themes.hpp"
#include "gate/scene.hpp"
#include "gate/type_change.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

/// An index that ON CONFLICT, or the belief that there is no second row, may rest on. Only where an
/// earlier file made it is it known to be unique.
void drop_index(Scene& s) {
  if (!s.is(Deed::drop, ObjectKind::index) || s.history.is_new(ObjectKind::index, s.effect.object))
    return;
  const auto* made = s.history.index(s.effect.object);
  if (made == nullptr || !made->is_unique) return;
  s.say(fmt::format("the running release may rely on the unique index {}, ON CONFLICT for one",
                    s.object()),
        "drop it in the release after the one that no longer relies on it");
}

/// Columns that the running release does not know cannot be in its rows' way.
bool all_new(Scene& s, const TableName& table, const std::vector<std::string>& columns) {
  return !columns.empty() && std::ranges::all_of(columns, [&](const std::string& column) {
    return s.history.is_new_column(table, column);
  });
}

/// What a statement comes to demand of every later row, in words; empty: nothing.
std::string demand_of(Scene& s) {
  const SqlEffect& e = s.effect;
  if (s.is(Deed::create, ObjectKind::index) && e.is_unique) {
    if (s.history.is_new_table(e.other) || all_new(s, e.other, e.keys)) return {};
    return fmt::format("the unique index {} on {}", s.object(), quote(e.other));
  }
  if (!s.on_old_table() || e.kind != ObjectKind::table) return {};
  if (e.deed == Deed::set_not_null) {
    if (s.history.is_new_column(e.object, e.part)) return {};
    if (s.history.is_not_null(e.object, e.part)) return {};  // a CHECK demands it already
    return fmt::format("NOT NULL of {}.{}", s.object(), s.part());
  }
  if (e.deed == Deed::change_type) {
    if (s.history.is_new_column(e.object, e.part) || only_widens(s.history, e)) return {};
    return fmt::format("another type of {}.{}", s.object(), s.part());
  }
  const bool constraint = e.deed == Deed::add_constraint && e.constraint != SqlConstraint::none &&
                          e.constraint != SqlConstraint::not_null && e.index.empty();
  if (!constraint || e.inline_clause || all_new(s, e.object, e.keys)) return {};
  return fmt::format("a constraint of {}", s.object());
}

void breaks_previous(Scene& s) {
  if (s.base.empty()) return;
  const auto demand = demand_of(s);
  if (demand.empty()) return;
  s.say(fmt::format("nothing says that the code of {} meets {}", s.base, demand),
        "ship the code that meets it first, and this in a later release; or, where every running "
        "release meets it already, allow it with that reason");
}

constexpr std::string_view kGroup = "release";
constexpr Severity kError = Severity::error;

constexpr std::array<Rule, 9> kRules = {{
    {"same-release-contract", kError, kGroup,
     "Contract takes away, in one release, what the release before it still uses: the two run side "
     "by side during the rollout.",
     "Ship the migration at switch (or SQL that retires the object), and take it to contract in a "
     "release after that one.",
     12, 18, nullptr},
    {"same-release-switch", kError, kGroup,
     "A phase travels in the same release as the phase it must wait for.",
     "One phase in each release.", 12, 18, nullptr},
    {"unretired-drop", kError, kGroup,
     "SQL of this release removes, narrows or renames something that the running release has, and "
     "no file of that release retired it: so its code may still use it.",
     "Ship the code that no longer uses it, with a line \"-- zdm:retires NAME\" in one of its SQL "
     "files, and the drop in a release after that one.",
     12, 18, nullptr},
    {"breaks-previous-release", kError, kGroup,
     "This demands something of rows (NOT NULL, another type, a new key or check) that the code of "
     "the running release may not meet.",
     "Ship the code that meets it first, and the demand in a release after that one.", 12, 18,
     breaks_previous, "breaks-previous-release"},
    {"shipped-file-changed", kError, kGroup,
     "A file that shipped reads differently now, went back a phase, or is gone. What ran on "
     "databases does not change with it.",
     "Take the file as it was, and write a new one for what is to be different.", 12, 18, nullptr},
    {"undone-before-release", kError, kGroup,
     "Two migrations that are not finished are after the same column, or after a table that one of "
     "them renames or drops.",
     "Take the first one to contract before the second one begins.", 12, 18, nullptr},
    {"lock-forked", kError, kGroup,
     "Two releases of zdm.lock follow the same one, as after a merge of two branches that each cut "
     "a release: nothing says which was first.",
     "Make the first the parent of the second: the finding says which line to edit.", 12, 18,
     nullptr},
    {"retires", kError, kGroup,
     "A comment zdm:retires or zdm:phase cannot be read, or stands in a file of a phase that can "
     "retire nothing yet.",
     "Mend the comment: -- zdm:retires users.name, app.orders", 12, 18, nullptr},
    {"drop-index", kError, "destructive",
     "A unique index is dropped that the running release may rely on: ON CONFLICT names its "
     "columns, and code trusts that there is no second row.",
     "Drop it in a release after the one that no longer relies on it.", 12, 18, drop_index,
     "unretired-drop"},
}};

}  // namespace

std::span<const Rule> release_rules() {
  return kRules;
}

}  // namespace zdm::planner
