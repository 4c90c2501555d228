#include <fmt/format.h>

#include <algorithm>

#include "rig.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Connection;
using migrations::Engine;
using migrations::Result;
using migrations::Rows;
using migrations::Text;
using planner::ErrorCode;
using planner::Phase;

namespace {

constexpr const char* kOld = "SELECT day, sum(amount) AS amount FROM orders GROUP BY day";

/// revenue, as it is: a row for each day of orders, read by a view.
void make_revenue(Rig& rig) {
  for (const char* sql :
       {"CREATE TABLE orders (day date, amount integer)",
        "INSERT INTO orders SELECT date '2026-01-01' + i % 5, i FROM generate_series(1, 50) i",
        "CREATE MATERIALIZED VIEW revenue AS SELECT day, sum(amount) AS amount FROM orders GROUP "
        "BY day",
        "CREATE UNIQUE INDEX revenue_key ON revenue (day)",
        "CREATE VIEW days AS SELECT day FROM revenue"}) {
    rig.exec(sql);
  }
}

std::vector<std::string> warnings_of(Rig& rig, const planner::Migration& migration) {
  const auto environment = rig.environment();
  const auto report = migrations::plan(environment, {migration}, {});
  REQUIRE(report);
  std::vector<std::string> words;
  for (const auto& each : report->migrations.front().warnings) {
    words.push_back(each.code + ": " + each.message);
  }
  return words;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a view is not replaced while something reads it that cannot follow, which is named",
          "[live][execute][law10]") {
  struct Blocked {
    const char* setup;
    const char* named;
  };
  const auto [setup, named] = GENERATE(
      Blocked{"CREATE MATERIALIZED VIEW top AS SELECT day FROM revenue",
              "materialized view public.top"},
      Blocked{"CREATE FUNCTION all_of() RETURNS SETOF revenue LANGUAGE sql AS 'TABLE revenue'",
              "function all_of()"},
      Blocked{"CREATE STATISTICS related ON day, amount FROM revenue", "related"},
      Blocked{"CREATE VIEW doubled AS SELECT amount * 2 AS twice FROM revenue",
              "view public.doubled reads amount"},
      Blocked{"CREATE TABLE revenue_zdm_new (a integer)", "public.revenue_zdm_new"});
  Rig rig(Engine::postgresql);
  make_revenue(rig);
  rig.exec(setup);
  const auto file = replacing("replace_matview", "revenue", "SELECT DISTINCT day FROM orders");
  const auto outcome = rig.apply({file}, options_for(Phase::expand, "r1"));
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(has(outcome.error->message, named));
  CHECK(!outcome.error->hint.empty());
  CHECK(rig.value("SELECT to_regclass('revenue_key') IS NOT NULL") == "t");
}

TEST_CASE("REFRESH of the old view goes on while the new one is filled and brought up to date",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_revenue(rig);
  int seen = 0;
  rig.spy->run = [&](Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    auto rows = connection.run(sql, parameters);
    if (sql != "REFRESH MATERIALIZED VIEW public.revenue_zdm_new") return rows;
    ++seen;  // its transaction is open, with all the locks it takes
    rig.exec("SET lock_timeout = '2s'");
    rig.exec("INSERT INTO orders VALUES ('2027-01-01', 1)");
    rig.exec("REFRESH MATERIALIZED VIEW revenue");
    rig.exec("REFRESH MATERIALIZED VIEW CONCURRENTLY revenue");
    rig.exec("SELECT count(*) FROM days");
    return rows;
  };
  const auto file =
      replacing("replace_matview", "revenue", std::string(kOld) + " HAVING true", Phase::switch_);
  const auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(seen == 2);
  CHECK(rig.value("SELECT count(*) FROM days") == "6");
  CHECK(rig.value("SELECT to_regclass('revenue_zdm_old') IS NOT NULL") == "t");
}

TEST_CASE("a view that was dropped after the exchange was planned does not come back",
          "[live][execute][law11]") {
  const std::string change = GENERATE("DROP VIEW days",
                                      "CREATE OR REPLACE VIEW days AS SELECT day FROM revenue "
                                      "WHERE amount > 0",
                                      "CREATE VIEW more AS SELECT day FROM revenue");
  Rig rig(Engine::postgresql);
  make_revenue(rig);
  const auto file = replacing("replace_matview", "revenue", kOld, Phase::switch_);
  REQUIRE(!rig.apply({file}, options_for(Phase::expand, "r1")).error);
  REQUIRE(!rig.apply({file}, options_for(Phase::backfill, "r1")).error);
  // Stopped with the steps of switch stored and the exchange still to come.
  rig.spy->run = [&](Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    if (sql.find("RENAME TO revenue_zdm_old") == std::string_view::npos) {
      return connection.run(sql, parameters);
    }
    return planner::fail(ErrorCode::failed, "no more");
  };
  const auto stopped = rig.apply({file}, options_for(Phase::switch_, "r1"));
  REQUIRE(stopped.error);
  CHECK(has(stopped.error->message, "no more"));
  rig.spy->run = nullptr;
  rig.exec(change);
  const auto outcome = rig.apply({file}, options_for(Phase::switch_, "r1"));
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::drift);
  CHECK(rig.value("SELECT to_regclass('revenue_zdm_old') IS NULL") == "t");
  CHECK((rig.value("SELECT to_regclass('days') IS NULL") == "t") == (change == "DROP VIEW days"));
}

