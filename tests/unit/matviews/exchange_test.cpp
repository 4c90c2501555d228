#include "matviews/exchange.hpp"

#include <algorithm>

#include "support/catch.hpp"

namespace zdm::planner {
namespace {

using Statements = std::vector<std::string>;

bool has(const Statements& sql, const std::string& text) {
  return std::ranges::find(sql, text) != sql.end();
}

std::size_t place(const Statements& sql, const std::string& start) {
  const auto at =
      std::ranges::find_if(sql, [&](const std::string& each) { return each.starts_with(start); });
  INFO(start);
  REQUIRE(at != sql.end());
  return static_cast<std::size_t>(at - sql.begin());
}

MatviewShape shape() {
  MatviewShape result;
  result.owner = "Owner";
  result.definition = "SELECT 1 AS a";
  result.access_method = "heap";
  result.columns = {{.name = "a", .type = "integer 0"}};
  result.indexes = {{.name = "by a", .unique = true, .tail = "btree (a)"}};
  name_built_parts(result, {"by a_zdm_new"});
  return result;
}

ExchangeMember member(const std::string& name) {
  return {.name = {"app", name},
          .built = {"app", name + "_zdm_new"},
          .aside = name + "_zdm_old",
          .shape = shape()};
}

Follower follower(FollowerKind kind, const std::string& name) {
  return {.kind = kind,
          .described = "what is called " + name,
          .relation = {"app", name},
          .name = "p",
          .owner = "Owner",
          .options = {"security_barrier=true"},
          .definition = "SELECT a FROM app.v"};
}

}  // namespace

TEST_CASE("views change names before what stands on them, and the old one goes last",
          "[matviews]") {
  const auto plan =
      plan_exchange({member("v"), member("w")}, {follower(FollowerKind::view, "reads_v")});
  const auto& sql = plan.exchange;
  CHECK(sql.front() == "ALTER MATERIALIZED VIEW app.v RENAME TO v_zdm_old");
  CHECK(sql[1] == "ALTER MATERIALIZED VIEW app.v_zdm_new RENAME TO v");
  const auto replaced = place(sql, "CREATE OR REPLACE VIEW app.reads_v");
  CHECK(replaced > place(sql, "ALTER MATERIALIZED VIEW app.w_zdm_new"));
  CHECK(sql[replaced].find("WITH (security_barrier = 'true')") != std::string::npos);
  // w reads v: it is dropped before v.
  CHECK(place(sql, "DROP MATERIALIZED VIEW app.w_zdm_old") > replaced);
  CHECK(place(sql, "DROP MATERIALIZED VIEW app.v_zdm_old") >
        place(sql, "DROP MATERIALIZED VIEW app.w_zdm_old"));
  CHECK(std::ranges::none_of(
      sql, [](const auto& each) { return each.find("CASCADE") != std::string::npos; }));
}

TEST_CASE("names of indexes are given back once the old ones are gone", "[matviews]") {
  const auto plan = plan_exchange({member("v")}, {});
  CHECK(place(plan.exchange, "ALTER INDEX") > place(plan.exchange, "DROP MATERIALIZED VIEW"));
  CHECK(plan.exchange.back().ends_with("RENAME TO \"by a\""));
  CHECK(shape().indexes[0].built != "by a_zdm_new");  // that name was taken
}

TEST_CASE("each follower is made anew in its own way", "[matviews]") {
  auto rule = follower(FollowerKind::rule, "t");
  rule.definition = "CREATE RULE r AS ON INSERT TO app.t DO ALSO NOTHING";
  auto policy = follower(FollowerKind::policy, "t");
  policy.definition = "(a IN (SELECT a FROM app.v))";
  policy.check = "true";
  auto function = follower(FollowerKind::function, "");
  function.definition = "CREATE OR REPLACE FUNCTION app.f() …";
  const auto plan = plan_exchange({member("v")}, {rule, policy, function});
  CHECK(has(plan.exchange, "CREATE OR REPLACE RULE r AS ON INSERT TO app.t DO ALSO NOTHING"));
  CHECK(has(plan.exchange,
            "ALTER POLICY p ON app.t USING ((a IN (SELECT a FROM app.v))) WITH CHECK (true)"));
  CHECK(has(plan.exchange, "CREATE OR REPLACE FUNCTION app.f() …"));
  CHECK(plan.lock.size() == 1);
}

TEST_CASE("a view is locked before it is looked at, by an ALTER that changes nothing",
          "[matviews]") {
  const auto plan = plan_exchange({member("v")}, {follower(FollowerKind::view, "reads_v")});
  CHECK(plan.lock == Statements{"ALTER MATERIALIZED VIEW app.v OWNER TO \"Owner\"",
                                "ALTER VIEW app.reads_v OWNER TO \"Owner\""});
}

TEST_CASE("the claims are those of every relation the exchange touches", "[matviews]") {
  auto reads = follower(FollowerKind::view, "reads_v");
  reads.reads = {{"app", "v"}, {"app", "other"}};
  const auto claims = plan_exchange({member("v")}, {reads}).claims;
  const auto mode = [&](const std::string& relation) {
    const auto at = std::ranges::find(claims, relation, &LockClaim::relation);
    INFO(relation);
    REQUIRE(at != claims.end());
    return at->mode;
  };
  CHECK(mode("app.v") == LockMode::access_exclusive);
  CHECK(mode("app.v_zdm_new") == LockMode::access_exclusive);
  CHECK(mode("app.reads_v") == LockMode::access_exclusive);
  CHECK(mode("app.\"by a\"") == LockMode::access_exclusive);
  CHECK(mode("app.other") == LockMode::access_share);
}

TEST_CASE("what cannot follow is listed with the reason", "[matviews]") {
  auto foreign = follower(FollowerKind::view, "x");
  foreign.ours = false;
  auto temporary = follower(FollowerKind::view, "y");
  temporary.temporary = true;
  const auto lines = cannot_follow({follower(FollowerKind::view, "fine"), foreign, temporary,
                                    follower(FollowerKind::matview, "built along"),
                                    follower(FollowerKind::other, "row type")});
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].find("belongs to \"Owner\"") != std::string::npos);
  CHECK(lines[1].find("another session") != std::string::npos);
  CHECK(lines[2] == "what is called row type");
}

