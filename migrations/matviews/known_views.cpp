#include "matviews/known_views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "matviews/run_record.hpp"
#include "matviews/view_reader.hpp"
#include "model/suggest.hpp"
#include "recipes/view_words.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::quote;
using planner::TableName;

bool means(const TableName& name, const planner::Matview& view) {
  return name.name == view.name.name &&
         (name.schema.empty() ? view.visible : name.schema == view.name.schema);
}

/// A view may be spelt with its schema and without, but it has one policy. ErrorCode::usage.
Result<std::optional<MatviewPolicy>> policy_of(const planner::Matview& view,
                                               const std::vector<MatviewPolicy>& policies) {
  const auto is_its = [&](const MatviewPolicy& policy) { return means(policy.name, view); };
  const auto found = std::ranges::find_if(policies, is_its);
  if (found == policies.end()) return std::nullopt;
  const auto other = std::ranges::find_if(found + 1, policies.end(), is_its);
  if (other == policies.end()) return *found;
  return planner::fail_at(other->where, ErrorCode::usage,
                          fmt::format("{} and {} are the same materialized view",
                                      quote(found->name), quote(other->name)),
                          "keep one of the two tables");
}

/// Names in `after` get the schema of the view that they mean.
void complete(std::vector<MatviewState>& states) {
  for (auto& state : states) {
    if (!state.policy) continue;
    for (auto& name : state.policy->after) {
      const auto meant = std::ranges::find_if(
          states, [&](const MatviewState& each) { return means(name, each.view); });
      if (meant != states.end()) name = meant->view.name;
    }
  }
}

/// What a replace_matview in flight keeps beside the view: its own phases refresh it.
bool is_copy(const MatviewState& state, const std::vector<MatviewState>& views) {
  if (state.policy) return false;
  return std::ranges::any_of(views, [&](const MatviewState& each) {
    return state.view.name == planner::views::beside(each.view.name) ||
           state.view.name == planner::views::aside(each.view.name);
  });
}

Result<std::vector<MatviewState>> read_all(Connection& connection, const Ledger& ledger,
                                           const std::vector<MatviewPolicy>& policies) {
  ZDM_TRY(auto views, read_matviews_of(connection));
  ZDM_TRY(auto runs, recorded_runs(connection, ledger));
  ZDM_TRY(const auto built, built_views(connection, ledger, {}));
  std::vector<MatviewState> states;
  for (auto& view : views) {
    if (std::ranges::find(built, view.oid, &BuiltView::oid) != built.end()) continue;
    auto& recorded = runs[quote(view.name)];
    MatviewState state{.view = {}, .eligibility = {}, .policy = {}};
    ZDM_TRY(state.policy, policy_of(view, policies));
    state.history = std::move(recorded.history);
    state.last = std::move(recorded.last);
    state.last_error = std::move(recorded.last_error);
    state.last_run_ended = recorded.last_ended;
    state.view = std::move(view);
    states.push_back(std::move(state));
  }
  complete(states);
  return states;
}

}  // namespace

Result<std::vector<MatviewState>> read_known_views(Session& session,
                                                   const std::vector<MatviewPolicy>& policies) {
  return session.read(
      [&](Connection& connection) { return read_all(connection, session.ledger(), policies); });
}

Result<std::vector<std::size_t>> select_views(const std::vector<MatviewState>& views,
                                              const std::vector<std::string>& names) {
  std::set<std::size_t> chosen;
  for (const auto& text : names) {
    ZDM_TRY(const auto name, planner::parse_table_name(text));
    const auto found = std::ranges::find_if(
        views, [&](const MatviewState& state) { return means(name, state.view); });
    if (found == views.end()) {
      std::vector<std::string> known;
      for (const auto& state : views) known.push_back(quote(state.view.name));
      return planner::fail(
          ErrorCode::usage,
          fmt::format("there is no materialized view {}{}", text, planner::suggestion(text, known)),
          "zdm matview list shows what is there");
    }
    chosen.insert(static_cast<std::size_t>(found - views.begin()));
  }
  for (std::size_t i = 0; names.empty() && i < views.size(); ++i) {
    if (!is_copy(views[i], views)) chosen.insert(i);
  }
  return std::vector<std::size_t>(chosen.begin(), chosen.end());
}

std::vector<LostName> names_without_view(const std::vector<MatviewState>& views,
                                         const std::vector<MatviewPolicy>& policies) {
  std::vector<LostName> lost;
  const auto there = [&](const TableName& name) {
    return std::ranges::any_of(views,
                               [&](const MatviewState& state) { return means(name, state.view); });
  };
  for (const auto& policy : policies) {
    if (!there(policy.name))
      lost.push_back({.name = policy.name, .after_of = {}, .where = policy.where});
    for (const auto& name : policy.after) {
      if (!there(name))
        lost.push_back({.name = name, .after_of = policy.name, .where = policy.where});
    }
  }
  return lost;
}

Result<void> require_postgresql(const Environment& environment) {
  if (environment.url.engine() == Engine::postgresql) return {};
  return planner::fail(ErrorCode::refused, "SQLite has no materialized views",
                       "zdm matview needs a PostgreSQL database: [database] url or --database");
}

}  // namespace zdm::migrations