TEST_CASE("the plan says what the running release would miss, and what cannot be refreshed",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_revenue(rig);
  rig.exec("DROP VIEW days");
  const auto lost =
      warnings_of(rig, replacing("replace_matview", "revenue", "SELECT DISTINCT day FROM orders"));
  REQUIRE(lost.size() == 1);
  CHECK(has(lost[0], "breaks-previous-release: "));
  CHECK(has(lost[0], "amount goes"));
  rig.exec("DROP INDEX revenue_key");
  const auto slow = warnings_of(rig, replacing("replace_matview", "revenue", kOld));
  REQUIRE(slow.size() == 1);
  CHECK(has(slow[0], "not-refreshable: "));

  const auto retyped = replacing("replace_matview", "revenue",
                                 "SELECT day, sum(amount)::integer AS amount FROM orders GROUP BY "
                                 "day");
  REQUIRE(!rig.apply({retyped}, options_for(Phase::expand, "r1")).error);
  const auto then = warnings_of(rig, retyped);
  CHECK(std::ranges::any_of(then, [](const auto& each) {
    return has(each, "breaks-previous-release: ") && has(each, "amount becomes integer");
  }));
}

TEST_CASE("a view of zdm's own is not dropped while something reads it, which is named",
          "[live][execute][law10]") {
  Rig rig(Engine::postgresql);
  make_revenue(rig);
  rig.exec("CREATE VIEW plain AS SELECT day FROM orders");
  const auto file = replacing("replace_view", "plain", "SELECT day, 1 AS one FROM orders");
  REQUIRE(!rig.apply({file}, options_for(Phase::expand, "r1")).error);
  REQUIRE(!rig.apply({file}, options_for(Phase::backfill, "r1")).error);
  REQUIRE(!rig.apply({file}, options_for(Phase::switch_, "r1")).error);
  rig.live("r1");
  rig.exec("CREATE VIEW late AS SELECT * FROM plain_zdm_old");
  const auto outcome = rig.apply({file}, options_for(Phase::contract, "r2"));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(has(outcome.error->message, "view public.late"));
}

TEST_CASE("every phase of a view with dependents is forecast, the drop of the old one too",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_revenue(rig);
  rig.exec("CREATE VIEW weeks AS SELECT day FROM days");
  rig.exec("CREATE RULE again AS ON INSERT TO days DO ALSO INSERT INTO orders VALUES (new.day)");
  rig.exec("CREATE RULE never AS ON DELETE TO days DO INSTEAD NOTHING");
  const auto [kind, name, query] = GENERATE(table<std::string, std::string, std::string>(
      {{"replace_matview", "revenue", kOld}, {"replace_view", "days", "SELECT day FROM orders"}}));
  CAPTURE(kind);
  const auto migration = replacing(kind, name, query);
  const auto environment = rig.environment();
  const auto report = migrations::plan(environment, {migration}, {});
  REQUIRE(report);
  INFO(text_of(report->error));
  REQUIRE(!report->error);
  const auto& phases = report->migrations.front().phases;
  REQUIRE(phases.size() == 4);
  CHECK_FALSE(phases.back().steps.empty());
}

