#include "matviews/exchange.hpp"

#include <fmt/format.h>

#include "locks/claims.hpp"
#include "matviews/access.hpp"
#include "matviews/followers.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {
namespace {

using Statements = std::vector<std::string>;

TableName in_schema_of(const ExchangeMember& member, const std::string& name) {
  return {member.name.schema, name};
}

void take_place(const ExchangeMember& member, Statements& sql) {
  sql.push_back(fmt::format("ALTER MATERIALIZED VIEW {} RENAME TO {}", quote(member.name),
                            quote_identifier(member.aside)));
  sql.push_back(fmt::format("ALTER MATERIALIZED VIEW {} RENAME TO {}", quote(member.built),
                            quote_identifier(member.name.name)));
}

void rename_parts(const ExchangeMember& member, Statements& sql) {
  for (const auto& index : member.shape.indexes) {
    sql.push_back(fmt::format("ALTER INDEX {} RENAME TO {}",
                              quote(in_schema_of(member, index.built)),
                              quote_identifier(index.name)));
  }
  for (const auto& each : member.shape.statistics) {
    sql.push_back(fmt::format("ALTER STATISTICS {} RENAME TO {}",
                              quote(TableName{each.name.schema, each.built}),
                              quote_identifier(each.name.name)));
  }
}

std::vector<LockClaim> claims_of(const std::vector<ExchangeMember>& members,
                                 const std::vector<LockClaim>& following) {
  Claims claims;
  claims.merge(following);
  for (const auto& member : members) {
    claims.add(member.name, LockMode::access_exclusive);
    claims.add(member.built, LockMode::access_exclusive);
    for (const auto& index : member.shape.indexes) {
      claims.add(in_schema_of(member, index.name), LockMode::access_exclusive);
      claims.add(in_schema_of(member, index.built), LockMode::share_update_exclusive);
    }
  }
  return claims.list();
}

}  // namespace

ExchangePlan plan_exchange(const std::vector<ExchangeMember>& members,
                           const std::vector<Dependent>& followers) {
  // No member is a plain view, whose rules are its own.
  const auto following = views::follow({}, followers);
  ExchangePlan plan;
  plan.claims = claims_of(members, following.locks);
  for (const auto& member : members) {
    plan.lock.push_back(
        views::change_owner(TableKind::materialized_view, member.name, member.shape.owner));
  }
  for (auto& each : views::lock_followers({}, followers)) plan.lock.push_back(std::move(each));
  for (const auto& member : members) take_place(member, plan.exchange);
  plan.exchange.insert(plan.exchange.end(), following.sql.begin(), following.sql.end());
  // Those that read others go first; without CASCADE, so that what was overlooked stops it all.
  for (auto at = members.rbegin(); at != members.rend(); ++at) {
    plan.exchange.push_back(
        fmt::format("DROP MATERIALIZED VIEW {}", quote(in_schema_of(*at, at->aside))));
  }
  for (const auto& member : members) rename_parts(member, plan.exchange);
  return plan;
}

}  // namespace zdm::planner
