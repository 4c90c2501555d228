#include "partitions/rotate_set.hpp"

#include <algorithm>
#include <utility>

#include "partitions/set_report.hpp"

namespace zdm::migrations {
namespace {

/// What makes going on with the next set of no use.
bool ends_all(const Error& error) {
  switch (error.code) {
    case ErrorCode::cannot_connect:
    case ErrorCode::interrupted:
    case ErrorCode::terminated:
    case ErrorCode::drift:
    case ErrorCode::bug:
      return true;
    case ErrorCode::failed:
    case ErrorCode::usage:
    case ErrorCode::refused:
    case ErrorCode::pending:
    case ErrorCode::busy:
      return false;
  }
  return true;
}

/// A run was killed between the mark and the detach: who detaches the table now is somebody else.
bool has_stale_marks(const planner::PartitionSet& set) {
  return std::ranges::any_of(set.orphans, [](const auto& orphan) { return orphan.attached; });
}

}  // namespace

Result<void> SetRotation::make_missing(ReadSet read) {
  read_ = std::move(read);
  report_ = describe(policy_, read_);
  if (!read_.error) report_.error = against_role(read_.set);
  served_ = !report_.error;
  Result<void> done;
  if (served_) {
    idle_ = idle();
    if (idle_) {
      report_.findings = plan_creation(read_.set, policy_, read_.grid).findings;
    } else {
      auto made = begin_and_make();
      retires_ = made.has_value();
      done = keep(std::move(made));
    }
  }
  settle_state(report_, "done");
  return done;
}

Result<void> SetRotation::retire_old() {
  if (!served_) return {};
  Result<void> done;
  if (retires_) done = keep(retire_and_look());
  settle_state(report_, "done");
  ZDM_CHECK(done);
  return close();
}

bool SetRotation::makes_nothing() const {
  const auto creation = plan_creation(read_.set, policy_, read_.grid);
  return creation.attach.empty() && creation.create.empty() && read_.set.default_checks.empty() &&
         !has_stale_marks(read_.set);
}

bool SetRotation::idle() const {
  const auto retirement = plan_retirement(read_.set, policy_, read_.grid, {}, options_.yes);
  return makes_nothing() && retirement.finalize.empty() && retirement.finish.empty() &&
         retirement.retire.empty() && retirement.findings.empty();
}

/// Creation never waits for retirement, and does not fail with it.
Result<void> SetRotation::begin_and_make() {
  ZDM_CHECK(session_.transact({.claims = {},
                               .body = [&](Connection& work) -> Result<void> {
                                 ZDM_TRY(run_, history_.begin(work, report_.table));
                                 return history_.forget_stale_marks(work);
                               },
                               .settled = {},
                               .waiting = {}}));
  const bool as_it_was = makes_nothing();
  ZDM_CHECK(keep(make()));
  return as_it_was ? Result<void>() : read_again();
}

Result<void> SetRotation::retire_and_look() {
  ZDM_CHECK(keep(retire()));
  return read_again();
}

Result<void> SetRotation::keep(Result<void> result) {
  if (result) return result;
  Error error = with_hint(session_.or_stop(std::move(result).error()));
  const bool ends = ends_all(error) || !session_.may_go_on();
  if (!report_.error || ends) report_.error = error;
  return ends ? Result<void>(planner::fail(std::move(error))) : Result<void>();
}

Result<void> SetRotation::read_again() {
  const SetsRequest request{
      .policies = {policy_}, .now = {}, .target = session_.environment().target, .sizes = false};
  ZDM_TRY(auto sets, session_.read([&](Connection& work) { return read_sets(work, request); }));
  read_ = std::move(sets.sets.front());
  if (read_.error) return planner::fail(*read_.error);
  describe_again(report_, policy_, read_);
  return {};
}

Result<void> SetRotation::close() {
  return session_.transact({.claims = {},
                            .body = [&](Connection& work) -> Result<void> {
                              ZDM_CHECK(idle_ ? history_.idle(work, report_)
                                              : history_.finish(work, run_, report_));
                              if (!options_.totals) return {};
                              ZDM_TRY(report_.history, history_.totals(work, report_.table));
                              return {};
                            },
                            .settled = {},
                            .waiting = {}});
}

Result<void> SetRotation::transact(const planner::Step& step, const Body& also,
                                   const Settled& settled) {
  ZDM_CHECK(session_.may_go_on());
  return session_.transact({.claims = step.locks,
                            .body = [&](Connection& work) -> Result<void> {
                              for (const std::string& sql : step.sql) ZDM_CHECK(work.run(sql));
                              return also ? also(work) : Result<void>();
                            },
                            .settled = settled,
                            .waiting = waiting()});
}

Waiting SetRotation::waiting() const {
  return [this](const std::vector<planner::Blocker>& blockers) {
    if (!progress_) return;
    ProgressEvent event;
    event.migration.value = report_.table;
    event.text = "waiting";
    event.blockers = blockers;
    progress_(event);
  };
}

void SetRotation::say(const std::string& text) const {
  if (!progress_) return;
  ProgressEvent event;
  event.migration.value = report_.table;
  event.text = text;
  progress_(event);
}

}  // namespace zdm::migrations
