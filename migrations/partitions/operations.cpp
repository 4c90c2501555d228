#include "partitions/operations.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "execute/session.hpp"
#include "ledger/privileges.hpp"
#include "partitions/create_steps.hpp"
#include "partitions/read_retire.hpp"
#include "partitions/read_traits.hpp"
#include "partitions/retire_steps.hpp"
#include "partitions/rotate_set.hpp"
#include "partitions/set_report.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::Partition;
using planner::PartitionPolicy;
using planner::quote;
using std::chrono::system_clock;

system_clock::time_point time_point(planner::Micros time) {
  return system_clock::time_point(
      std::chrono::duration_cast<system_clock::duration>(std::chrono::microseconds(time)));
}

SetsRequest request_of(const Environment& environment, const PartitionOptions& options) {
  return {.policies = options.policies,
          .now = options.now,
          .target = environment.target,
          .sizes = false};
}

void tell_time(PartitionReport& report, const ReadSets& sets, const Environment& environment,
               const PartitionOptions& options) {
  report.now = to_rfc3339(time_point(sets.now));
  if (options.now) return;
  report.clock_skew_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                             environment.host.now() - time_point(sets.now))
                             .count();
}

/// What rotate would do with one set, as steps.
class Plan final {
 public:
  Plan(Connection& connection, const PartitionPolicy& policy, const ReadSet& read, bool yes)
      : connection_(connection), policy_(policy), read_(read), yes_(yes) {}

  Result<SetReport> run() {
    report_ = describe(policy_, read_);
    if (read_.error) return std::move(report_);
    report_.error = against_role(read_.set);
    if (report_.error) {
      settle_state(report_, "done");
      return std::move(report_);
    }
    for (const auto& check : read_.set.default_checks) {
      put(read_.set.default_one->name, drop_default_check(read_.set, check));
    }
    ZDM_CHECK(create());
    ZDM_CHECK(retire());
    settle_state(report_, report_.steps.empty() ? "done" : "pending");
    return std::move(report_);
  }

 private:
  void put(const planner::TableName& partition, planner::Step step) {
    report_.steps.push_back({.partition = quote(partition), .step = std::move(step)});
  }

  Result<void> create() {
    auto plan = plan_creation(read_.set, policy_, read_.grid);
    report_.findings = std::move(plan.findings);
    if (plan.attach.empty() && plan.create.empty()) return {};
    ZDM_TRY(const auto refused, refuse_unmakable(connection_, read_.set, plan.create));
    report_.findings.insert(report_.findings.end(), refused.begin(), refused.end());
    auto traits = read_traits(connection_, read_.set, policy_, report_.findings);
    if (!traits) {
      report_.error = traits.error();
      return {};
    }
    for (const auto& orphan : plan.attach) {
      coming_.push_back(orphan.partition.range);
      report_.attached.push_back(quote(orphan.partition.name));
      for (auto& step : attach_steps(read_.set, orphan.partition, *traits)) {
        put(orphan.partition.name, std::move(step));
      }
    }
    for (const auto& made : plan.create) {
      coming_.push_back(made.range);
      report_.created.push_back(quote(made.name));
      for (auto& step : create_steps(read_.set, made, *traits)) put(made.name, std::move(step));
    }
    report_.current_missing =
        report_.current_missing && std::ranges::none_of(coming_, [&](const planner::Range& range) {
          return range.holds(read_.grid.now);
        });
    return {};
  }

  Result<void> retire() {
    const auto plan = plan_retirement(read_.set, policy_, read_.grid, coming_, yes_);
    for (const auto& finding : plan.findings) report_.findings.push_back(finding);
    ZDM_TRY(const auto pending, read_leaving(connection_, read_.set, policy_, plan.finalize));
    for (const Leaving& each : pending) {
      put(each.partition.name, finalize_step(read_.set, each.partition, each.facts));
    }
    std::vector<Partition> orphans;
    for (const auto& orphan : plan.finish) orphans.push_back(orphan.partition);
    ZDM_TRY(const auto left, read_leaving(connection_, read_.set, policy_, orphans));
    for (const Leaving& each : left) expire(each);
    ZDM_TRY(const auto going, read_leaving(connection_, read_.set, policy_, plan.retire));
    for (const Leaving& each : going) {
      if (each.against) {
        report_.findings.push_back(*each.against);
        continue;
      }
      put(each.partition.name, detach_step(read_.set, each.partition, each.facts));
      expire(each);
      --report_.kept;
    }
    return {};
  }

