#include "progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "redact.hpp"
#include "text_width.hpp"

namespace zdm::cli {
namespace {

constexpr std::array kPace = {std::chrono::seconds(1), std::chrono::seconds(5),
                              std::chrono::seconds(30)};
constexpr auto kRedrawEvery = std::chrono::milliseconds(100);

/// What a whole line stands for: a new one is said at once, the same one at the slowing pace.
std::string topic(const migrations::ProgressEvent& event) {
  const auto holder = event.blockers.empty() ? 0 : event.blockers.front().pid;
  return fmt::format("{}/{}/{}/{}/{}/{}", event.migration.value, planner::to_string(event.phase),
                     event.step, event.is_backfill ? "" : event.text, event.throttled, holder);
}

std::string amount_text(const migrations::ProgressEvent& event) {
  auto text = "  " + rows_text(event.rows_done, event.rows_total);
  double percent = 0;
  if (event.rows_total > event.rows_done) {
    percent = 100 * static_cast<double>(event.rows_done) / static_cast<double>(event.rows_total);
    text += fmt::format("  {:.0f} %", percent);
  }
  if (event.rows_per_second >= 1) {
    text += fmt::format("  {}/s", count_text(static_cast<std::int64_t>(event.rows_per_second)));
  }
  if (event.eta_s && percent >= 1) {
    text += fmt::format("  ETA {}", duration_text(*event.eta_s * 1000));
  }
  return text;
}

}  // namespace

std::string count_text(std::int64_t count) {
  auto digits = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (count < 0 ? 1 : 0);
       at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

std::string rows_text(std::int64_t done, std::int64_t estimate) {
  if (estimate <= done) return count_text(done) + " rows";  // nobody analysed the table
  return fmt::format("{} of ~{} rows", count_text(done), count_text(estimate));
}

std::string duration_text(std::int64_t milliseconds) {
  const auto seconds = milliseconds / 1000;
  if (seconds < 1) return fmt::format("{} ms", milliseconds);
  if (seconds < 10) return fmt::format("{}.{} s", seconds, milliseconds % 1000 / 100);
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds % 86400 / 3600);
}

std::string blocker_text(const planner::Blocker& blocker) {
  std::string who = blocker.pid == 0 ? fmt::format("prepared transaction {}", blocker.application)
                                     : fmt::format("pid {}", blocker.pid);
  std::vector<std::string> known;
  if (blocker.pid != 0 && !blocker.application.empty()) known.push_back(blocker.application);
  if (!blocker.user.empty()) known.push_back("user " + blocker.user);
  if (!blocker.state.empty()) known.push_back(blocker.state);
  if (!known.empty()) who += fmt::format(" ({})", fmt::join(known, ", "));
  who += fmt::format(", transaction open for {}", duration_text(blocker.age_ms));
  if (blocker.query.empty()) return printable(who);
  auto query = blocker.query;
  std::replace(query.begin(), query.end(), '\n', ' ');
  return printable(fmt::format("{}: {}", who, cut(query, 200)));
}

std::string progress_text(const migrations::ProgressEvent& event) {
  auto text = event.step.empty() ? event.migration.value
                                 : fmt::format("{} {} {}", event.migration.value,
                                               planner::to_string(event.phase), event.step);
  if (event.is_backfill) text += amount_text(event);
  if (!event.text.empty()) text += fmt::format("  {}", event.text);
  if (!event.throttled.empty()) text += fmt::format("  paused: {}", event.throttled);
  if (!event.blockers.empty()) {
    text += fmt::format("  behind {}", blocker_text(event.blockers.front()));
    if (event.blockers.size() > 1) text += fmt::format(" and {} more", event.blockers.size() - 1);
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  return redacted(printable(text));
}

void ProgressLine::show(const migrations::ProgressEvent& event) {
  if (console_.quiet) return;
  const std::lock_guard lock(mutex_);
  const auto text = progress_text(event);
  if (console_.err.redraws()) {
    redraw(text);
  } else {
    append(event, text);
  }
}

void ProgressLine::redraw(const std::string& text) {
  const auto now = host_.steady();
  if (last_ && now - *last_ < kRedrawEvery && text == now_) return;
  now_ = text;
  last_ = now;
  drawn_ = true;
  const auto width = console_.err.width();
  console_.err.write(fmt::format("\r\x1b[K{}", cut(text, width > 1 ? width - 1 : width)));
}

void ProgressLine::append(const migrations::ProgressEvent& event, const std::string& text) {
  const auto now = host_.steady();
  auto what = topic(event);
  if (what != now_) {
    now_ = std::move(what);
    lines_ = 0;
  } else {
    const auto pace = kPace[std::min(lines_ - 1, kPace.size() - 1)];
    if (last_ && now - *last_ < pace) return;
  }
  ++lines_;
  last_ = now;
  console_.err.line(fmt::format("zdm: {}", text));
}

void ProgressLine::clear() {
  const std::lock_guard lock(mutex_);
  if (drawn_) console_.err.write("\r\x1b[K");
  drawn_ = false;
}

}  // namespace zdm::cli
