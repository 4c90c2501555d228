#include "matviews/followers.hpp"

#include <algorithm>

#include "model/step.hpp"
#include "support/catch.hpp"

namespace zdm::planner::views {
namespace {

const TableName kView = {"app", "v"};

Dependent dependent(DependentKind kind, const std::string& name) {
  return {.kind = kind,
          .name = name,
          .oid = 7,
          .rebind = "the statement of " + name,
          .relation = {"app", name},
          .reads = {{"app", "read_by_" + name}},
          .owner = "Owner"};
}

LockMode mode(const std::vector<LockClaim>& claims, const std::string& relation) {
  const auto at = std::ranges::find(claims, relation, &LockClaim::relation);
  INFO(relation);
  REQUIRE(at != claims.end());
  return at->mode;
}

}  // namespace

TEST_CASE("what depends on a view is made anew by its own statement, under the locks of its kind",
          "[matviews]") {
  auto function = dependent(DependentKind::function, "f");
  function.relation = {};
  const auto following = follow(kView, std::vector{dependent(DependentKind::view, "w"),
                                                   dependent(DependentKind::rule, "t"), function});
  CHECK(following.sql ==
        std::vector<std::string>{"the statement of w", "the statement of t", "the statement of f"});
  CHECK(mode(following.locks, "app.w") == LockMode::access_exclusive);
  CHECK(mode(following.locks, "app.t") == LockMode::access_exclusive);
  CHECK(mode(following.locks, "app.read_by_w") == LockMode::access_share);
  CHECK(mode(following.locks, "app.read_by_t") == LockMode::row_exclusive);
  CHECK(mode(following.locks, "app.read_by_f") == LockMode::access_share);
  CHECK(following.locks.size() == 5);
}

TEST_CASE("the rules and triggers of the view itself do not follow it, nor does what is guessed",
          "[matviews]") {
  auto rule = dependent(DependentKind::rule, "the view's own");
  rule.relation = kView;
  auto guessed = dependent(DependentKind::function, "names it in a string");
  guessed.certain = false;
  const std::vector all = {rule, dependent(DependentKind::trigger, "trigger"), guessed};
  CHECK(follow(kView, all).sql.empty());
  CHECK(cannot_follow(kView, all, Matviews::left_behind).empty());
}

TEST_CASE("a view that changed names earlier in the plan is made anew under the name it has",
          "[matviews]") {
  auto view = dependent(DependentKind::view, "view app.transaction");  // as the server quotes it
  view.relation = {"app", "transaction"};
  view.rebind = "CREATE OR REPLACE VIEW app.transaction WITH (security_barrier=true) AS\n SELECT 1";
  Catalog catalog;
  catalog.tables = {Table{.name = kView, .kind = TableKind::view, .dependents = {view}}};
  Step step;
  step.effects = {RenameTable{view.relation, {"app", "the \"old\" one"}}};
  const auto after = advance(catalog, step).tables.front().dependents;
  CHECK(follow(kView, after).sql ==
        std::vector<std::string>{"CREATE OR REPLACE VIEW app.\"the \"\"old\"\" one\" WITH "
                                 "(security_barrier=true) AS\n SELECT 1"});
  const auto asked = unchanged_sql(after.front());
  CHECK(asked.find("quote_ident('the \"old\" one')") != std::string::npos);
  CHECK(asked.find("' WITH (security_barrier=true) AS\n SELECT 1'") != std::string::npos);
}

TEST_CASE("what cannot follow is listed with the reason", "[matviews]") {
  auto foreign = dependent(DependentKind::view, "foreign");
  foreign.ours = false;
  auto temporary = dependent(DependentKind::view, "temporary");
  temporary.temporary = true;
  auto kept = dependent(DependentKind::materialized_view, "kept");
  auto other = dependent(DependentKind::other, "row type");
  for (auto* each : {&temporary, &kept, &other}) each->rebind.clear();
  const std::vector all = {dependent(DependentKind::view, "fine"), foreign, temporary, kept, other};
  CHECK(cannot_follow(kView, all, Matviews::built_along) ==
        std::vector<std::string>{
            "foreign, which belongs to \"Owner\", and this role is no member of it",
            "temporary, which is another session's own", "row type"});
  CHECK(cannot_follow(kView, all, Matviews::left_behind).size() == 4);
  CHECK(follow(kView, all).sql.size() == 1);
}

}  // namespace zdm::planner::views