TEST_CASE("exchanges of one file that came half-way go back", "[live][execute]") {
  const std::string lower =
      "[[change]]\nkind = \"replace_matview\"\nname = \"revenue\"\nquery = \"" + std::string(kOld) +
      "\"\n";
  const std::string upper =
      "[[change]]\nkind = \"replace_view\"\nname = \"days\"\nquery = \"SELECT day, 1 AS one FROM "
      "revenue\"\n";
  const std::string late =
      "[[change]]\nkind = \"set_comment\"\ntable = \"orders\"\ncomment = \"sold\"\n"
      "[[change]]\nkind = \"replace_view\"\nname = \"plain\"\nquery = \"SELECT day, 1 AS one FROM "
      "orders\"\n";
  const auto [changes, stop_at] = GENERATE_COPY(
      table<std::string, std::string>({{lower + upper, "RENAME TO days_zdm_old"},
                                       {upper + lower, "RENAME TO revenue_zdm_old"},
                                       {upper + late, "RENAME TO plain_zdm_old"},
                                       {late + upper, "RENAME TO days_zdm_old"},
                                       {late + upper, "CREATE VIEW public.plain_zdm_new"}}));
  CAPTURE(changes, stop_at);
  Rig rig(Engine::postgresql);
  rig.allowed = {"live-readers"};
  make_revenue(rig);
  rig.exec("CREATE VIEW plain AS SELECT day FROM orders");
  const auto state = [&] {
    return rig.value(
        "SELECT string_agg(concat_ws(' ', oid, relname, pg_get_viewdef(oid)), ',' ORDER BY oid) "
        "FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace");
  };
  const auto before = state();
  const auto file = file_of("1_views", Phase::switch_, changes);
  rig.spy->run = [last = std::string(stop_at)](Connection& connection, std::string_view sql,
                                               std::span<const Text> parameters) -> Result<Rows> {
    if (sql.find(last) == std::string_view::npos) return connection.run(sql, parameters);
    return planner::fail(ErrorCode::failed, "no more");
  };
  const auto stopped = rig.apply({file}, options_for(std::nullopt, "r1"));
  REQUIRE(stopped.error);
  CHECK(has(stopped.error->message, "no more"));
  rig.spy->run = nullptr;
  const auto undone =
      rig.rollback({file}, {.migration = planner::MigrationId{"1_views"}, .to_none = true});
  INFO(text_of(undone.error));
  REQUIRE(!undone.error);
  CHECK(state() == before);
}

TEST_CASE("what cannot be replaced in one file is refused at expand, by name", "[live][execute]") {
  struct Pair {
    const char* setup;
    const char* lower;  ///< the new query of `plain`
    const char* upper;  ///< the other change of the file
    const char* words;
  };
  const auto [setup, lower, upper, words] = GENERATE(
      Pair{"", "SELECT day, amount FROM orders",
           "kind = \"create_view\"\nname = \"top\"\nquery = \"SELECT amount FROM plain\"",
           "as it is before change 1 of the same file"},
      Pair{"CREATE VIEW top AS SELECT 1 AS one", "SELECT day, amount FROM orders",
           "kind = \"replace_view\"\nname = \"top\"\nquery = \"SELECT amount FROM plain\"",
           "as it is before change 1 of the same file"},
      Pair{"CREATE VIEW top AS SELECT 1 AS one", "SELECT 2 AS two FROM orders",
           "kind = \"replace_view\"\nname = \"top\"\nquery = \"SELECT day FROM plain\"",
           "may read day, which the new one lacks"},
      Pair{"", "SELECT day, amount FROM orders",
           "kind = \"create_matview\"\nname = \"top\"\nquery = \"SELECT day FROM plain\"",
           "would stay with the old one"},
      Pair{"CREATE MATERIALIZED VIEW top AS SELECT 1 AS one", "SELECT day, amount FROM orders",
           "kind = \"replace_matview\"\nname = \"top\"\nquery = \"SELECT day FROM plain\"",
           "would stay with the old one"},
      Pair{"CREATE VIEW top AS SELECT day FROM orders; CREATE RULE r AS ON INSERT TO top DO "
           "INSTEAD INSERT INTO orders SELECT day FROM plain",
           "SELECT day, amount FROM orders",
           "kind = \"replace_view\"\nname = \"top\"\nquery = \"SELECT day FROM days\"",
           "rule r on public.top names it"},
      Pair{"CREATE VIEW top AS SELECT 1 AS one; CREATE TABLE more (day date)",
           "SELECT day, amount FROM orders",
           "kind = \"replace_view\"\nname = \"top\"\nquery = \"SELECT day FROM plain JOIN more "
           "USING (day)\"\n[[change]]\nkind = \"set_comment\"\ntable = \"more\"\ncomment = \"x\"",
           "both would be made in one phase"});
  CAPTURE(lower, upper);
  Rig rig(Engine::postgresql);
  make_revenue(rig);
  rig.exec("CREATE VIEW plain AS SELECT day FROM orders");
  if (*setup != '\0') rig.exec(setup);
  const auto file = file_of("1_views", Phase::switch_,
                            fmt::format("[[change]]\nkind = \"replace_view\"\nname = \"plain\"\n"
                                        "query = \"{}\"\n[[change]]\n{}\n",
                                        lower, upper));
  const auto environment = rig.environment();
  const auto report = migrations::plan(environment, {file}, {});
  REQUIRE(report);
  CHECK(has(text_of(report->error), words));
  const auto outcome = rig.apply({file}, options_for(Phase::expand, "r1"));
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(has(outcome.error->message, words));
  CHECK(!outcome.error->hint.empty());
  CHECK(rig.value("SELECT to_regclass('plain_zdm_new') IS NULL") == "t");
}
