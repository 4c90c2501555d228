#include "recipes/view_exchange.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iterator>

#include "locks/claims.hpp"
#include "matviews/followers.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "recipes/view_words.hpp"
#include "sql/quote.hpp"

namespace zdm::planner::views {

namespace {

constexpr std::string_view kPlanAnew = "plan it anew: zdm rollback, then zdm apply --resume";

/// Whoever reads the view queues behind a try for its lock: a try that fails shall keep nobody for
/// a tenth of a second, whatever longer time the lock timeout of migrations allows.
constexpr std::string_view kBriefTry =
    "SELECT pg_catalog.set_config('lock_timeout', least(setting::integer, 80)::text, true)\n"
    "  FROM pg_catalog.pg_settings WHERE name = 'lock_timeout' AND setting <> '0'";

Guard unchanged(const Dependent& dependent) {
  return {.query = unchanged_sql(dependent),
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

/// That both views are those of the plan, and that what depends on the old one is all there is and
/// still what was read: a stored statement would otherwise bring back a view that was dropped
/// meanwhile, or take back what was done to it.
std::vector<Guard> as_planned(const Table& out, const Table& in) {
  auto guards = still_is(out.name, out.oid);
  for (auto& each : still_is(in.name, in.oid)) guards.push_back(std::move(each));
  std::size_t following = 0;
  for (const auto& dependent : out.dependents) {
    if (!follows(out.name, dependent)) continue;
    guards.push_back(unchanged(dependent));
    ++following;
  }
  if (out.oid != 0) guards.push_back(nothing_else(out, following));
  return guards;
}

/// Adds to an exchange, whose other effects the step has already, that those that can follow stand
/// on what has the name of `out` now, and no longer on `out`, which is called `out_to`.
void move_followers(const Context& context, const Table& out, const TableName& out_to, Step& step) {
  const Catalog after = advance(context.catalog, step);
  const auto* gone = after.table(out_to);
  const auto* come = after.table(out.name);
  if (gone == nullptr || come == nullptr) return;
  Table left = *gone;
  Table taken = *come;
  const auto moves = [&](const Dependent& each) { return follows(out.name, each); };
  std::ranges::copy_if(out.dependents, std::back_inserter(taken.dependents), moves);
  if (taken.dependents.size() == come->dependents.size()) return;
  std::erase_if(left.dependents, moves);
  step.effects.emplace_back(PutTable{std::move(left)});
  step.effects.emplace_back(PutTable{std::move(taken)});
}

/// An index of `in` whose name is that of one of `out` and the suffix gets the name; the other
/// gives it up.
void rename_indexes(const Table& out, const Table& in, Exchange direction, Step& step,
                    Claims& claims) {
  const bool forth = direction == Exchange::forth;
  const auto rename = [&](const TableName& table, const TableName& index, const std::string& to) {
    step.sql.push_back(statements::rename_index(index, to));
    step.effects.emplace_back(RenameIndex{table, index.name, to});
    claims.add(index, LockMode::share_update_exclusive);
  };
  for (const auto& index : out.indexes) {
    const auto& name = index.name.name;
    const auto* other = in.index(unique_name(name, forth ? kBeside : kAside, {}));
    if (other == nullptr) continue;
    rename(out.name, index.name, unique_name(name, forth ? kAside : kBeside, {}));
    rename(in.name, other->name, name);
  }
}

}  // namespace

Fragment exchange(const Context& context, const Table& out, const Table& in, Exchange direction) {
  auto fragment = guarantee::fragment({context, out}, Slot::exchange, StepKind::transaction,
                                      "the two change names; what depends on them follows");
  auto& step = fragment.step;
  const auto out_to = direction == Exchange::forth ? aside(out.name) : beside(out.name);
  Claims claims;
  step.sql.emplace_back(kBriefTry);
  rename_indexes(out, in, direction, step, claims);
  step.sql.push_back(rename(out.kind, out.name, out_to));
  step.sql.push_back(rename(out.kind, in.name, out.name));
  step.effects.emplace_back(RenameTable{out.name, out_to});
  step.effects.emplace_back(RenameTable{in.name, out.name});
  move_followers(context, out, out_to, step);
  auto following = follow(out.name, out.dependents);
  for (auto& each : following.sql) step.sql.push_back(std::move(each));
  step.guards = as_planned(out, in);
  step.locks = claims.merge(following.locks)
                   .add(out.name, LockMode::access_exclusive)
                   .add(in.name, LockMode::access_exclusive)
                   .list();
  return fragment;
}

Result<void> refuse_left_behind(const Context& context, const Table& view) {
  const auto names = cannot_follow(view.name, view.dependents, Matviews::left_behind);
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

Result<void> refuse_to_exchange(const Context& context, const Table& view) {
  ZDM_CHECK(refuse_left_behind(context, view));
  if (view.uncarried.empty()) return {};
  return fail_at(where_of(context), ErrorCode::refused,
                 fmt::format("{} cannot be replaced: the new one cannot be given {}",
                             quote(view.name), fmt::join(view.uncarried, ", ")),
                 "take it from the view first and give it back afterwards; what another role owns "
                 "or granted needs a member of that role");
}

Result<void> refuse_to_replace(const Context& context, const Table& view, const SqlText& query) {
  ZDM_CHECK(refuse_to_exchange(context, view));
  ZDM_CHECK(refuse_taken_beside(context, view.name));
  return refuse_lost_below(context, view, query);
}

Result<void> refuse_still_used(const Context& context, const TableName& name) {
  const auto* view = context.catalog.table(name);
  if (view == nullptr) return {};
  std::vector<std::string> names;
  for (const auto& dependent : view->dependents) {
    if (stands_on(view->name, dependent)) names.push_back(dependent.name);
  }
  if (names.empty()) return {};
  return fail_at(
      where_of(context), ErrorCode::refused,
      fmt::format("{} cannot be dropped: {} depends on it", quote(name), fmt::join(names, ", ")),
      "drop it, or let it read what has taken the place of this view");
}

bool has_its_name(const Context& context, const Table& view) {
  const auto* before = context.progress.table_before(view.name);
  return before != nullptr && before->oid != 0 && before->oid == view.oid;
}

std::vector<Guard> still_is(const TableName& name, std::uint32_t oid) {
  if (oid == 0) return {};
  return {{.query = fmt::format("SELECT pg_catalog.to_regclass({})::pg_catalog.oid = {}",
                                quote_literal(quote(name)), oid),
           .message = fmt::format("{} is no longer the one this step was planned for", quote(name)),
           .hint = "it was renamed, dropped or made again outside zdm: " + std::string(kPlanAnew)}};
}

}  // namespace zdm::planner::views
