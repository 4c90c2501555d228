#include "gate/release_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "recipes/touched.hpp"
#include "recipes/view_words.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

const ReleaseEntry* find_entry(const Base& base, std::string_view kind, std::string_view id) {
  const auto found = std::ranges::find_if(base.entries, [&](const ReleaseEntry& entry) {
    return entry.kind == kind && entry.id == id;
  });
  return found == base.entries.end() ? nullptr : &*found;
}

std::optional<Phase> shipped_phase(const Migration& migration, const Base& base) {
  const auto* entry = find_entry(base, "migration", migration.id.value);
  return entry == nullptr ? std::nullopt : entry->phase;
}

std::map<std::vector<std::string>, std::string> retired_by(const std::vector<Migration>& migrations,
                                                           const Base& base) {
  std::map<std::vector<std::string>, std::string> retired;
  for (const Migration& migration : migrations) {
    const auto shipped = shipped_phase(migration, base);
    if (!shipped || *shipped < Phase::switch_) continue;
    for (const Change& change : migration.changes) {
      for (auto& name : touched_by(change).retired) {
        retired.emplace(std::move(name), migration.id.value);
      }
    }
  }
  return retired;
}

namespace {

/// What more a correction takes once a release has the file.
std::string once_shipped(std::optional<Phase> shipped) {
  return shipped ? " and amended = \"reason\", since the file shipped" : "";
}

std::size_t number(Phase phase) {
  return static_cast<std::size_t>(phase);
}

class Rules {
 public:
  explicit Rules(const Shipment& shipment) : shipment_(shipment), base_(shipment.base) {}

  std::vector<Finding> run() {
    for (const Migration& migration : shipment_.migrations) {
      contract_waits(migration);
      phases_apart(migration);
      demands_wait(migration);
      type_in_place(migration);
      view_narrows(migration);
      as_shipped(migration);
    }
    nothing_vanished();
    nobody_in_the_way();
    return std::move(findings_);
  }

 private:
  void tell(std::string_view rule, SourceSpan where, std::string message, std::string help) {
    Finding finding{.rule = std::string(rule), .severity = Severity::error};
    finding.where = std::move(where);
    finding.message = std::move(message);
    finding.help = std::move(help);
    findings_.push_back(std::move(finding));
  }

  [[nodiscard]] bool has_work(const Migration& migration, Phase phase) const {
    const auto found = shipment_.work.find(migration.id);
    return found == shipment_.work.end() || found->second.at(number(phase));
  }

  /// "release 2026.47 of zdm.lock has it at expand"
  [[nodiscard]] std::string standing(const Migration& migration) const {
    if (!base_.known()) return "nothing says that any release shipped it";
    const auto shipped = shipped_phase(migration, base_);
    if (!shipped) return fmt::format("{} does not have it", base_.name);
    return fmt::format("{} has it at {}", base_.name, to_string(*shipped));
  }

  [[nodiscard]] std::string then(Phase now, Phase later) const {
    return fmt::format(
        "write phase = \"{}\" here and release that; the release after it may write "
        "phase = \"{}\"{}",
        to_string(now), to_string(later),
        base_.known() ? ""
                      : " (zdm release cut records what shipped; --since and --base "
                        "take it from elsewhere)");
  }

  void contract_waits(const Migration& migration) {
    if (migration.phase != Phase::contract || !has_work(migration, Phase::contract)) return;
    const auto shipped = shipped_phase(migration, base_);
    if (shipped && *shipped >= Phase::switch_) return;
    tell("same-release-contract", migration.phase_where,
         fmt::format("{} goes to contract, which takes the old shape away, and {}: code that runs "
                     "meanwhile still uses it",
                     migration.id.value, standing(migration)),
         then(Phase::switch_, Phase::contract));
  }

  /// Where the application writes both shapes, or the team wants it so, a phase waits until the one
  /// before it has been released.
  void phases_apart(const Migration& migration) {
    const bool app = std::ranges::any_of(migration.changes, app_writes_both);
    if (!app && !shipment_.every_apart) return;
    const auto shipped = shipped_phase(migration, base_);
    std::vector<Phase> together;
    for (const Phase phase : kPhases) {
      const bool ships = phase <= migration.phase && (!shipped || phase > *shipped);
      if (ships && has_work(migration, phase)) together.push_back(phase);
    }
    if (together.size() < 2) return;
    tell("same-release-switch", migration.phase_where,
         fmt::format("{} goes through {} and {} in one release ({}): {}", migration.id.value,
                     to_string(together[0]), to_string(together[1]), standing(migration),
                     app ? "dual_write = \"app\" needs the code that writes both shapes to run "
                           "everywhere in between"
                         : "[gate] apart = \"every\" wants each phase in a release of its own"),
         then(together[0], together[1]));
  }

  void demands_wait(const Migration& migration) {
    if (migration.phase < Phase::switch_ || shipped_phase(migration, base_)) return;
    const auto change = std::ranges::find_if(migration.changes, demands_of_writers);
    if (change == migration.changes.end()) return;
    tell("breaks-previous-release", change->where,
         fmt::format("{} of {} demands what the code that runs may not meet, and has no up that "
                     "would serve its writes; {}",
                     info(*change).kind, migration.id.value, standing(migration)),
         "write phase = \"backfill\" here and release it with the code that meets the demand; the "
         "release after it may write phase = \"switch\"");
  }

  void type_in_place(const Migration& migration) {
    const auto shipped = shipped_phase(migration, base_);
    if (migration.phase < Phase::switch_ || (shipped && *shipped >= Phase::switch_)) return;
    const auto change = std::ranges::find_if(migration.changes, changes_type_in_place);
    if (change == migration.changes.end()) return;
    tell("breaks-previous-release", change->where,
         fmt::format("from switch of {} on, the code that runs reads the column with its new type",
                     migration.id.value),
         "give the new column a name of its own (name = …); where the old code reads the new type "
         "as well as the old one, say compatible = \"reason\"" +
             once_shipped(shipped));
  }

