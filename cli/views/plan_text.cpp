#include <fmt/format.h>

#include <algorithm>

#include "text_width.hpp"
#include "views/text.hpp"

namespace zdm::cli {
namespace {

using planner::MigrationPlan;
using planner::PhasePlan;
using planner::PhaseState;
using planner::Step;

void draw_block(Stream& out, const std::string& margin, std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    out.line(line.empty() ? std::string{} : margin + printable(line));
    at = end + 1;
  }
}

std::string traits(const Step& step) {
  std::vector<std::string_view> words;
  if (!step.in_transaction) words.emplace_back("outside a transaction");
  if (step.destructive) words.emplace_back("destructive");
  if (step.rewrites) words.emplace_back("rewrites the table");
  if (step.scans) words.emplace_back("scans the table");
  return fmt::format("{}", fmt::join(words, ", "));
}

void draw_step(const Step& step, Stream& out) {
  out.line(fmt::format("    {}  {}", out.bold(step.id),
                       step.note.empty() ? std::string(planner::to_string(step.kind)) : step.note));
  for (const auto& sql : step.sql) {
    const bool ended = sql.empty() || sql.back() == ';';
    draw_block(out, "        ", ended ? sql : sql + ";");
  }
  if (!step.locks.empty()) {
    std::vector<std::string> locks;
    for (const auto& claim : step.locks) {
      locks.push_back(fmt::format("{} on {}", planner::to_string(claim.mode), claim.relation));
    }
    out.line(out.dim(fmt::format("        locks: {}", fmt::join(locks, ", "))));
  }
  const auto words = traits(step);
  if (!words.empty()) {
    const auto line = fmt::format("        {}", words);
    out.line(step.destructive || step.rewrites ? out.yellow(line) : out.dim(line));
  }
}

/// When the phase runs, as far as the file says.
std::string when(const PhasePlan& phase, const FileNote* file) {
  if (phase.state == PhaseState::done) return "done";
  if (phase.state == PhaseState::empty) return "nothing to do";
  auto state = std::string(planner::to_string(phase.state));
  if (file == nullptr || phase.phase <= file->phase) return state;
  return fmt::format("later: ships with the release that says phase = \"{}\"",
                     planner::to_string(phase.phase));
}

void draw_migration(const MigrationPlan& migration, const FileNote* file, Stream& out) {
  out.line(out.bold(migration.id.value) +
           (migration.description.empty() ? "" : "  " + migration.description));
  if (file != nullptr) {
    out.line(out.dim(fmt::format("  {}: this checkout may take it to {}", file->path,
                                 planner::to_string(file->phase))));
  }
  for (const auto& phase : migration.phases) {
    out.line();
    const auto note = when(phase, file);
    out.line(fmt::format("  {}{}", out.cyan(padded(planner::to_string(phase.phase), 10)), note));
    for (const auto& step : phase.steps) draw_step(step, out);
  }
  for (const auto& warning : migration.warnings) {
    out.line();
    out.line(fmt::format("  {} ({}): {}", out.yellow("warning"), warning.code, warning.message));
  }
}

const FileNote* file_of(const PlanAnswer& answer, const std::string& id) {
  const auto found = std::find_if(answer.files.begin(), answer.files.end(),
                                  [&id](const FileNote& file) { return file.id == id; });
  return found == answer.files.end() ? nullptr : &*found;
}

}  // namespace

void draw(const PlanAnswer& answer, Console& console) {
  auto& out = console.out;
  if (answer.plan.migrations.empty()) {
    out.line("no migrations");
    console.note("zdm: zdm new KIND NAME writes the first");
  }
  bool first = true;
  for (const auto& migration : answer.plan.migrations) {
    if (!first) out.line();
    first = false;
    draw_migration(migration, file_of(answer, migration.id.value), out);
  }
}

}  // namespace zdm::cli
