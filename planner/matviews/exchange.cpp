#include "matviews/exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "locks/claims.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {
namespace {

using Statements = std::vector<std::string>;

std::string replace_view(const Follower& view) {
  Statements options;
  for (const auto& each : view.options) {
    const auto equals = each.find('=');
    options.push_back(fmt::format("{} = {}", each.substr(0, equals),
                                  quote_literal(each.substr(std::min(equals + 1, each.size())))));
  }
  const auto with =
      options.empty() ? std::string() : fmt::format(" WITH ({})", fmt::join(options, ", "));
  return fmt::format("CREATE OR REPLACE VIEW {}{} AS\n{}", quote(view.relation), with,
                     view.definition);
}

/// The server's words for a rule start with CREATE RULE.
std::string replace_rule(const Follower& rule) {
  constexpr std::string_view kCreate = "CREATE ";
  std::string text = rule.definition;
  if (text.starts_with(kCreate)) text.insert(kCreate.size(), "OR REPLACE ");
  return text;
}

std::string alter_policy(const Follower& policy) {
  auto text =
      fmt::format("ALTER POLICY {} ON {}", quote_identifier(policy.name), quote(policy.relation));
  if (!policy.definition.empty()) text += fmt::format(" USING ({})", policy.definition);
  if (!policy.check.empty()) text += fmt::format(" WITH CHECK ({})", policy.check);
  return text;
}

std::string follow(const Follower& follower) {
  switch (follower.kind) {
    case FollowerKind::view:
      return replace_view(follower);
    case FollowerKind::function:
      return follower.definition;
    case FollowerKind::policy:
      return alter_policy(follower);
    case FollowerKind::rule:
      return replace_rule(follower);
    case FollowerKind::matview:
    case FollowerKind::other:
      break;
  }
  return {};
}

/// Whose relation is locked as a whole when the follower is made anew.
bool locks_relation(FollowerKind kind) {
  switch (kind) {
    case FollowerKind::view:
    case FollowerKind::policy:
    case FollowerKind::rule:
      return true;
    case FollowerKind::function:
    case FollowerKind::matview:
    case FollowerKind::other:
      return false;
  }
  return false;
}

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
                                 const std::vector<Follower>& followers) {
  Claims claims;
  for (const auto& member : members) {
    claims.add(member.name, LockMode::access_exclusive);
    claims.add(member.built, LockMode::access_exclusive);
    for (const auto& index : member.shape.indexes) {
      claims.add(in_schema_of(member, index.name), LockMode::access_exclusive);
      claims.add(in_schema_of(member, index.built), LockMode::share_update_exclusive);
    }
  }
  for (const auto& follower : followers) {
    if (locks_relation(follower.kind)) {
      claims.add(follower.relation, LockMode::access_exclusive);
    }
    if (follower.kind == FollowerKind::matview) continue;
    for (const auto& read : follower.reads) claims.add(read, LockMode::access_share);
  }
  return claims.list();
}

}  // namespace

std::vector<std::string> cannot_follow(const std::vector<Follower>& followers) {
  std::vector<std::string> lines;
  for (const auto& follower : followers) {
    if (follower.kind == FollowerKind::other) {
      lines.push_back(follower.described);
    } else if (follower.temporary) {
      lines.push_back(fmt::format("{}, which is another session's own", follower.described));
    } else if (!follower.ours) {
      lines.push_back(fmt::format("{}, which belongs to {}, and this role is no member of it",
                                  follower.described, quote_identifier(follower.owner)));
    }
  }
  return lines;
}

ExchangePlan plan_exchange(const std::vector<ExchangeMember>& members,
                           const std::vector<Follower>& followers) {
  ExchangePlan plan;
  plan.claims = claims_of(members, followers);
  // To its own owner: takes the lock that an ALTER of it would need, and does nothing else.
  for (const auto& member : members) {
    plan.lock.push_back(fmt::format("ALTER MATERIALIZED VIEW {} OWNER TO {}", quote(member.name),
                                    quote_identifier(member.shape.owner)));
  }
  for (const auto& follower : followers) {
    if (follower.kind != FollowerKind::view) continue;
    plan.lock.push_back(fmt::format("ALTER VIEW {} OWNER TO {}", quote(follower.relation),
                                    quote_identifier(follower.owner)));
  }
  for (const auto& member : members) take_place(member, plan.exchange);
  for (const auto& follower : followers) {
    if (auto text = follow(follower); !text.empty()) plan.exchange.push_back(std::move(text));
  }
  // Those that read others go first; without CASCADE, so that what was overlooked stops it all.
  for (auto at = members.rbegin(); at != members.rend(); ++at) {
    plan.exchange.push_back(
        fmt::format("DROP MATERIALIZED VIEW {}", quote(in_schema_of(*at, at->aside))));
  }
  for (const auto& member : members) rename_parts(member, plan.exchange);
  return plan;
}

}  // namespace zdm::planner
