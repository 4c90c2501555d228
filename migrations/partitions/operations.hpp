#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "execute/operations.hpp"
#include "partitions/plan.hpp"

/// `zdm partition`: values in, reports out, drawn by cli/views.
namespace zdm::migrations {

struct PartitionOptions {
  std::vector<planner::PartitionPolicy> policies;
  std::optional<std::string> now;  ///< rehearse at another time; never with a real rotation
  bool dry_run = false;
  bool yes = false;     ///< more than max_drops may go
  bool totals = false;  ///< tell what the ledger's history counts, too
};

/// One partition, as `list` shows it.
struct PartitionRow {
  std::string name;
  std::string lower;
  std::string upper;
  std::int64_t rows = 0;
  std::optional<std::int64_t> bytes;
  std::string state;  ///< attached, current, pending, default
};

/// What would run, or what is found.
struct PartitionStep {
  std::string partition;
  planner::Step step;
};

/// All that the ledger knows of a set.
struct SetHistory {
  std::int64_t created = 0;
  std::int64_t retired = 0;
  double last_run = 0;  ///< seconds since 1970, by the server's clock
  std::optional<double> last_success;
};

/// One set in zdm.partition/1.
struct SetReport {
  std::string table;
  std::vector<std::string> created, attached, detached, dropped, archived;
  std::size_t kept = 0;
  std::string next_upper_bound;  ///< empty: there is no partition for now
  std::string state;             ///< done, pending, refused, paused, failed
  std::optional<Error> error;
  std::vector<planner::PartitionFinding> findings;
  std::vector<PartitionRow> partitions;
  std::vector<std::pair<std::string, std::string>> holes;
  std::vector<PartitionStep> steps;  ///< plan and --dry-run: what would run, in order
  std::optional<double> horizon_s;  ///< from now to next_upper_bound; of times only, may be endless
  bool current_missing = false;
  std::size_t ahead = 0;              ///< partitions behind that of now, without a break
  std::optional<SetHistory> history;  ///< asked for with `totals`
  std::string every;                  ///< "1 month", "1000000"
  std::string column;
};

struct PartitionReport {
  std::vector<SetReport> sets;
  std::string now;                 ///< the instant by the server's clock, RFC 3339
  std::int64_t clock_skew_ms = 0;  ///< how far the client's clock is before the server's
  bool dry_run = false;
};

struct PartitionOutcome : Outcome {
  PartitionReport report;
};

/// The sets as they are.
[[nodiscard]] Result<PartitionReport> list_partitions(const Environment& environment,
                                                      const PartitionOptions& options);
/// What rotate would do now, or at `now`. Its error says what rotate would refuse.
[[nodiscard]] PartitionOutcome plan_rotation(const Environment& environment,
                                             const PartitionOptions& options);
/// Makes what is missing in all sets, then retires what is past `keep`, set by set: what goes wrong
/// with one does not keep the next from its turn. Run again after a crash, it ends up the same.
[[nodiscard]] PartitionOutcome rotate_partitions(const Environment& environment,
                                                 const PartitionOptions& options,
                                                 const ProgressSink& progress);

}  // namespace zdm::migrations
