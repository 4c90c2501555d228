#include "partitions/set_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "execute/executor.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::bound_text;
using planner::Partition;
using planner::PartitionFinding;

std::string every_text(const planner::PartitionPolicy& policy) {
  if (!policy.interval) return std::to_string(policy.step);
  constexpr std::string_view kUnits[] = {"hour", "day", "week", "month", "quarter", "year"};
  return fmt::format("{} {}{}", policy.interval->count,
                     kUnits[static_cast<std::size_t>(policy.interval->unit)],
                     policy.interval->count == 1 ? "" : "s");
}

PartitionRow row_of(const ReadSet& read, const Partition& partition) {
  const bool current = partition.range.holds(read.grid.now);
  return {.name = planner::quote(partition.name),
          .lower = bound_text(read.set.type, partition.range.lower),
          .upper = bound_text(read.set.type, partition.range.upper),
          .rows = partition.rows,
          .bytes = partition.bytes,
          .state = partition.pending ? "pending"
                   : current         ? "current"
                                     : "attached"};
}

const PartitionFinding* refusal_of(const SetReport& report) {
  const auto found =
      std::ranges::find_if(report.findings, [](const auto& finding) { return finding.refusal; });
  return found == report.findings.end() ? nullptr : &*found;
}

Error of_finding(const SetReport& report, const PartitionFinding& finding) {
  return {.code = ErrorCode::refused,
          .message = fmt::format("{}: {}: {}", report.table, finding.code, finding.message),
          .hint = finding.hint};
}

/// The more of it, the more it decides.
int weight(ErrorCode code) {
  switch (code) {
    case ErrorCode::interrupted:
    case ErrorCode::terminated:
      return 6;
    case ErrorCode::bug:
    case ErrorCode::cannot_connect:
      return 5;
    case ErrorCode::failed:
    case ErrorCode::drift:
    case ErrorCode::usage:
      return 3;
    case ErrorCode::refused:
    case ErrorCode::pending:
      return 2;
    case ErrorCode::busy:
      return 1;
  }
  return 0;
}

std::optional<Error> trouble_of(const SetReport& report) {
  std::optional<Error> error = report.error;
  const std::string start = report.table + ": ";
  if (error && !error->message.starts_with(report.table)) error->message.insert(0, start);
  const auto* refusal = refusal_of(report);
  if (!error && refusal != nullptr) error = of_finding(report, *refusal);
  if (!report.current_missing || (error && weight(error->code) > 3)) return error;
  Error missing{.code = ErrorCode::refused,
                .message = missing_current_words(report),
                .hint = "rows of now are rejected, or fall into the default partition"};
  if (!error) return missing;
  const bool named = error->message.starts_with(start);
  missing.message += fmt::format(" ({})", error->message.substr(named ? start.size() : 0));
  missing.hint = error->hint.empty() ? missing.hint : error->hint;
  missing.blockers = error->blockers;
  return missing;
}

}  // namespace

void describe_again(SetReport& report, const planner::PartitionPolicy& policy,
                    const ReadSet& read) {
  const auto& set = read.set;
  report.table = planner::quote(set.name);
  report.column = set.column;
  report.every = every_text(policy);
  report.partitions.clear();
  report.holes.clear();
  report.kept = set.partitions.size();
  for (const Partition& each : set.partitions) report.partitions.push_back(row_of(read, each));
  if (set.default_one) {
    auto row = row_of(read, *set.default_one);
    row.lower = row.upper = "DEFAULT";
    row.state = "default";
    report.partitions.push_back(std::move(row));
  }
  for (const auto& hole : planner::holes(set)) {
    report.holes.emplace_back(bound_text(set.type, hole.lower), bound_text(set.type, hole.upper));
  }
  const auto end = planner::horizon(set, read.grid.now);
  report.ahead = 0;
  for (const Partition& each : set.partitions) {
    const bool later = planner::Bound{planner::Edge::value, read.grid.now} < each.range.lower;
    if (end && later && each.range.upper <= *end) ++report.ahead;
  }
  report.current_missing = !end;
  report.next_upper_bound = end ? bound_text(set.type, *end) : "";
  report.horizon_s.reset();
  if (!planner::is_time(set.type)) return;
  report.horizon_s = end ? std::numeric_limits<double>::infinity() : 0;
  if (end && end->edge == planner::Edge::value) {
    const auto left = time_of(set.type, end->value) - time_of(set.type, read.grid.now);
    report.horizon_s = static_cast<double>(left) / planner::kSecond;
  }
}

SetReport describe(const planner::PartitionPolicy& policy, const ReadSet& read) {
  SetReport report;
  if (read.error) {
    report.table = policy.title;
    report.every = every_text(policy);
    report.column = policy.column;
    report.error = read.error;
    report.state = state_word(*read.error);
    return report;
  }
  describe_again(report, policy, read);
  return report;
}

std::optional<Error> against_role(const planner::PartitionSet& set) {
  if (!set.owned) {
    return Error{.code = ErrorCode::refused,
                 .message = fmt::format("{} is not owned by the role {}, nor by one it is in",
                                        planner::quote(set.name), set.role),
                 .hint = "run zdm as the owner, or as a member of that role"};
  }
  if (set.may_create) return std::nullopt;
  return Error{.code = ErrorCode::refused,
               .message = fmt::format("the role {} may not make tables in the schema {}", set.role,
                                      planner::quote_identifier(set.name.schema)),
               .hint = fmt::format("GRANT CREATE ON SCHEMA {} TO {}",
                                   planner::quote_identifier(set.name.schema),
                                   planner::quote_identifier(set.role))};
}

std::string missing_current_words(const SetReport& report) {
  return fmt::format("missing-current-partition: {} has no partition for now", report.table);
}

void settle_state(SetReport& report, std::string_view otherwise) {
  if (report.error) {
    report.state = state_word(*report.error);
  } else {
    report.state = refusal_of(report) != nullptr ? "refused" : std::string(otherwise);
  }
}

std::optional<Error> error_of(const std::vector<SetReport>& sets) {
  std::optional<Error> worst;
  int most = 0;
  for (const SetReport& report : sets) {
    auto error = trouble_of(report);
    if (!error) continue;
    const int its =
        report.current_missing && error->code == ErrorCode::refused ? 4 : weight(error->code);
    if (its > most) worst = std::move(error);
    most = std::max(most, its);
  }
  return worst;
}

}  // namespace zdm::migrations
