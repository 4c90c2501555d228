#include <fmt/format.h>

#include <array>

#include "progress_line.hpp"
#include "redact.hpp"
#include "sql/quote.hpp"
#include "text_width.hpp"
#include "views/text.hpp"

namespace zdm::cli {
namespace {

using migrations::MatviewReport;
using migrations::MatviewState;

std::string size_text(std::int64_t bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 10'240 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.0f} {}", value, kUnits.at(unit));
}

std::string share_text(double share) {
  const double percent = share * 100;
  return percent > 0 && percent < 1 ? "<1 %" : fmt::format("{:.0f} %", percent);
}

std::string changed_text(const std::optional<double>& share) {
  return share ? share_text(*share) : "-";
}

std::vector<std::string> row_of(const MatviewState& state) {
  const auto& last = state.last;
  const auto rows = last && last->rows ? *last->rows : state.view.rows;
  return {printable(planner::quote(state.view.name)),
          count_text(rows),
          size_text(state.view.bytes),
          state.word(),
          last ? duration_text(last->age_ms) + " ago" : "-",
          last ? last->method : "-",
          last ? duration_text(last->duration_ms) : "-",
          last ? changed_text(last->changed) : "-",
          state.view.bloat ? fmt::format("{:.1f}", *state.view.bloat) : "-"};
}

std::string joined(const std::vector<planner::TableName>& names) {
  std::vector<std::string> quoted;
  for (const auto& name : names) quoted.push_back(planner::quote(name));
  return fmt::format("{}", fmt::join(quoted, ", "));
}

/// What does not fit into columns, one line each.
std::vector<std::string> lines_of(const MatviewState& state) {
  std::vector<std::string> lines;
  if (!state.view.reads.empty()) lines.push_back("reads " + joined(state.view.reads));
  if (state.policy && !state.policy->after.empty()) {
    lines.push_back("after " + joined(state.policy->after));
  }
  const auto& eligibility = state.eligibility;
  if (!eligibility.eligible()) {
    lines.push_back(fmt::format("cannot be refreshed concurrently: {}", eligibility.reason));
    if (!eligibility.create_index.empty()) lines.push_back("  " + eligibility.create_index + ";");
  }
  if (state.null_keys.value_or(false)) {
    lines.push_back(fmt::format("rows hold NULL in the key ({}): every refresh writes them anew",
                                fmt::join(eligibility.key, ", ")));
  }
  if (!state.refreshing.empty()) lines.push_back("refreshed now by " + state.refreshing);
  if (!state.last_error.empty()) lines.push_back("the last run failed: " + state.last_error);
  for (const auto& warning : state.warnings) lines.push_back("warning: " + warning);
  return lines;
}

std::string coloured(const Stream& out, const std::string& state, const std::string& text) {
  if (state == "done") return out.green(text);
  if (state == "failed" || state == "refused") return out.red(text);
  return out.yellow(text);
}

std::string outcome_text(const MatviewReport& view) {
  if (view.state != "done") return {};
  auto text = fmt::format("  {}  {}", view.method, duration_text(view.duration_ms));
  if (view.rows) {
    text += fmt::format("  {} row{}", count_text(*view.rows), *view.rows == 1 ? "" : "s");
  }
  if (view.inserted && view.deleted) {
    text += fmt::format(", {} written, {} removed", count_text(*view.inserted),
                        count_text(*view.deleted));
  } else if (view.changed) {
    text += fmt::format(", about {} changed", share_text(*view.changed));
  }
  return text;
}

void draw_view(const MatviewReport& view, std::size_t width, Stream& out) {
  out.line(fmt::format("{}  {}{}", padded(printable(view.name), width),
                       coloured(out, view.state, view.state), outcome_text(view)));
  const auto say = [&out](const std::string& text) {
    for (const auto& line : wrapped(redacted(printable(text)), std::string::npos)) {
      out.line("    " + line);
    }
  };
  if (!view.reason.empty()) say(view.reason);
  if (!view.waited_for.empty()) say("waited for " + view.waited_for);
  for (const auto& note : view.notes) say(note);
  if (!view.error) return;
  say(view.error->message);
  if (!view.error->hint.empty()) say(view.error->hint);
}

}  // namespace

void draw(const MatviewListAnswer& answer, Console& console) {
  auto& out = console.out;
  const auto& views = answer.listed.views;
  if (views.empty()) {
    out.line("no materialized views");
    return;
  }
  std::vector<std::vector<std::string>> rows = {
      {"VIEW", "ROWS", "SIZE", "STATE", "REFRESHED", "METHOD", "TOOK", "CHANGED", "BLOAT"}};
  for (const auto& state : views) rows.push_back(row_of(state));
  const auto lines = aligned(rows);
  out.line(out.bold(lines.front()));
  for (std::size_t i = 0; i < views.size(); ++i) {
    out.line(views[i].word() == "due" ? out.yellow(lines[i + 1]) : lines[i + 1]);
    for (const auto& line : lines_of(views[i])) out.line("    " + redacted(printable(line)));
  }
}

void draw(const MatviewRefreshAnswer& answer, Console& console) {
  std::size_t width = 0;
  for (const auto& view : answer.refreshed.views) {
    width = std::max(width, display_width(printable(view.name)));
  }
  for (const auto& view : answer.refreshed.views) draw_view(view, width, console.out);
}

}  // namespace zdm::cli
