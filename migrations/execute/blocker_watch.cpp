#include "execute/blocker_watch.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <utility>

namespace zdm::migrations {
namespace {

std::vector<planner::Blocker> blockers_of_backend(Connection& control, std::int64_t pid) {
  std::vector<planner::Blocker> blockers;
  const auto rows = control.run(R"(
      SELECT a.pid, a.application_name, a.usename, a.state,
             coalesce(extract(epoch FROM clock_timestamp() - a.xact_start) * 1000, 0)::bigint,
             a.query
        FROM pg_stat_activity a
       WHERE a.pid = ANY (pg_blocking_pids($1::integer))
       ORDER BY a.xact_start)",
                                {std::to_string(pid)});
  if (!rows) return blockers;
  for (const auto& row : rows->rows) {
    blockers.push_back({.pid = std::strtoll(row[0].value_or("0").c_str(), nullptr, 10),
                        .application = row[1].value_or(""),
                        .user = row[2].value_or(""),
                        .state = row[3].value_or(""),
                        .age_ms = std::strtoll(row[4].value_or("0").c_str(), nullptr, 10),
                        .query = row[5].value_or("")});
  }
  return blockers;
}

void watch(const std::stop_token& stop, Connection& control, std::int64_t pid,
           const BlockerWatch::Tell& tell) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!wake.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; }) &&
         !stop.stop_requested()) {
    if (const auto blockers = blockers_of_backend(control, pid); !blockers.empty()) tell(blockers);
  }
}

}  // namespace

BlockerWatch::BlockerWatch(Connection& control, std::int64_t pid, Tell tell)
    : thread_([&control, pid, told = std::move(tell)](const std::stop_token& stop) {
        watch(stop, control, pid, told);
      }) {}

}  // namespace zdm::migrations