  void expire(const Leaving& leaving) {
    const Partition& gone = leaving.partition;
    for (auto& step : drop_key_steps(policy_, gone, leaving.facts)) put(gone.name, std::move(step));
    auto expiry = expire_step(policy_, {&gone, 1});
    if (!expiry.sql.empty()) put(gone.name, std::move(expiry));
    auto& list = policy_.expire == planner::Expire::drop     ? report_.dropped
                 : policy_.expire == planner::Expire::detach ? report_.detached
                                                             : report_.archived;
    list.push_back(quote(gone.name));
  }

  Connection& connection_;
  const PartitionPolicy& policy_;
  const ReadSet& read_;
  bool yes_;
  SetReport report_;
  std::vector<planner::Range> coming_;
};

Result<PartitionReport> plan_all(Session& session, const PartitionOptions& options) {
  const Environment& environment = session.environment();
  auto planned = session.read([&](Connection& work) -> Result<PartitionReport> {
    PartitionReport report;
    report.dry_run = options.dry_run;
    ZDM_TRY(const auto sets, read_sets(work, request_of(environment, options)));
    tell_time(report, sets, environment, options);
    for (std::size_t i = 0; i < sets.sets.size(); ++i) {
      ZDM_TRY(auto set, Plan(work, options.policies[i], sets.sets[i], options.yes).run());
      report.sets.push_back(std::move(set));
    }
    return report;
  });
  if (planned) return planned;
  return planner::fail(with_ledger_grants(session.work(), std::move(planned).error()));
}

Result<void> rotate_all(Session& session, const PartitionOptions& options, ReadSets sets,
                        const ProgressSink& progress, PartitionReport& report) {
  std::deque<SetRotation> rotations;
  Result<void> done;
  for (std::size_t i = 0; done && i < sets.sets.size(); ++i) {
    done = session.may_go_on();
    if (!done) break;
    rotations.emplace_back(session, options.policies[i], options, progress);
    done = rotations.back().make_missing(std::move(sets.sets[i]));
  }
  for (auto rotation = rotations.begin(); done && rotation != rotations.end(); ++rotation) {
    done = session.may_go_on();
    if (done) done = rotation->retire_old();
  }
  for (const SetRotation& each : rotations) report.sets.push_back(each.report());
  return done;
}

Result<void> rotate(const Environment& environment, const PartitionOptions& options,
                    const ProgressSink& progress, PartitionReport& report) {
  ZDM_TRY(const auto session, Session::open(environment));
  ZDM_CHECK(session->take("partition rotate", LeaseScope::partitions));
  ZDM_TRY(auto sets, session->read([&](Connection& work) {
    return read_sets(work, request_of(environment, options));
  }));
  tell_time(report, sets, environment, options);
  return rotate_all(*session, options, std::move(sets), progress, report);
}

}  // namespace

Result<PartitionReport> list_partitions(const Environment& environment,
                                        const PartitionOptions& options) {
  ZDM_TRY(const auto session, Session::open(environment));
  SetsRequest request = request_of(environment, options);
  request.sizes = true;
  auto sets = session->read([&](Connection& work) { return read_sets(work, request); });
  if (!sets && classify(sets.error().sqlstate) == Trouble::lock) {
    // Somebody has a partition locked: what it takes up can then not be asked.
    request.sizes = false;
    sets = session->read([&](Connection& work) { return read_sets(work, request); });
  }
  if (!sets) {
    return planner::fail(with_ledger_grants(session->work(), std::move(sets).error()));
  }
  PartitionReport report;
  tell_time(report, *sets, environment, options);
  for (std::size_t i = 0; i < sets->sets.size(); ++i) {
    auto& set = report.sets.emplace_back(describe(options.policies[i], sets->sets[i]));
    settle_state(set, "done");
  }
  return report;
}

PartitionOutcome plan_rotation(const Environment& environment, const PartitionOptions& options) {
  PartitionOutcome outcome;
  auto session = Session::open(environment);
  if (!session) {
    outcome.error = session.error();
    return outcome;
  }
  auto report = plan_all(**session, options);
  if (!report) {
    outcome.error = report.error();
    return outcome;
  }
  outcome.report = std::move(*report);
  outcome.error = error_of(outcome.report.sets);
  return outcome;
}

PartitionOutcome rotate_partitions(const Environment& environment, const PartitionOptions& options,
                                   const ProgressSink& progress) {
  if (options.dry_run) return plan_rotation(environment, options);
  PartitionOutcome outcome;
  auto done = rotate(environment, options, progress, outcome.report);
  outcome.error = done ? error_of(outcome.report.sets) : std::optional(done.error());
  return outcome;
}

}  // namespace zdm::migrations
