#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "text_width.hpp"
#include "views/text.hpp"

namespace zdm::cli {
namespace {

using migrations::PartitionRow;
using migrations::SetReport;

/// Of a long past, or a long future, the middle is left out: it is all alike.
constexpr std::size_t kMostRows = 40;
constexpr std::size_t kFirstRows = 8;
constexpr std::int64_t kSkew = 10'000;

std::string bytes_text(std::int64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  return fmt::format(fmt::runtime(unit == 0 || value >= 10 ? "{:.0f} {}" : "{:.1f} {}"), value,
                     kUnits[unit]);
}

std::string plural(std::size_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::string horizon_text(const SetReport& set) {
  if (set.next_upper_bound.empty()) return ", none for now yet";
  std::string text = fmt::format(", without a break to {}", set.next_upper_bound);
  if (set.horizon_s && *set.horizon_s > 0 && std::isfinite(*set.horizon_s)) {
    text += fmt::format(", {} from now",
                        duration_text(static_cast<std::int64_t>(*set.horizon_s * 1000)));
  }
  return text;
}

void draw_head(const SetReport& set, Stream& out) {
  out.line(
      out.bold(printable(fmt::format("{}  by {}, every {}", set.table, set.column, set.every))));
  if (set.partitions.empty() && set.error) return;
  if (set.current_missing) {
    out.line(out.red("  there is no partition for now"));
  } else {
    out.line(fmt::format("  {}{}", plural(set.kept, "partition"), horizon_text(set)));
  }
  for (const auto& [lower, upper] : set.holes) {
    out.line(out.yellow(fmt::format("  hole: {} to {}", lower, upper)));
  }
  for (const auto& row : set.partitions) {
    if (row.state != "pending") continue;
    out.line(out.red(printable(fmt::format(
        "  {} is half detached: its rows are not seen through {}", row.name, set.table))));
    out.line("    zdm partition rotate finishes it, once the transactions in its way have ended");
  }
}

void draw_trouble(const SetReport& set, Console& console) {
  auto& out = console.out;
  for (const auto& finding : set.findings) {
    const auto text = fmt::format("  {}: {}", finding.code, printable(finding.message));
    out.line(finding.refusal ? out.red(text) : out.yellow(text));
    if (!finding.hint.empty()) out.line("    " + printable(finding.hint));
  }
  if (set.error)
    out.line(out.red(fmt::format("  {}: {}", set.state, printable(set.error->message))));
}

void draw_partitions(const SetReport& set, Stream& out) {
  std::vector<std::vector<std::string>> rows = {{"  PARTITION", "FROM", "TO", "ROWS", "SIZE", ""}};
  const auto& all = set.partitions;
  const auto current = std::ranges::find(all, std::string("current"), &PartitionRow::state);
  const auto at = static_cast<std::size_t>(current - all.begin());
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& row = all[i];
    const bool near = i < kFirstRows || i + kFirstRows >= all.size() ||
                      (at < all.size() && i + kFirstRows >= at && i <= at + kFirstRows);
    if (all.size() > kMostRows && !near) {
      ++left_out;
      continue;
    }
    if (left_out > 0) rows.push_back({fmt::format("  … {} more", left_out)});
    left_out = 0;
    rows.push_back({"  " + printable(row.name), row.lower, row.upper, "~" + count_text(row.rows),
                    row.bytes ? bytes_text(*row.bytes) : "-",
                    row.state == "attached" ? "" : row.state});
  }
  if (rows.size() == 1) return;
  const auto lines = aligned(rows);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& state = rows[i].size() == 6 ? rows[i].back() : std::string();
    out.line(i == 0               ? out.dim(lines[i])
             : state == "current" ? out.green(lines[i])
             : state == "pending" ? out.red(lines[i])
                                  : lines[i]);
  }
}

void draw_steps(const SetReport& set, Stream& out) {
  if (set.steps.empty() && !set.error) out.line("  nothing to do");
  std::string partition;
  for (const auto& each : set.steps) {
    if (each.partition != partition) {
      partition = each.partition;
      out.line();
      out.line("  " + out.bold(printable(partition)));
    }
    out.line(out.dim(fmt::format("    -- {}{}{}", each.step.id,
                                 each.step.in_transaction ? "" : ", outside of a transaction",
                                 each.step.note.empty() ? "" : ": " + each.step.note)));
    for (const auto& lock : each.step.locks) {
      out.line(out.dim(fmt::format("    -- locks {} {}", printable(lock.relation),
                                   planner::to_string(lock.mode))));
    }
    for (const auto& sql : each.step.sql) {
      const auto text = printable(sql) + ";";
      for (std::size_t from = 0; from < text.size();) {
        const auto end = std::min(text.find('\n', from), text.size());
        const auto line = "    " + text.substr(from, end - from);
        out.line(each.step.destructive ? out.red(line) : line);
        from = end + 1;
      }
    }
  }
}

void draw_done(const SetReport& set, Stream& out) {
  const auto list = [&](std::string_view verb, const std::vector<std::string>& names) {
    if (names.empty()) return;
    constexpr std::size_t kMostNames = 10;
    const auto shown = std::min(names.size(), kMostNames);
    std::string text = fmt::format("  {} {}: ", verb, names.size());
    for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + names[i];
    if (shown < names.size()) text += ", …";
    out.line(printable(text));
  };
  list("created", set.created);
  list("attached again", set.attached);
  list("detached", set.detached);
  list("archived", set.archived);
  list("dropped", set.dropped);
  const bool idle = set.created.empty() && set.attached.empty() && set.detached.empty() &&
                    set.archived.empty() && set.dropped.empty();
  if (idle && set.state == "done") out.line("  nothing to do");
}

}  // namespace

void draw(const PartitionAnswer& answer, Console& console) {
  const auto& report = answer.report;
  for (const auto& set : report.sets) {
    if (&set != &report.sets.front()) console.out.line();
    draw_head(set, console.out);
    if (answer.verb != PartitionVerb::rotate) draw_trouble(set, console);
    switch (answer.verb) {
      case PartitionVerb::list:
        draw_partitions(set, console.out);
        break;
      case PartitionVerb::plan:
        draw_steps(set, console.out);
        break;
      case PartitionVerb::rotate:
        draw_done(set, console.out);
        break;
    }
  }
  if (std::abs(report.clock_skew_ms) > kSkew) {
    console.warn(fmt::format("this machine's clock is {} {} the server's, which counts",
                             duration_text(std::abs(report.clock_skew_ms)),
                             report.clock_skew_ms > 0 ? "ahead of" : "behind"));
  }
}

}  // namespace zdm::cli
