#include <fmt/format.h>

#include <algorithm>

#include "templates.hpp"
#include "text_width.hpp"
#include "views/text.hpp"

namespace zdm::cli {
namespace {

constexpr std::size_t kWidest = 100;  // longer lines are hard to read

/// "title  text", the text wrapped and hanging.
void paragraph(Stream& out, std::string_view title, std::string_view text, std::size_t hang) {
  const auto width = std::clamp<std::size_t>(std::min(out.width(), kWidest), 40, kWidest);
  const auto room = width > hang + 20 ? width - hang : 20;
  bool first = true;
  for (const auto& line : wrapped(text, room)) {
    const auto margin = first ? out.bold(title) + std::string(hang - display_width(title), ' ')
                              : std::string(hang, ' ');
    out.line(margin + line);
    first = false;
  }
}

void draw_keys(const planner::KindInfo& kind, Stream& out) {
  std::size_t hang = 0;
  for (const auto& key : kind.keys) hang = std::max(hang, key.name.size() + 4);
  out.line();
  out.line("keys:");
  for (const auto& key : kind.keys) {
    paragraph(out, fmt::format("  {}", key.name),
              fmt::format("{}{}: {}", key.type, key.required ? ", required" : "", key.meaning),
              hang);
  }
  if (kind.common_keys.empty()) return;
  out.line();
  out.line(fmt::format("also: {}", kind.common_keys));
}

void draw_kind(const planner::KindInfo& kind, Stream& out) {
  constexpr std::size_t kHang = 10;
  paragraph(out, "", fmt::format("{}: {}", kind.kind, kind.summary), 0);
  draw_keys(kind, out);
  out.line();
  const auto phase = [&out](std::string_view name, std::string_view text) {
    paragraph(out, name, text.empty() ? "nothing" : text, kHang);
  };
  phase("expand", kind.expand);
  phase("backfill", kind.backfill);
  phase("switch", kind.switch_);
  phase("contract", kind.contract);
  out.line();
  paragraph(out, "undo", kind.undo.empty() ? "nothing to say" : kind.undo, kHang);
  paragraph(out, "SQLite", kind.sqlite ? "yes" : "refused there", kHang);
  out.line();
  out.line("example:");
  out.line();
  for (const auto& line : wrapped(kind.example, std::string::npos)) out.line("  " + line);
}

void draw_phase(const PhaseWords& words, Stream& out) {
  constexpr std::size_t kHang = 14;
  paragraph(out, planner::to_string(words.phase), words.does, kHang);
  paragraph(out, "may run", words.running, kHang);
  paragraph(out, "ships", words.ships, kHang);
  paragraph(out, "undo", words.undo, kHang);
}

/// Without the comments that speak to the tests.
void draw_rule_example(const planner::Rule& rule, std::string_view which, std::string_view title,
                       Stream& out) {
  const auto name = fmt::format("{}/{}.sql", rule.id, which);
  const auto all = templates::rule_examples();
  const auto found = std::ranges::find(all, name, &templates::File::name);
  if (found == all.end()) return;
  out.line();
  out.line(title);
  out.line();
  for (const auto& line : wrapped(found->content, std::string::npos)) {
    const bool of_tests = line.starts_with("-- seen:") || line.starts_with("-- also:") ||
                          line.starts_with("-- postgres:");
    if (!of_tests) out.line("  " + line);
  }
}

void draw_rule(const planner::Rule& rule, Stream& out) {
  constexpr std::size_t kHang = 14;
  paragraph(out, "rule", rule.id, kHang);
  paragraph(out, "severity", planner::to_string(rule.severity), kHang);
  paragraph(out, "meaning", rule.meaning, kHang);
  paragraph(out, "instead", rule.instead, kHang);
  paragraph(out, "PostgreSQL", fmt::format("{} to {}", rule.from, rule.to), kHang);
  draw_rule_example(rule, "bad", "it finds:", out);
  draw_rule_example(rule, "good", "and lets pass:", out);
}

}  // namespace

void draw(const ExplainReport& report, Console& console) {
  if (report.kind != nullptr) draw_kind(*report.kind, console.out);
  if (report.rule != nullptr) draw_rule(*report.rule, console.out);
  if (report.phase != nullptr) draw_phase(*report.phase, console.out);
}

}  // namespace zdm::cli
