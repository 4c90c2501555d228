#include "recipes/view_followers.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iterator>

#include "locks/claims.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

namespace zdm::planner::views {

namespace {

constexpr std::string_view kPlanAnew = "plan it anew: zdm rollback, then zdm apply --resume";

/// A rule or trigger of the view itself stays with it.
bool is_own(const Table& view, const Dependent& dependent) {
  return dependent.kind == DependentKind::trigger ||
         (dependent.kind == DependentKind::rule && dependent.relation == view.name);
}

bool counts(const Table& view, const Dependent& dependent) {
  return dependent.certain && !is_own(view, dependent);
}

/// The server's own words for the dependent now; empty where there are none to compare.
std::string definition_now(const Dependent& dependent) {
  switch (dependent.kind) {
    case DependentKind::view:
      return fmt::format(
          "pg_catalog.rtrim(pg_catalog.pg_get_viewdef((SELECT ev_class FROM "
          "pg_catalog.pg_rewrite WHERE oid = {})), ';')",
          dependent.oid);
    case DependentKind::rule:
      return fmt::format(
          "pg_catalog.rtrim(pg_catalog.substr(pg_catalog.pg_get_ruledef({}), 8), ';')",
          dependent.oid);
    case DependentKind::function:
      return fmt::format("pg_catalog.pg_get_functiondef({})", dependent.oid);
    case DependentKind::policy:
      return fmt::format(
          "(SELECT pg_catalog.pg_get_expr(coalesce(polqual, polwithcheck), polrelid) FROM "
          "pg_catalog.pg_policy WHERE oid = {})",
          dependent.oid);
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

Guard unchanged(const Dependent& dependent) {
  return {.query = fmt::format("SELECT coalesce(pg_catalog.strpos({}, {}) > 0, false)",
                               quote_literal(dependent.rebind), definition_now(dependent)),
          .message = fmt::format("{} has changed since this step was planned", dependent.name),
          .hint = std::string(kPlanAnew)};
}

Guard nothing_else(const Table& view, std::size_t count) {
  return {.query = fmt::format(R"(SELECT count(*) = {1}
  FROM (SELECT DISTINCT d.classid, d.objid
          FROM pg_catalog.pg_depend AS d
          LEFT JOIN pg_catalog.pg_rewrite AS r
                 ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
         WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = {0}
           AND d.classid IN ('pg_catalog.pg_rewrite'::pg_catalog.regclass,
                             'pg_catalog.pg_policy'::pg_catalog.regclass,
                             'pg_catalog.pg_proc'::pg_catalog.regclass)
           AND r.ev_class IS DISTINCT FROM {0}) AS dependent)",
                               view.oid, count),
          .message = fmt::format("what depends on {} is not what it was when this step was planned",
                                 quote(view.name)),
          .hint = std::string(kPlanAnew)};
}

}  // namespace

Following follow(const Table& view) {
  Following following;
  Claims claims;
  for (const auto& dependent : view.dependents) {
    if (!counts(view, dependent) || dependent.rebind.empty()) continue;
    following.sql.push_back(dependent.rebind);
    following.guards.push_back(unchanged(dependent));
    if (!dependent.relation.name.empty()) {
      claims.add(dependent.relation, LockMode::access_exclusive);
    }
    // A rule may write what it names; which of it, only its text says.
    const auto mode =
        dependent.kind == DependentKind::rule ? LockMode::row_exclusive : LockMode::access_share;
    for (const auto& read : dependent.reads) claims.add(read, mode);
  }
  following.locks = claims.list();
  if (view.oid != 0) following.guards.push_back(nothing_else(view, following.sql.size()));
  return following;
}

void move_followers(const Context& context, const Table& out, const TableName& out_to, Step& step) {
  const Catalog after = advance(context.catalog, step);
  const auto* gone = after.table(out_to);
  const auto* come = after.table(out.name);
  if (gone == nullptr || come == nullptr) return;
  Table left = *gone;
  Table taken = *come;
  const auto follows = [&](const Dependent& each) {
    return counts(out, each) && !each.rebind.empty();
  };
  std::ranges::copy_if(out.dependents, std::back_inserter(taken.dependents), follows);
  if (taken.dependents.size() == come->dependents.size()) return;
  std::erase_if(left.dependents, follows);
  step.effects.emplace_back(PutTable{std::move(left)});
  step.effects.emplace_back(PutTable{std::move(taken)});
}

std::vector<std::string> left_behind(const Table& view) {
  std::vector<std::string> names;
  for (const auto& dependent : view.dependents) {
    if (counts(view, dependent) && dependent.rebind.empty()) names.push_back(dependent.name);
  }
  return names;
}

Result<void> refuse_left_behind(const Context& context, const Table& view) {
  const auto names = left_behind(view);
  if (names.empty()) return {};
  const auto kept = [](const Dependent& dependent) {
    return dependent.kind == DependentKind::materialized_view;
  };
  return fail_at(
      where_of(context), ErrorCode::refused,
      fmt::format("{} cannot be replaced: {} would stay with the old one", quote(view.name),
                  fmt::join(names, ", ")),
      std::ranges::any_of(view.dependents, kept)
          ? "let the materialized view read a plain view in between, by a replace_matview of its "
            "own: plain views follow"
          : "drop what cannot follow in an earlier migration, and make it again afterwards");
}

std::vector<Dependent> own_rules(const Table& view) {
  std::vector<Dependent> rules;
  std::ranges::copy_if(view.dependents, std::back_inserter(rules), [&](const Dependent& each) {
    return each.kind == DependentKind::rule && is_own(view, each);
  });
  return rules;
}

std::string name_of_rule(const Dependent& rule) {
  constexpr std::string_view kHead = "CREATE OR REPLACE RULE ";
  return rule.rebind.substr(kHead.size(), rule.rebind.find(" AS\n") - kHead.size());
}

Result<void> refuse_still_used(const Context& context, const TableName& name) {
  const auto* view = context.catalog.table(name);
  if (view == nullptr) return {};
  std::vector<std::string> names;
  for (const auto& dependent : view->dependents) {
    if (counts(*view, dependent)) names.push_back(dependent.name);
  }
  if (names.empty()) return {};
  return fail_at(
      where_of(context), ErrorCode::refused,
      fmt::format("{} cannot be dropped: {} depends on it", quote(name), fmt::join(names, ", ")),
      "drop it, or let it read what has taken the place of this view");
}

std::vector<Guard> still_is(const TableName& name, std::uint32_t oid) {
  if (oid == 0) return {};
  return {{.query = fmt::format("SELECT pg_catalog.to_regclass({})::pg_catalog.oid = {}",
                                quote_literal(quote(name)), oid),
           .message = fmt::format("{} is no longer the one this step was planned for", quote(name)),
           .hint = "it was renamed, dropped or made again outside zdm: " + std::string(kPlanAnew)}};
}

}  // namespace zdm::planner::views
