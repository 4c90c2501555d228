#include "matviews/exchange.hpp"

#include <algorithm>

#include "support/catch.hpp"

namespace zdm::planner {
namespace {

using Statements = std::vector<std::string>;

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

Dependent reading_view(const std::string& name) {
  return {.kind = DependentKind::view,
          .name = "view app." + name,
          .oid = 7,
          .rebind = "CREATE OR REPLACE VIEW app." + name + " AS\nSELECT a FROM app.v",
          .relation = {"app", name},
          .reads = {{"app", "v"}, {"app", "other"}},
          .owner = "Owner"};
}

}  // namespace

TEST_CASE("views change names before what stands on them, and the old one goes last",
          "[matviews]") {
  const auto plan = plan_exchange({member("v"), member("w")}, {reading_view("reads_v")});
  const auto& sql = plan.exchange;
  CHECK(sql.front() == "ALTER MATERIALIZED VIEW app.v RENAME TO v_zdm_old");
  CHECK(sql[1] == "ALTER MATERIALIZED VIEW app.v_zdm_new RENAME TO v");
  const auto replaced = place(sql, "CREATE OR REPLACE VIEW app.reads_v");
  CHECK(replaced > place(sql, "ALTER MATERIALIZED VIEW app.w_zdm_new"));
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

TEST_CASE("a view is locked before it is looked at, by an ALTER that changes nothing",
          "[matviews]") {
  const auto plan = plan_exchange({member("v")}, {reading_view("reads_v")});
  CHECK(plan.lock == Statements{"ALTER MATERIALIZED VIEW app.v OWNER TO \"Owner\"",
                                "ALTER VIEW app.reads_v OWNER TO \"Owner\""});
}

TEST_CASE("the claims are those of every relation the exchange touches", "[matviews]") {
  const auto claims = plan_exchange({member("v")}, {reading_view("reads_v")}).claims;
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

}  // namespace zdm::planner
