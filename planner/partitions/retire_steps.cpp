#include "partitions/retire_steps.hpp"

#include <fmt/format.h>

#include <map>
#include <string_view>

#include "locks/claims.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {
namespace {

std::string detach_sql(const PartitionSet& set, const Partition& gone, std::string_view how) {
  return fmt::format("ALTER TABLE {} DETACH PARTITION {}{}", quote(set.name), quote(gone.name),
                     how);
}

Claims claims_of_keys(const RetireFacts& facts) {
  Claims claims;
  for (const TableName& table : facts.referenced) {
    claims.add(table, LockMode::share_row_exclusive);
  }
  for (const TableName& table : facts.referencing) claims.add(table, LockMode::access_exclusive);
  return claims;
}

std::string_view kind_words(const Partition& table) {
  return table.kind == PartitionKind::foreign ? "FOREIGN TABLE" : "TABLE";
}

/// One statement for all tables of a kind: several are dropped faster together.
std::vector<std::string> drop_sql(std::span<const Partition> gone) {
  std::map<std::string_view, std::vector<std::string>> names;
  for (const Partition& each : gone) names[kind_words(each)].push_back(quote(each.name));
  std::vector<std::string> sql;
  for (const auto& [kind, those] : names) {
    sql.push_back(fmt::format("DROP {} {}", kind, fmt::join(those, ", ")));
  }
  return sql;
}

}  // namespace

bool detaches_concurrently(const PartitionSet& set) {
  return set.server_version >= 140000 && !set.default_one;
}

Step detach_step(const PartitionSet& set, const Partition& gone, const RetireFacts& facts) {
  Claims claims = claims_of_keys(facts);
  claims.add(gone.name, LockMode::access_exclusive);
  if (detaches_concurrently(set)) {
    return {.id = "detach",
            .kind = StepKind::concurrent,
            .sql = {detach_sql(set, gone, " CONCURRENTLY")},
            .locks = claims.add(set.name, LockMode::share_update_exclusive).list(),
            .in_transaction = false,
            .note = "waits for the transactions that may still read it; nobody waits for it"};
  }
  if (set.default_one) claims.add(set.default_one->name, LockMode::access_exclusive);
  return {.id = "detach",
          .sql = {detach_sql(set, gone, "")},
          .locks = claims.add(set.name, LockMode::access_exclusive).list(),
          .note = set.default_one ? "a set with a default partition cannot detach concurrently"
                                  : "before PostgreSQL 14 there is no other way"};
}

Step finalize_step(const PartitionSet& set, const Partition& pending, const RetireFacts& facts) {
  return {.id = "finalize",
          .sql = {detach_sql(set, pending, " FINALIZE")},
          .locks = claims_of_keys(facts)
                       .add(set.name, LockMode::share_update_exclusive)
                       .add(pending.name, LockMode::access_exclusive)
                       .list(),
          .note = "an earlier DETACH CONCURRENTLY was not finished"};
}

std::vector<Step> drop_key_steps(const PartitionPolicy& policy, const Partition& gone,
                                 const RetireFacts& facts) {
  std::vector<Step> steps;
  if (policy.expire != Expire::drop) return steps;
  for (const CopiedKey& key : facts.keys) {
    steps.push_back({.id = "drop_key",
                     .sql = {fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}",
                                         quote(gone.name), quote_identifier(key.name))},
                     .locks = Claims()
                                  .add(gone.name, LockMode::access_exclusive)
                                  .add(key.references, LockMode::access_exclusive)
                                  .list()});
  }
  return steps;
}

Step expire_step(const PartitionPolicy& policy, std::span<const Partition> gone) {
  if (policy.expire == Expire::detach) return {};
  Claims own;
  for (const Partition& each : gone) own.add(each.name, LockMode::access_exclusive);
  if (policy.expire == Expire::drop) {
    return {.id = "drop", .sql = drop_sql(gone), .locks = own.list(), .destructive = true};
  }
  Step step{.id = "archive", .locks = own.list()};
  for (const Partition& each : gone) {
    step.sql.push_back(fmt::format("ALTER {} {} SET SCHEMA {}", kind_words(each), quote(each.name),
                                   quote_identifier(policy.archive_schema)));
  }
  return step;
}

}  // namespace zdm::planner
