#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger/ledger.hpp"
#include "matviews/matviews.hpp"

/// The history of refreshes in zdm.matview_run, and in zdm.matview_build the views that are built
/// beside now: what a killed zdm leaves is found by its oid there.
namespace zdm::migrations {

/// What the ledger remembers of one view.
struct RecordedRuns {
  std::vector<planner::PastRefresh> history;  ///< that succeeded, newest first
  std::optional<LastRefresh> last;
  std::string last_error;            ///< of the newest run of all, where it failed
  std::optional<double> last_ended;  ///< of the newest run of all
};
/// By relation. Empty where there is no ledger.
[[nodiscard]] Result<std::map<std::string, RecordedRuns>> recorded_runs(Connection& connection,
                                                                        const Ledger& ledger);

struct RunStart {
  std::string view;
  planner::RefreshMethod method = planner::RefreshMethod::concurrently;
  std::string reason, actor, host;
};
/// Functions write rows and open no transaction.
[[nodiscard]] Result<std::int64_t> start_matview_run(Connection& connection, const Ledger& ledger,
                                                     const RunStart& start);
/// What a refresh came to, measured.
struct RunResult {
  std::optional<std::int64_t> rows, inserted, deleted, null_keys;
  std::optional<double> changed;
};
/// `began`: when the query's snapshot was taken, by the server; null: when the run started.
[[nodiscard]] Result<void> finish_matview_run(Connection& connection, std::int64_t run,
                                              std::int64_t duration_ms, const RunResult& result,
                                              const std::string& waited_for);
[[nodiscard]] Result<void> fail_matview_run(Connection& connection, std::int64_t run,
                                            std::int64_t duration_ms, const std::string& error);
/// A run left as running by a zdm that is gone: the lease is ours, so it is over.
[[nodiscard]] Result<void> end_dead_runs(Connection& connection, const Ledger& ledger,
                                         const std::string& view);
[[nodiscard]] Result<bool> run_is_done(Connection& connection, std::int64_t run);

/// A view built beside.
struct BuiltView {
  std::int64_t run = 0;
  std::string view;  ///< for whose refresh
  planner::TableName built;
  std::uint32_t oid = 0;
};
/// In the transaction that creates it.
[[nodiscard]] Result<void> put_built_view(Connection& connection, const Ledger& ledger,
                                          const BuiltView& built);
[[nodiscard]] Result<void> forget_built_views(Connection& connection, const Ledger& ledger,
                                              const std::string& view);
/// `view` empty: of every view. Only those that are still there under the name they were given;
/// empty where there is no ledger.
[[nodiscard]] Result<std::vector<BuiltView>> built_views(Connection& connection,
                                                         const Ledger& ledger,
                                                         const std::string& view);

}  // namespace zdm::migrations
