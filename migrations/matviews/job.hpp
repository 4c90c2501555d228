#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "execute/session.hpp"
#include "matviews/matviews.hpp"
#include "matviews/run_record.hpp"

namespace zdm::migrations {

/// The refresh of one view: what is known of it, the session whose lease it has, and what it comes
/// to.
struct MatviewJob {
  Session& session;
  const MatviewState& state;
  const MatviewRefreshOptions& options;
  const ProgressSink& progress;
  MatviewReport& report;
  std::int64_t run = 0;  ///< in zdm.matview_run, once it began
  std::chrono::steady_clock::time_point began{};

  [[nodiscard]] const planner::TableName& name() const { return state.view.name; }
  [[nodiscard]] std::int64_t elapsed_ms() const;
  void say(const std::string& text, const std::string& throttled = {},
           const std::vector<planner::Blocker>& blockers = {}) const;
  /// For Work::waiting: tells, and keeps the first one in the way for the report.
  [[nodiscard]] std::function<void(const std::vector<planner::Blocker>&)> waiting() const;
  /// Writes the run's row.
  [[nodiscard]] Result<void> begin(planner::RefreshMethod method, const std::string& reason);
};

/// While it lives, says about once a second what runs for how long; cancels it when --timeout is
/// spent, for a refresh that ends in between leaves the view as it was.
class Ticker final {
 public:
  Ticker(const MatviewJob& job, std::string text);
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;
  ~Ticker() = default;

 private:
  void run(const std::stop_token& stop);

  const MatviewJob& job_;
  std::string text_;
  std::chrono::steady_clock::time_point began_;
  std::jthread thread_;
};

/// ACCESS SHARE on what the view's query names, `mode` on the view, and what a REFRESH under it
/// takes on its indexes.
[[nodiscard]] std::vector<planner::LockClaim> refresh_claims(const planner::Matview& view,
                                                             planner::LockMode mode);
/// Those of them that keep others waiting, for the report.
void report_locks(MatviewReport& report, const std::vector<planner::LockClaim>& claims);

/// REFRESH, plain or CONCURRENTLY, in one transaction with its record; nobody's content changes
/// when it fails.
[[nodiscard]] Result<void> refresh_in_place(MatviewJob& job, planner::RefreshMethod method);
/// VACUUM (ANALYZE) without waiting for anyone; what goes wrong is a note.
void vacuum_after(MatviewJob& job);

/// Waits while a standby's replay lag is above the policy's limit.
[[nodiscard]] Result<void> wait_for_standbys(MatviewJob& job);

/// Makes the view eligible: builds its unique index concurrently. A row that is there twice is the
/// error.
[[nodiscard]] Result<void> create_key(MatviewJob& job);

/// Functions of the view that will not find what they name under the search path that PostgreSQL 17
/// gives to REFRESH: one sentence each. Asks only, in the transaction given.
[[nodiscard]] Result<std::vector<std::string>> unsafe_functions(Connection& connection,
                                                                std::uint32_t view_oid);

}  // namespace zdm::migrations
