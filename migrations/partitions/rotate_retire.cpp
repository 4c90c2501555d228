#include <fmt/format.h>

#include <algorithm>

#include "partitions/retire_steps.hpp"
#include "partitions/rotate_set.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {

using planner::Partition;
using planner::quote;
using planner::Step;

Result<std::vector<Leaving>> SetRotation::leaving(const std::vector<Partition>& gone) {
  if (gone.empty()) return std::vector<Leaving>();
  return session_.read(
      [&](Connection& work) { return read_leaving(work, read_.set, policy_, gone); });
}

namespace {

/// It concerns one partition, and the next may fare better.
bool concerns_one(const Result<void>& result) {
  return !result && result.error().code == ErrorCode::failed;
}

}  // namespace

/// Those that may go; what speaks against the others is in the report.
Result<std::vector<Leaving>> SetRotation::may_go(const std::vector<Partition>& gone) {
  ZDM_TRY(auto all, leaving(gone));
  for (const Leaving& each : all) {
    if (each.against) report_.findings.push_back(*each.against);
  }
  std::erase_if(all, [](const Leaving& each) { return each.against.has_value(); });
  return all;
}

Result<void> SetRotation::retire() {
  const auto plan = plan_retirement(read_.set, policy_, read_.grid, {}, options_.yes);
  for (const auto& finding : plan.findings) report_.findings.push_back(finding);
  ZDM_CHECK(finish(plan));
  ZDM_TRY(const auto all, may_go(plan.retire));
  for (std::size_t at = 0; at < all.size(); at += kRetiredTogether) {
    ZDM_CHECK(session_.may_go_on());
    ZDM_CHECK(retire_some(std::span(all).subspan(at, std::min(kRetiredTogether, all.size() - at))));
  }
  return {};
}

/// What earlier runs began. A partition that somebody else left half detached is finished, and then
/// left to them; so is one of ours that is to be kept again, which the next run attaches.
Result<void> SetRotation::finish(const planner::Retirement& plan) {
  ZDM_TRY(const auto pending, leaving(plan.finalize));
  std::vector<Partition> orphans;
  for (const auto& orphan : plan.finish) orphans.push_back(orphan.partition);
  for (const Leaving& each : pending) {
    const Partition& gone = each.partition;
    say(fmt::format("finishing the detach of {}", quote(gone.name)));
    ZDM_CHECK(ConcurrentDetach(session_, read_.set, waiting()).finalize(gone, each.facts));
    const bool ours = std::ranges::any_of(
        read_.set.orphans, [&](const auto& orphan) { return orphan.partition.oid == gone.oid; });
    const bool past = read_.grid.cutoff &&
                      gone.range.upper <= planner::Bound{planner::Edge::value, *read_.grid.cutoff};
    if (ours && past) {
      orphans.push_back(gone);
      continue;
    }
    const std::string name = quote(gone.name);
    ZDM_CHECK(transact(
        {}, [&](Connection& work) { return history_.add(work, run_, "detached", {name}); }, {}));
    report_.detached.push_back(name);
  }
  ZDM_TRY(const auto left, may_go(orphans));
  return expire(left);
}

/// The marks come first: a run that is killed behind them leaves tables that the next one knows.
Result<void> SetRotation::retire_some(std::span<const Leaving> some) {
  say(fmt::format("retiring {}{}", quote(some.front().partition.name),
                  some.size() == 1 ? "" : fmt::format(" and {} more", some.size() - 1)));
  std::vector<Leaving> detached;
  auto done = detach_some(some, detached);
  ZDM_CHECK(expire(detached));
  return done;
}

Result<void> SetRotation::detach_some(std::span<const Leaving> some,
                                      std::vector<Leaving>& detached) {
  if (!planner::detaches_concurrently(read_.set)) {
    for (const Leaving& each : some) {
      auto done = detach_locking(each);
      if (done) detached.push_back(each);
      ZDM_CHECK(concerns_one(done) ? keep(std::move(done)) : done);
    }
    return {};
  }
  std::vector<Partition> partitions;
  for (const Leaving& each : some) partitions.push_back(each.partition);
  ZDM_CHECK(transact(
      {}, [&](Connection& work) { return history_.mark(work, read_.set, partitions); }, {}));
  std::vector<Step> steps;
  for (const Leaving& each : some) {
    steps.push_back(detach_step(read_.set, each.partition, each.facts));
  }
  ConcurrentDetach concurrent(session_, read_.set, waiting());
  concurrent.look_ahead(steps);
  for (const Leaving& each : some) {
    auto done = concurrent.detach(each.partition, each.facts);
    if (done) detached.push_back(each);
    ZDM_CHECK(concerns_one(done) ? keep(std::move(done)) : done);
  }
  return {};
}

Result<void> SetRotation::detach_locking(const Leaving& leaving) {
  const Partition& gone = leaving.partition;
  return transact(
      detach_step(read_.set, gone, leaving.facts),
      [&](Connection& work) { return history_.mark(work, read_.set, {gone}); },
      [&](Connection& work) -> Result<bool> {
        ZDM_TRY(const Rows rows, work.run("SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_inherits "
                                          "WHERE inhrelid = $1::oid)",
                                          {std::to_string(gone.oid)}));
        return rows.first_true();
      });
}

/// In one transaction; where that fails one by one.
Result<void> SetRotation::expire(const std::vector<Leaving>& detached) {
  if (detached.empty()) return {};
  auto done = expire_together(detached);
  if (!concerns_one(done)) return done;
  if (detached.size() == 1) return keep(std::move(done));
  for (const Leaving& each : detached) ZDM_CHECK(expire({each}));
  return {};
}

/// What becomes of detached tables, and the end of their marks, in one transaction: each locks
/// nobody's but itself. Foreign keys go before, each alone.
Result<void> SetRotation::expire_together(const std::vector<Leaving>& detached) {
  std::vector<Partition> gone;
  std::vector<std::string> names;
  std::vector<std::uint32_t> oids;
  for (const Leaving& each : detached) {
    gone.push_back(each.partition);
    names.push_back(quote(each.partition.name));
    oids.push_back(each.partition.oid);
    for (const Step& step : drop_key_steps(policy_, each.partition, each.facts)) {
      ZDM_CHECK(transact(step, {}, {}));
    }
  }
  const std::string_view list = policy_.expire == planner::Expire::drop     ? "dropped"
                                : policy_.expire == planner::Expire::detach ? "detached"
                                                                            : "archived";
  auto expired = transact(
      expire_step(policy_, gone),
      [&](Connection& work) -> Result<void> {
        ZDM_CHECK(history_.unmark(work, oids));
        return history_.add(work, run_, list, names);
      },
      // Marked means: not committed yet.
      [&](Connection& work) -> Result<bool> {
        ZDM_TRY(const Rows rows,
                work.run("SELECT NOT EXISTS (SELECT FROM zdm.partition_mark "
                         "WHERE target = $1 AND table_oid = $2)",
                         {session_.environment().target, std::to_string(oids.back())}));
        return rows.first_true();
      });
  ZDM_CHECK(expired);
  auto& done = list == "dropped"    ? report_.dropped
               : list == "detached" ? report_.detached
                                    : report_.archived;
  done.insert(done.end(), names.begin(), names.end());
  return {};
}

}  // namespace zdm::migrations
