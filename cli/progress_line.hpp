#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "execute/operations.hpp"
#include "terminal.hpp"

namespace zdm::cli {

/// Draws progress on standard error: one redrawn line on a terminal; elsewhere whole lines, one
/// when something new begins, then after 1 s, after 5 s more, and every 30 s. May be told from any
/// thread.
class ProgressLine final {
 public:
  ProgressLine(Console& console, const migrations::Host& host) : console_(console), host_(host) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { clear(); }

  void show(const migrations::ProgressEvent& event);
  /// Removes the redrawn line, so that other text can follow.
  void clear();

 private:
  void redraw(const std::string& text);
  void append(const migrations::ProgressEvent& event, const std::string& text);

  std::mutex mutex_;
  Console& console_;
  const migrations::Host& host_;
  bool drawn_ = false;
  std::string now_;  ///< what the lines speak of: migration, phase, step, state
  std::size_t lines_ = 0;
  std::optional<std::chrono::steady_clock::time_point> last_;
};

/// "0007_users_full_name backfill backfill.2  1,200,000 of ~4,000,000 rows  30 %  52,000/s  ETA 54
/// s". No ETA before 1 %.
[[nodiscard]] std::string progress_text(const migrations::ProgressEvent& event);

/// "pid 4711 (psql, user app, idle in transaction) for 12 s: update users …"
[[nodiscard]] std::string blocker_text(const planner::Blocker& blocker);

/// "850 ms", "12 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".
[[nodiscard]] std::string duration_text(std::int64_t milliseconds);

/// 1234567 as "1,234,567".
[[nodiscard]] std::string count_text(std::int64_t count);

/// "1,200,000 of ~4,000,000 rows"; "1,200,000 rows" where the estimate is behind what is done.
[[nodiscard]] std::string rows_text(std::int64_t done, std::int64_t estimate);

}  // namespace zdm::cli
