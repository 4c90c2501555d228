#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "execute/operations.hpp"
#include "files/project.hpp"
#include "matviews/matview.hpp"
#include "matviews/method.hpp"
#include "model/names.hpp"
#include "model/step.hpp"

/// `zdm matview list` and `zdm matview refresh`. PostgreSQL only: SQLite has no materialized views.
namespace zdm::migrations {

/// A [matview."…"] of zdm.toml.
struct MatviewPolicy {
  planner::TableName name;
  std::optional<std::chrono::milliseconds> every;
  std::vector<planner::TableName> after;
  planner::MethodPolicy method = planner::MethodPolicy::concurrently;
  bool vacuum = true;  ///< after a concurrent refresh that changed much
  std::optional<std::chrono::milliseconds> max_replica_lag;
  planner::SourceSpan where;
};
/// ErrorCode::usage with the place.
[[nodiscard]] Result<std::vector<MatviewPolicy>> matview_policies(
    const std::vector<NamedTable>& tables);

/// The last refresh that succeeded.
struct LastRefresh {
  std::string method;
  std::chrono::system_clock::time_point at{};  ///< when it began: its rows are as of then, or later
  double ended = 0;                            ///< seconds since 1970
  std::int64_t age_ms = 0;
  std::int64_t duration_ms = 0;
  std::optional<std::int64_t> rows, inserted, deleted;
  std::optional<double> changed;  ///< share of rows
};

/// What is known of one view.
struct MatviewState {
  planner::Matview view;
  planner::Eligibility eligibility;
  std::optional<MatviewPolicy> policy;
  std::vector<planner::PastRefresh> history;  ///< newest first
  std::optional<LastRefresh> last;
  std::string last_error;                ///< of the newest run, where it failed
  std::optional<double> last_run_ended;  ///< seconds since 1970
  std::string refreshing;                ///< who is at it now; empty: nobody
  std::optional<bool> null_keys;         ///< a row holds NULL in the key; nothing: not known
  std::vector<std::string> warnings;     ///< functions that fail on PostgreSQL 17, leftovers …

  /// Nothing where no policy says how old it may be.
  [[nodiscard]] std::optional<bool> due() const;
  /// refreshing, unpopulated, due, fresh, or populated where no policy says how old it may be.
  [[nodiscard]] std::string word() const;
};

struct MatviewListReport {
  std::vector<MatviewState> views;
};

struct MatviewListOptions {
  std::vector<std::string> only;  ///< names as on the command line
  std::vector<MatviewPolicy> policies;
  bool details = true;  ///< also what takes a look at rows and functions: null_keys, warnings
};
[[nodiscard]] Result<MatviewListReport> list_matviews(const Environment& environment,
                                                      const MatviewListOptions& options);

struct MatviewRefreshOptions {
  std::vector<std::string> only;  ///< empty: all
  std::vector<MatviewPolicy> policies;
  std::optional<planner::MethodPolicy> method;  ///< over the policies'
  bool due = false;                             ///< only those older than their `every`
  bool blocking = false;      ///< plain REFRESH where CONCURRENTLY is not possible
  bool create_index = false;  ///< make what lacks it eligible
  int jobs = 1;
};

/// One view of zdm.matview/1.
struct MatviewReport {
  std::string name;
  std::string method;  ///< empty: it came to none
  std::string state;   ///< done, skipped, refused, failed
  std::int64_t duration_ms = 0;
  std::optional<std::int64_t> rows, inserted, deleted, null_keys;
  std::optional<double> changed;
  std::string waited_for;  ///< whom or what it had to wait for; empty: nobody
  std::string reason;      ///< why this method, or why it was skipped
  std::string holder;      ///< who refreshes it now, where that is why it was skipped
  std::vector<std::string> notes;
  std::vector<planner::LockClaim> locks;  ///< those that keep others waiting
  std::optional<Error> error;
};

struct MatviewRefreshReport {
  std::vector<MatviewReport> views;  ///< in the order in which they ended
};
struct MatviewRefreshOutcome : Outcome {
  MatviewRefreshReport report;
};
/// Refreshes in order, each view in its own transactions; what fails takes only what reads it
/// along. Errors of single views are in the report; `error` sums them up and decides the exit.
[[nodiscard]] MatviewRefreshOutcome refresh_matviews(Environment environment,
                                                     const MatviewRefreshOptions& options,
                                                     const ProgressSink& progress);

}  // namespace zdm::migrations
