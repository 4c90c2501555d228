#include <fmt/format.h>

#include <algorithm>

#include "redact.hpp"
#include "text_width.hpp"
#include "views/text.hpp"

namespace zdm::cli {
namespace {

using migrations::MigrationReport;
using migrations::StepReport;

std::string coloured(const Stream& out, const std::string& state) {
  if (state == "done") return out.green(state);
  if (state == "failed" || state == "refused") return out.red(state);
  return out.yellow(state);
}

void draw_step(const StepReport& step, std::size_t width, Stream& out) {
  auto line = fmt::format("    {}  {}", padded(step.id, width), coloured(out, step.state));
  if (step.state == "done" || step.state == "failed") {
    line += fmt::format("  {}", duration_text(step.duration_ms));
  }
  if (step.rows > 0)
    line += fmt::format("  {} row{}", count_text(step.rows), step.rows == 1 ? "" : "s");
  if (step.attempts > 1) line += fmt::format("  {} attempts", step.attempts);
  out.line(line);
}

void draw_sql(const std::vector<std::string>& statements, Stream& out) {
  for (const auto& sql : statements) {
    for (const auto& line : wrapped(sql, std::string::npos)) out.line("    " + printable(line));
  }
}

/// A phase that a dry run would do; the library reports it as passed by.
bool would_run(const MigrationReport& migration, bool dry_run) {
  return dry_run && migration.state == "skipped" && migration.reason == "dry run";
}

/// What became of the phase; `undo`: it was taken back.
std::string outcome(const MigrationReport& migration, bool undo, bool would, const Stream& out) {
  if (would) return undo ? "would be undone" : "would run";
  if (undo && migration.state == "done") return out.green("undone");
  return coloured(out, migration.state);
}

void draw_migration(const MigrationReport& migration, bool undo, bool dry_run, Console& console) {
  auto& out = console.out;
  const bool would = would_run(migration, dry_run);
  const auto phase =
      migration.phase ? fmt::format(" {}", planner::to_string(*migration.phase)) : "";
  out.line(fmt::format("{}{}: {}", out.bold(migration.id.value), phase,
                       outcome(migration, undo, would, out)));
  if (!would && !migration.reason.empty()) out.line("    " + printable(migration.reason));
  std::size_t width = 0;
  for (const auto& step : migration.steps) width = std::max(width, step.id.size());
  for (const auto& step : migration.steps) {
    if (!dry_run) draw_step(step, width, out);
  }
  if (dry_run) draw_sql(migration.sql, out);
  if (migration.steps.empty() && (would || migration.state == "done")) {
    out.line("    nothing to do in this phase");
  }
  for (const auto& kept : migration.kept) out.line("    kept: " + printable(kept));
}

}  // namespace

void draw(const ApplyAnswer& answer, Console& console) {
  const auto& report = answer.applied;
  for (const auto& migration : report.migrations)
    draw_migration(migration, answer.undo, report.dry_run, console);
  if (report.migrations.empty() && !answer.failed) {
    console.out.line(answer.undo ? "nothing to undo" : "nothing to do");
  }
  if (report.dry_run) console.note("zdm: a dry run: nothing was changed");
  if (!answer.undo && report.release.empty() && !report.migrations.empty()) {
    console.note(
        "zdm: no release was named (--release, ZDM_RELEASE, zdm release cut): recorded as none");
  }
}

}  // namespace zdm::cli
