#include "matviews/followers.hpp"

#include <fmt/format.h>

#include <optional>

#include "locks/claims.hpp"
#include "matviews/access.hpp"
#include "sql/quote.hpp"

namespace zdm::planner::views {
namespace {

// Each keeps its oid, owner, privileges, comments, state and dependents: PostgreSQL manual, CREATE
// VIEW, CREATE RULE, ALTER POLICY, CREATE FUNCTION, "Notes". A temporary view of another session
// cannot be touched; an aggregate has no body.
constexpr std::string_view kView = R"((
  SELECT 'CREATE OR REPLACE VIEW ' || pg_catalog.quote_ident(n.nspname) || '.'
         || pg_catalog.quote_ident(c.relname)
         || coalesce(' WITH (' || pg_catalog.array_to_string(c.reloptions, ', ') || ')', '')
         || E' AS\n' || pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), ';')
    FROM pg_catalog.pg_rewrite r
    JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relpersistence <> 't'
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE r.oid = {}))";

constexpr std::string_view kRule = R"((
  SELECT 'CREATE OR REPLACE '
         || pg_catalog.rtrim(pg_catalog.substr(pg_catalog.pg_get_ruledef(r.oid), 8), ';')
    FROM pg_catalog.pg_rewrite r
   WHERE r.oid = {}))";

constexpr std::string_view kPolicy = R"((
  SELECT 'ALTER POLICY ' || pg_catalog.quote_ident(p.polname) || ' ON '
         || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
         || coalesce(' USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')', '')
         || coalesce(' WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')',
                     '')
    FROM pg_catalog.pg_policy p
    JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE p.oid = {}))";

constexpr std::string_view kFunction = R"((
  SELECT pg_catalog.pg_get_functiondef(f.oid)
    FROM pg_catalog.pg_proc f
   WHERE f.oid = {} AND f.prokind <> 'a'))";

constexpr std::string_view kViewHead = "CREATE OR REPLACE VIEW ";

/// What follows the name in the statement that makes a view anew; nothing where it is another.
std::optional<std::string_view> after_name(const Dependent& dependent) {
  const std::string_view text = dependent.rebind;
  const bool named = dependent.kind == DependentKind::view && !dependent.relation.name.empty();
  if (!named || !text.starts_with(kViewHead)) return std::nullopt;
  bool quoted = false;
  for (auto at = kViewHead.size(); at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (!quoted && text[at] == ' ') return text.substr(at);
  }
  return std::nullopt;
}

/// The statement, for a view under the name it has by then: it may change names in the same plan.
std::string bind_anew(const Dependent& dependent) {
  const auto rest = after_name(dependent);
  if (!rest) return dependent.rebind;
  return fmt::format("{}{}{}", kViewHead, quote(dependent.relation), *rest);
}

}  // namespace

std::string unchanged_sql(const Dependent& dependent) {
  const auto now = rebind_sql(dependent.kind, std::to_string(dependent.oid));
  const auto rest = after_name(dependent);
  if (!rest) {
    return fmt::format("SELECT coalesce({} = {}, false)", now, quote_literal(dependent.rebind));
  }
  const auto& view = dependent.relation;
  return fmt::format(
      "SELECT coalesce({} = {} || pg_catalog.quote_ident({}) || '.' || pg_catalog.quote_ident({})\n"
      "         || {}, false)",
      now, quote_literal(kViewHead), quote_literal(view.schema), quote_literal(view.name),
      quote_literal(*rest));
}

std::string rebind_sql(DependentKind kind, std::string_view oid) {
  switch (kind) {
    case DependentKind::view:
      return fmt::format(fmt::runtime(kView), oid);
    case DependentKind::rule:
      return fmt::format(fmt::runtime(kRule), oid);
    case DependentKind::policy:
      return fmt::format(fmt::runtime(kPolicy), oid);
    case DependentKind::function:
      return fmt::format(fmt::runtime(kFunction), oid);
    case DependentKind::materialized_view:
    case DependentKind::generated_column:
    case DependentKind::publication:
    case DependentKind::statistics:
    case DependentKind::trigger:
    case DependentKind::foreign_key:
    case DependentKind::sequence:
    case DependentKind::other:
      break;
  }
  return {};
}

bool stands_on(const TableName& view, const Dependent& dependent) {
  const bool own = dependent.kind == DependentKind::trigger ||
                   (dependent.kind == DependentKind::rule && dependent.relation == view);
  return dependent.certain && !own;
}

bool follows(const TableName& view, const Dependent& dependent) {
  return stands_on(view, dependent) && !dependent.rebind.empty() && dependent.ours;
}

Following follow(const TableName& view, std::span<const Dependent> dependents) {
  Following following;
  Claims claims;
  for (const auto& dependent : dependents) {
    if (!follows(view, dependent)) continue;
    following.sql.push_back(bind_anew(dependent));
    if (!dependent.relation.name.empty()) {
      claims.add(dependent.relation, LockMode::access_exclusive);
    }
    // A rule may write what it names; which of it, only its text says.
    const auto mode =
        dependent.kind == DependentKind::rule ? LockMode::row_exclusive : LockMode::access_share;
    for (const auto& read : dependent.reads) claims.add(read, mode);
  }
  following.locks = claims.list();
  return following;
}

std::vector<std::string> lock_followers(const TableName& view,
                                        std::span<const Dependent> dependents) {
  std::vector<std::string> sql;
  for (const auto& dependent : dependents) {
    if (dependent.kind != DependentKind::view || !follows(view, dependent)) continue;
    sql.push_back(change_owner(TableKind::view, dependent.relation, dependent.owner));
  }
  return sql;
}

std::vector<std::string> cannot_follow(const TableName& view, std::span<const Dependent> dependents,
                                       Matviews matviews) {
  std::vector<std::string> names;
  for (const auto& dependent : dependents) {
    const bool along = dependent.kind == DependentKind::materialized_view &&
                       matviews == Matviews::built_along && dependent.ours;
    if (!stands_on(view, dependent) || follows(view, dependent) || along) continue;
    if (dependent.temporary) {
      names.push_back(fmt::format("{}, which is another session's own", dependent.name));
    } else if (!dependent.ours) {
      names.push_back(fmt::format("{}, which belongs to {}, and this role is no member of it",
                                  dependent.name, quote_identifier(dependent.owner)));
    } else {
      names.push_back(dependent.name);
    }
  }
  return names;
}

}  // namespace zdm::planner::views
