#include <fmt/format.h>

#include <algorithm>

#include "text_width.hpp"
#include "views/text.hpp"

namespace zdm::cli {
namespace {

using migrations::MigrationStatus;
using planner::PhaseState;

const FileNote& file_of(const StatusAnswer& answer, const std::string& id) {
  static const FileNote unknown{.id = {}, .path = "its file"};
  const auto found = std::find_if(answer.files.begin(), answer.files.end(),
                                  [&id](const FileNote& file) { return file.id == id; });
  return found == answer.files.end() ? unknown : *found;
}

/// `release` as it is known: a phase carried on is carried on in the release that began it. A
/// placeholder where nobody can know.
std::string apply_command(const MigrationStatus& migration, Phase phase,
                          const std::string& release) {
  const bool needs_release = phase >= Phase::switch_;
  if (!needs_release) {
    return fmt::format("zdm apply --phase {} {}", planner::to_string(phase), migration.id.value);
  }
  return fmt::format("zdm apply --phase {} {} --release {}", planner::to_string(phase),
                     migration.id.value, release.empty() ? "RELEASE" : printable(release));
}

/// What a person does next, as the exact command where there is one.
std::string next_step(const MigrationStatus& migration, const StatusAnswer& answer) {
  const auto& next = migration.next_phase;
  const auto& file = file_of(answer, migration.id.value);
  if (!migration.in_file) return "not in this checkout: deploy one that has it";
  if (migration.undoing) return fmt::format("zdm rollback {} carries on", migration.id.value);
  if (!next) return "finished";
  switch (migration.state) {
    case PhaseState::held:
      return file.hold ? fmt::format("take hold out of {}", file.path)
                       : fmt::format("zdm apply --resume {}", migration.id.value);
    case PhaseState::running:
      return "running; zdm status --watch follows it";
    case PhaseState::failed:
    case PhaseState::paused:
      return fmt::format("{} carries on", apply_command(migration, *next, migration.begun_in));
    case PhaseState::pending:
    case PhaseState::done:
    case PhaseState::undone:
    case PhaseState::empty:
      break;
  }
  if (*next > migration.target_phase) {
    return fmt::format("a later release: phase = \"{}\" in {}", planner::to_string(*next),
                       file.path);
  }
  if (*next != Phase::contract) return apply_command(migration, *next, answer.release);
  auto command =
      apply_command(migration, *next, answer.release == migration.release ? "" : answer.release);
  if (migration.release.empty() || migration.live) return command;
  return fmt::format("{0}, once {1} is live (zdm release live {1})", command,
                     printable(migration.release));
}

std::string backfill_text(const migrations::BackfillStatus& backfill) {
  auto text = fmt::format("{}, {:.0f} %", rows_text(backfill.rows_done, backfill.rows_total),
                          backfill.percent);
  if (backfill.rate >= 1) {
    text += fmt::format(", {}/s", count_text(static_cast<std::int64_t>(backfill.rate)));
  }
  if (backfill.eta_s && backfill.percent >= 1) {
    text += fmt::format(", ETA {}", duration_text(*backfill.eta_s * 1000));
  }
  if (!backfill.throttled.empty()) text += fmt::format(", paused: {}", backfill.throttled);
  return text;
}

std::string coloured(const Stream& out, PhaseState state, const std::string& line) {
  if (state == PhaseState::failed) return out.red(line);
  if (state == PhaseState::held || state == PhaseState::paused) return out.yellow(line);
  return line;
}

std::string state_text(const MigrationStatus& migration) {
  if (!migration.next_phase) return "done";
  const std::string state(planner::to_string(migration.state));
  return migration.undoing
             ? fmt::format("{} undoing {}", state, planner::to_string(*migration.undoing))
             : state;
}

std::vector<std::vector<std::string>> table(const std::vector<MigrationStatus>& migrations) {
  std::vector<std::vector<std::string>> rows = {
      {"MIGRATION", "DONE", "NEXT", "STATE", "ALLOWED", "RELEASE"}};
  for (const auto& migration : migrations) {
    const auto name = [](const std::optional<Phase>& phase) {
      return phase ? std::string(planner::to_string(*phase)) : std::string("-");
    };
    rows.push_back({migration.id.value, name(migration.phase), name(migration.next_phase),
                    state_text(migration), migration.in_file ? name(migration.target_phase) : "-",
                    migration.release.empty() ? "-" : printable(migration.release)});
  }
  return rows;
}

}  // namespace

void draw(const StatusAnswer& answer, Console& console) {
  auto& out = console.out;
  const auto& migrations = answer.status.migrations;
  if (migrations.empty()) {
    out.line("no migrations");
    return;
  }
  const auto lines = aligned(table(migrations));
  out.line(out.bold(lines.front()));
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    out.line(coloured(out, migrations[i].state, lines[i + 1]));
    if (!migrations[i].reason.empty()) out.line("    " + printable(migrations[i].reason));
    if (migrations[i].backfill) out.line("    " + backfill_text(*migrations[i].backfill));
  }
  if (!answer.status.lease_holder.empty()) {
    out.line();
    out.line("at work: " + printable(answer.status.lease_holder));
  }
  out.line();
  out.line("next:");
  std::vector<std::vector<std::string>> rows;
  for (const auto& migration : migrations) {
    if (!migration.next_phase && migration.in_file) continue;
    rows.push_back({"  " + migration.id.value, next_step(migration, answer)});
  }
  if (rows.empty()) out.line("  nothing: every migration is finished");
  for (const auto& line : aligned(rows)) out.line(line);
}

}  // namespace zdm::cli
