#include <fmt/format.h>

#include "locks/claims.hpp"
#include "partitions/create_steps.hpp"
#include "partitions/read_traits.hpp"
#include "partitions/rotate_set.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {

using planner::ChildTraits;
using planner::NewPartition;
using planner::Orphan;
using planner::Partition;
using planner::quote;
using planner::Step;

Result<void> SetRotation::make() {
  ZDM_CHECK(clean_default());
  auto plan = plan_creation(read_.set, policy_, read_.grid);
  report_.findings = plan.findings;
  if (plan.attach.empty() && plan.create.empty()) return {};
  ChildTraits traits;
  std::vector<NewPartition> makable;
  ZDM_CHECK(session_.snapshot([&](Connection& work) -> Result<void> {
    makable = plan.create;
    auto findings = plan.findings;
    ZDM_TRY(const auto refused, refuse_unmakable(work, read_.set, makable));
    findings.insert(findings.end(), refused.begin(), refused.end());
    ZDM_TRY(traits, read_traits(work, read_.set, policy_, findings));
    report_.findings = std::move(findings);
    return {};
  }));
  for (const Orphan& orphan : plan.attach) ZDM_CHECK(attach_one(orphan, traits));
  // Behind the locks on a default partition, or on the tables of foreign keys, others wait.
  const bool alone = read_.set.default_one || !traits.attach_claims.empty();
  const std::size_t size = alone ? 1 : kTogether;
  for (std::size_t at = 0; at < makable.size(); at += size) {
    const auto some = std::span(makable).subspan(at, std::min(size, makable.size() - at));
    ZDM_CHECK(make_some(some, traits));
  }
  return {};
}

Result<void> SetRotation::clean_default() {
  for (const std::string& check : read_.set.default_checks) {
    ZDM_CHECK(transact(drop_default_check(read_.set, check), {}, {}));
  }
  return {};
}

/// In one transaction; where that fails one by one, so that one which cannot be made does not keep
/// the others from being made.
Result<void> SetRotation::make_some(std::span<const NewPartition> some, const ChildTraits& traits) {
  if (some.size() == 1) return make_one(some.front(), traits);
  Step together{.id = "create"};
  std::vector<std::string> names;
  planner::Claims claims;
  for (const NewPartition& made : some) {
    names.push_back(quote(made.name));
    for (Step& each : create_steps(read_.set, made, traits)) {
      claims.merge(each.locks);
      for (std::string& sql : each.sql) together.sql.push_back(std::move(sql));
    }
  }
  together.locks = claims.list();
  say(fmt::format("making {} and {} more", names.front(), names.size() - 1));
  auto done = transact(
      together, [&](Connection& work) { return history_.add(work, run_, "created", names); },
      [&](Connection& work) -> Result<bool> {
        ZDM_TRY(const Rows rows, work.run("SELECT to_regclass($1) IS NOT NULL", {names.back()}));
        return rows.first_true();
      });
  if (done) {
    report_.created.insert(report_.created.end(), names.begin(), names.end());
    return {};
  }
  if (done.error().code != ErrorCode::failed) return done;
  for (const NewPartition& made : some) {
    ZDM_CHECK(keep(make_one(made, traits)));
  }
  return {};
}

Result<void> SetRotation::make_one(const NewPartition& made, const ChildTraits& traits) {
  const std::string name = quote(made.name);
  say(fmt::format("making {}", name));
  const Body also = [&](Connection& work) { return history_.add(work, run_, "created", {name}); };
  const Settled there = [&](Connection& work) -> Result<bool> {
    ZDM_TRY(const Rows rows, work.run("SELECT to_regclass($1) IS NOT NULL", {name}));
    return rows.first_true();
  };
  for (const Step& each : create_steps(read_.set, made, traits)) {
    const bool last = each.id == "create";
    auto done = last ? transact(each, also, there) : transact(each, {}, {});
    if (!done && !last) {
      // The CHECK rejects rows of the range, which still belong to the default partition.
      ZDM_CHECK(read_again());
      ZDM_CHECK(clean_default());
    }
    ZDM_CHECK(done);
  }
  report_.created.push_back(name);
  return {};
}

Result<void> SetRotation::attach_one(const Orphan& orphan, const ChildTraits& traits) {
  const Partition& table = orphan.partition;
  say(fmt::format("attaching {} again", quote(table.name)));
  const Body also = [&](Connection& work) -> Result<void> {
    ZDM_CHECK(history_.unmark(work, {table.oid}));
    return history_.add(work, run_, "attached", {quote(table.name)});
  };
  const Settled settled = [&](Connection& work) -> Result<bool> {
    ZDM_TRY(const Rows rows, work.run("SELECT EXISTS (SELECT FROM pg_catalog.pg_inherits "
                                      "WHERE inhrelid = $1::oid)",
                                      {std::to_string(table.oid)}));
    return rows.first_true();
  };
  for (const Step& each : attach_steps(read_.set, table, traits)) {
    ZDM_CHECK(each.id == "attach" ? transact(each, also, settled) : transact(each, {}, {}));
  }
  report_.attached.push_back(quote(table.name));
  return {};
}

}  // namespace zdm::migrations