  /// The query a view had before: of the last change before this one that made it.
  [[nodiscard]] std::optional<MadeView> view_before(const Change& change,
                                                    const MadeView& view) const {
    std::optional<MadeView> before;
    for (const Migration& migration : shipment_.migrations) {
      for (const Change& each : migration.changes) {
        if (&each == &change) return before;
        auto made = view_made_by(each);
        if (made && made->name == view.name) before = std::move(made);
      }
    }
    return before;
  }

  void view_narrows(const Migration& migration) {
    const auto shipped = shipped_phase(migration, base_);
    if (migration.phase < Phase::switch_ || (shipped && *shipped >= Phase::switch_)) return;
    for (const Change& change : migration.changes) {
      const auto view = view_made_by(change);
      if (!view || !view->replaces || view->compatible) continue;
      const auto before = view_before(change, *view);
      if (!before) continue;
      const auto lost = views::lost_columns(before->query, view->query);
      if (lost.empty()) continue;
      tell("breaks-previous-release", change.where,
           fmt::format("from switch of {} on, view {} lacks {}, which the code that runs may read",
                       migration.id.value, quote(view->name), quote_list(lost)),
           "let the new query have them too, and take them out in a later release; where no code "
           "reads them, say compatible = \"reason\"" +
               once_shipped(shipped));
    }
  }

  void as_shipped(const Migration& migration) {
    const auto* entry = find_entry(base_, "migration", migration.id.value);
    if (entry == nullptr) return;
    if (entry->phase && migration.phase < *entry->phase && !migration.hold) {
      tell("shipped-file-changed", migration.phase_where,
           fmt::format("{} goes back to {}, and {}", migration.id.value, to_string(migration.phase),
                       standing(migration)),
           fmt::format("write phase = \"{}\" again; to stop here, say hold = \"reason\"",
                       to_string(*entry->phase)));
    }
    if (entry->checksum == migration.expressions_checksum) return;
    if (migration.amended && (!entry->phase || *entry->phase < Phase::contract)) return;
    tell("shipped-file-changed",
         migration.changes.empty() ? migration.phase_where : migration.changes.front().where,
         fmt::format("the changes of {} differ from what {} shipped", migration.id.value,
                     base_.name),
         "take them as they were, and write a new migration; up, down, on_error, user_triggers and "
         "compatible may be corrected until switch, with amended = \"reason\"");
  }

  void nothing_vanished() {
    for (const ReleaseEntry& entry : base_.entries) {
      if (entry.kind != "migration" || entry.phase == Phase::contract) continue;
      const bool there = std::ranges::any_of(shipment_.migrations, [&](const Migration& migration) {
        return migration.id.value == entry.id;
      });
      if (there) continue;
      auto where = base_.where;
      if (where.line == 0) where = {fmt::format("{}/{}.toml", where.file, entry.id), 1, 1, 1, 1};
      tell("shipped-file-changed", where,
           fmt::format("{} is gone, and {} has it at {}: nobody can finish it or take it back",
                       entry.id, base_.name, entry.phase ? to_string(*entry.phase) : "expand"),
           "take the file from that release again; one that has reached contract may go");
    }
  }

  [[nodiscard]] bool unfinished(const Migration& migration) const {
    return std::ranges::any_of(kPhases, [&](Phase phase) {
      return phase > migration.phase && has_work(migration, phase);
    });
  }

  void nobody_in_the_way() {
    std::vector<const Migration*> open;
    for (const Migration& migration : shipment_.migrations) {
      if (!unfinished(migration)) continue;
      for (const Migration* earlier : open) {
        if (in_the_way(*earlier, migration)) break;
      }
      open.push_back(&migration);
    }
  }

  bool in_the_way(const Migration& earlier, const Migration& later) {
    for (const Change& change : later.changes) {
      for (const Change& before : earlier.changes) {
        const auto what = common(touched_by(before), touched_by(change));
        if (what.empty()) continue;
        tell("undone-before-release", change.where,
             fmt::format("{} needs {}, which {} is still changing (phase = \"{}\")", later.id.value,
                         what, earlier.id.value, to_string(earlier.phase)),
             fmt::format("take {} to contract first; {} begins in a release after that",
                         earlier.id.value, later.id.value));
        return true;
      }
    }
    return false;
  }

  /// What both are after, and one of them replaces or moves; empty: nothing.
  static std::string common(const Touched& one, const Touched& other) {
    for (const auto& [first, second] : {std::pair(&one, &other), std::pair(&other, &one)}) {
      for (const TouchedColumn& column : first->replaced) {
        if (std::ranges::find(second->columns, column) == second->columns.end()) continue;
        return fmt::format("{}.{}", quote(column.table), quote_identifier(column.column));
      }
      for (const TableName& table : first->moved) {
        if (std::ranges::find(second->tables, table) != second->tables.end()) return quote(table);
      }
    }
    for (const TouchedColumn& column : one.columns) {
      const bool made =
          std::ranges::find(one.replaced, column) == one.replaced.end() && !one.replaced.empty();
      if (made && std::ranges::find(other.columns, column) != other.columns.end()) {
        return fmt::format("{}.{}", quote(column.table), quote_identifier(column.column));
      }
    }
    return {};
  }

  const Shipment& shipment_;
  const Base& base_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_shipment(const Shipment& shipment) {
  return Rules(shipment).run();
}

}  // namespace zdm::planner