TEST_CASE("a view is made like another: hostile names, options, tablespace", "[matviews]") {
  auto like = shape();
  like.options = {"fillfactor=70", "toast.autovacuum_enabled=off"};
  like.tablespace = "Fast Disk";
  const auto sql = create_like(like, {"s", "new \"one\""});
  CHECK(sql[0] == "SET LOCAL default_tablespace = '\"Fast Disk\"'");
  CHECK(sql[1] ==
        "CREATE MATERIALIZED VIEW s.\"new \"\"one\"\"\" (a) USING heap WITH (fillfactor = '70', "
        "toast.autovacuum_enabled = 'off') AS\nSELECT 1 AS a\nWITH NO DATA");
  CHECK(sql[2] == "ALTER MATERIALIZED VIEW s.\"new \"\"one\"\"\" OWNER TO \"Owner\"");
}

TEST_CASE("privileges are as they were: what defaults gave goes, grantors are kept", "[matviews]") {
  auto like = shape();
  like.default_privileges = false;
  like.grants = {{"a", "Owner", "SELECT", true}, {"", "a", "SELECT", false}};
  const auto sql = describe_like(like, {"s", "n"}, {"stranger", ""});
  CHECK(sql == Statements{"REVOKE ALL ON s.n FROM stranger", "REVOKE ALL ON s.n FROM PUBLIC",
                          "REVOKE ALL ON s.n FROM \"Owner\"",
                          "GRANT SELECT ON s.n TO a WITH GRANT OPTION", "SET LOCAL ROLE a",
                          "GRANT SELECT ON s.n TO PUBLIC", "RESET ROLE"});
}

TEST_CASE("an owner who never granted anything keeps everything", "[matviews]") {
  CHECK(describe_like(shape(), {"s", "n"}, {"Owner", "stranger"}) ==
        Statements{"REVOKE ALL ON s.n FROM stranger"});
}

}  // namespace zdm::planner
