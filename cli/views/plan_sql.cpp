#include <fmt/format.h>

#include <algorithm>

#include "views/view.hpp"

namespace zdm::cli {
namespace {

using planner::PhasePlan;
using planner::Step;
using planner::StepKind;

/// A comment never ends early: line breaks of the text become comments of their own.
void comment(Stream& out, std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.line(fmt::format("-- {}", text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void statement(Stream& out, std::string_view sql) {
  const auto end = sql.find_last_not_of(" \n\t");
  if (end == std::string_view::npos) return;
  out.line(fmt::format("{}{}", sql.substr(0, end + 1), sql[end] == ';' ? "" : ";"));
}

void draw_step(const Step& step, Stream& out) {
  out.line();
  comment(out, fmt::format("{} {}{}{}", step.id, planner::to_string(step.kind),
                           step.note.empty() ? "" : ": ", step.note));
  for (const auto& claim : step.locks) {
    comment(out, fmt::format("lock: {} on {}", planner::to_string(claim.mode), claim.relation));
  }
  const bool wraps = step.in_transaction && step.kind == StepKind::transaction && !step.sql.empty();
  if (wraps) out.line("BEGIN;");
  for (const auto& sql : step.sql) statement(out, sql);
  if (wraps) out.line("COMMIT;");
}

void draw_phase(const std::string& id, const PhasePlan& phase, Stream& out) {
  out.line();
  comment(out, fmt::format("{} {}: {}", id, planner::to_string(phase.phase),
                           planner::to_string(phase.state)));
  for (const auto& step : phase.steps) draw_step(step, out);
}

}  // namespace

void draw_sql(const PlanAnswer& answer, Stream& out) {
  bool first = true;
  for (const auto& migration : answer.plan.migrations) {
    if (!first) out.line();
    first = false;
    comment(out, fmt::format("{} {}", migration.id.value, migration.description));
    for (const auto& warning : migration.warnings) {
      comment(out, fmt::format("warning ({}): {}", warning.code, warning.message));
    }
    for (const auto& phase : migration.phases) draw_phase(migration.id.value, phase, out);
  }
}

}  // namespace zdm::cli
