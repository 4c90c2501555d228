#include <algorithm>

#include "bed.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::MatviewPolicy;
using planner::ErrorCode;

namespace {

/// Three views in three schemas: one reads another through a plain view, one through a view and a
/// function whose body the server parsed.
const std::vector<std::string> kChain = {
    "CREATE SCHEMA base",
    R"(CREATE SCHEMA "Re""port.s")",
    "CREATE TABLE base.orders (id int PRIMARY KEY, day int, amount int)",
    "INSERT INTO base.orders SELECT i, i % 10, i FROM generate_series(1, 1000) i",
    R"(CREATE MATERIALIZED VIEW base."z daily" AS
         SELECT day, sum(amount) AS amount FROM base.orders GROUP BY day)",
    R"(CREATE UNIQUE INDEX ON base."z daily" (day))",
    R"(CREATE VIEW base.between AS SELECT day, amount FROM base."z daily" WHERE amount > 0)",
    R"(CREATE MATERIALIZED VIEW "Re""port.s"."m; DROP" AS SELECT day, amount FROM base.between)",
    R"(CREATE UNIQUE INDEX ON "Re""port.s"."m; DROP" (day))",
    R"(CREATE VIEW base.over AS SELECT sum(amount) AS amount FROM "Re""port.s"."m; DROP")",
    "CREATE FUNCTION base.total() RETURNS numeric LANGUAGE sql BEGIN ATOMIC "
    "SELECT amount FROM base.over; END",
    "CREATE MATERIALIZED VIEW public.a_total AS SELECT 1 AS id, base.total() AS amount",
    "CREATE UNIQUE INDEX ON public.a_total (id)"};

const std::string kDaily = R"(base."z daily")";
const std::string kMiddle = R"("Re""port.s"."m; DROP")";
const std::string kTotal = "public.a_total";

MatviewPolicy policy(const std::string& schema, const std::string& name) {
  return {.name = {schema, name}};
}

}  // namespace

TEST_CASE("what a view reads through views, functions and schemas is refreshed before it",
          "[live][matviews]") {
  Bed bed(kChain);
  bed.exec("UPDATE base.orders SET amount = amount + 1");
  const auto outcome = bed.refresh();
  INFO(text_of(outcome.error));
  REQUIRE_FALSE(outcome.error);
  CHECK(order(outcome) == kDaily + " " + kMiddle + " " + kTotal);
  CHECK(bed.value("SELECT amount FROM a_total") ==
        bed.value("SELECT sum(amount) FROM base.orders"));
  CHECK(leftovers(bed.database) == "none");
}

TEST_CASE("the order holds with many at once, too", "[live][matviews]") {
  Bed bed(kChain);
  bed.exec("UPDATE base.orders SET amount = amount + 1");
  const auto outcome = bed.refresh({.jobs = 4});
  INFO(text_of(outcome.error));
  REQUIRE_FALSE(outcome.error);
  CHECK(order(outcome) == kDaily + " " + kMiddle + " " + kTotal);
  CHECK(bed.value("SELECT amount FROM a_total") ==
        bed.value("SELECT sum(amount) FROM base.orders"));
}

TEST_CASE("views that do not read each other are refreshed at the same time", "[live][matviews]") {
  Bed bed(
      {"CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql AS "
       "'BEGIN PERFORM pg_sleep(1); RETURN $1; END'",
       "CREATE MATERIALIZED VIEW a AS SELECT slow(1) AS id WITH NO DATA",
       "CREATE MATERIALIZED VIEW b AS SELECT slow(2) AS id WITH NO DATA",
       "CREATE MATERIALIZED VIEW c AS SELECT slow(3) AS id WITH NO DATA"});
  const auto start = std::chrono::steady_clock::now();
  const auto outcome = bed.refresh({.jobs = 3});
  const auto took = std::chrono::steady_clock::now() - start;
  INFO(text_of(outcome.error));
  REQUIRE_FALSE(outcome.error);
  CHECK(took < std::chrono::milliseconds(2500));
  CHECK(bed.value("SELECT (SELECT id FROM a) + (SELECT id FROM b) + (SELECT id FROM c)") == "6");
}

TEST_CASE("a failure takes along only what reads the view", "[live][matviews]") {
  Bed bed(kChain);
  bed.exec("CREATE MATERIALIZED VIEW public.z_apart AS SELECT 1 AS id");
  bed.exec("CREATE UNIQUE INDEX ON z_apart (id)");
  bed.exec("ALTER TABLE base.orders ALTER COLUMN amount DROP NOT NULL");
  bed.exec(R"(CREATE MATERIALIZED VIEW base.broken AS
      SELECT 1 / (1 - count(*) FILTER (WHERE amount < 0)) AS x, 1 AS id FROM base.orders)");
  bed.exec("CREATE UNIQUE INDEX ON base.broken (id)");
  bed.exec("CREATE MATERIALIZED VIEW base.reads_broken AS SELECT x FROM base.broken");
  bed.exec("CREATE UNIQUE INDEX ON base.reads_broken (x)");
  bed.exec("INSERT INTO base.orders VALUES (-1, 1, -1)");
  const auto outcome = bed.refresh();
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::failed);
  auto now = states(outcome);
  CHECK(now["base.broken"] == "failed");
  CHECK(now["base.reads_broken"] == "skipped");
  CHECK(report_of(outcome, "base.reads_broken").reason.find("base.broken") != std::string::npos);
  CHECK(now["public.z_apart"] == "done");
  CHECK(now[kTotal] == "done");
  CHECK(bed.value("SELECT x FROM base.broken") == "1");  // the old content stays
  CHECK(bed.value("SELECT error FROM zdm.matview_run WHERE view = 'base.broken'")
            .find("division by zero") != std::string::npos);
  CHECK(leftovers(bed.database) == "none");
}

TEST_CASE("what a string hides, `after` in zdm.toml says; a circle is refused",
          "[live][matviews]") {
  Bed bed(kChain);
  bed.exec(R"(CREATE FUNCTION hidden() RETURNS numeric LANGUAGE plpgsql SET search_path = public
      AS 'BEGIN RETURN (SELECT amount FROM public.a_total); END')");
  bed.exec("CREATE MATERIALIZED VIEW aa_hidden AS SELECT 1 AS id, hidden() AS amount");
  bed.exec("CREATE UNIQUE INDEX ON aa_hidden (id)");
  CHECK(order(bed.refresh()).starts_with(kDaily));
  auto after = policy("", "aa_hidden");
  after.after = {{"", "a_total"}};
  const auto outcome = bed.refresh({.policies = {after}});
  CHECK(order(outcome).ends_with(kTotal + " public.aa_hidden"));
  auto circle = policy("base", "z daily");
  circle.after = {{"public", "aa_hidden"}};
  const auto refused = bed.refresh({.policies = {after, circle}});
  REQUIRE(refused.error);
  CHECK(refused.error->code == ErrorCode::usage);
  CHECK(refused.error->message.find("public.aa_hidden") != std::string::npos);
}

TEST_CASE("a view that was never populated is, and stays, populated", "[live][matviews]") {
  Bed bed({"CREATE TABLE t AS SELECT i FROM generate_series(1, 5) i",
           "CREATE MATERIALIZED VIEW v AS SELECT i FROM t WITH NO DATA",
           "CREATE UNIQUE INDEX ON v (i)"});
  auto outcome = bed.refresh();
  REQUIRE_FALSE(outcome.error);
  CHECK(report_of(outcome, "public.v").method == "first");
  CHECK(report_of(outcome, "public.v").rows == 5);
  bed.exec("INSERT INTO t VALUES (6)");
  outcome = bed.refresh();
  CHECK(report_of(outcome, "public.v").method == "concurrently");
  CHECK(report_of(outcome, "public.v").rows == 6);
  CHECK(report_of(outcome, "public.v").inserted == 1);
  CHECK(report_of(outcome, "public.v").deleted == 0);
}

TEST_CASE("a view without a usable index is refused, with the statement that helps",
          "[live][matviews]") {
  Bed bed({"CREATE TABLE t AS SELECT i, i % 2 AS j FROM generate_series(1, 5) i",
           "CREATE MATERIALIZED VIEW v AS SELECT j, i FROM t",
           "CREATE UNIQUE INDEX partial ON v (i) WHERE i > 0",
           "CREATE UNIQUE INDEX expression ON v ((i + 1))", "ANALYZE v"});
  bed.exec("INSERT INTO t VALUES (6, 0)");
  auto outcome = bed.refresh();
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(outcome.error->message.find("partial has a WHERE") != std::string::npos);
  CHECK(outcome.error->hint.find("CREATE UNIQUE INDEX CONCURRENTLY v_zdm_key ON public.v (i)") !=
        std::string::npos);
  CHECK(bed.value("SELECT count(*) FROM v") == "5");

  outcome = bed.refresh({.create_index = true});
  INFO(text_of(outcome.error));
  REQUIRE_FALSE(outcome.error);
  CHECK(report_of(outcome, "public.v").method == "concurrently");
  CHECK(bed.value("SELECT count(*) FROM v") == "6");
  CHECK(bed.value("SELECT indisunique AND indisvalid FROM pg_index "
                  "WHERE indexrelid = 'v_zdm_key'::regclass") == "t");
}

TEST_CASE("only --blocking lets readers wait, and only where nothing else is possible",
          "[live][matviews]") {
  Bed bed({"CREATE TABLE t AS SELECT i FROM generate_series(1, 5) i",
           "CREATE MATERIALIZED VIEW bare AS SELECT i FROM t",
           "CREATE MATERIALIZED VIEW keyed AS SELECT i FROM t",
           "CREATE UNIQUE INDEX ON keyed (i)"});
  const auto outcome = bed.refresh({.blocking = true});
  REQUIRE_FALSE(outcome.error);
  CHECK(report_of(outcome, "public.bare").method == "blocking");
  CHECK(report_of(outcome, "public.bare").rows == 5);
  CHECK(report_of(outcome, "public.keyed").method == "concurrently");
}

TEST_CASE("an index cannot be made over rows that are alike: refused, and nothing is left",
          "[live][matviews]") {
  Bed bed({"CREATE MATERIALIZED VIEW v AS SELECT 7 AS i FROM generate_series(1, 2)"});
  const auto outcome = bed.refresh({.create_index = true});
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(outcome.error->message.find("(i)=(7)") != std::string::npos);
  CHECK(bed.value("SELECT count(*) FROM pg_index WHERE indrelid = 'v'::regclass") == "0");
}

TEST_CASE("--due refreshes what is older than its policy allows, and nothing else",
          "[live][matviews]") {
  Bed bed({"CREATE MATERIALIZED VIEW often AS SELECT 1 AS id", "CREATE UNIQUE INDEX ON often (id)",
           "CREATE MATERIALIZED VIEW seldom AS SELECT 1 AS id",
           "CREATE UNIQUE INDEX ON seldom (id)",
           "CREATE MATERIALIZED VIEW never AS SELECT 1 AS id"});
  auto often = policy("public", "often");
  often.every = std::chrono::milliseconds(1);
  auto seldom = policy("public", "seldom");
  seldom.every = std::chrono::hours(1);
  const std::vector<MatviewPolicy> policies = {often, seldom};
  auto now = states(bed.refresh({.policies = policies, .due = true}));
  CHECK(now ==
        std::map<std::string, std::string>{{"public.often", "done"}, {"public.seldom", "done"}});
  const auto outcome = bed.refresh({.policies = policies, .due = true});
  now = states(outcome);
  CHECK(now["public.often"] == "done");
  CHECK(now["public.seldom"] == "skipped");
  CHECK(report_of(outcome, "public.seldom").reason.find("due every 60 min") != std::string::npos);
  const auto nothing = bed.refresh({.due = true});
  REQUIRE(nothing.error);
  CHECK(nothing.error->code == ErrorCode::usage);
}

TEST_CASE("names that mean no view are refused, those of zdm.toml without stopping the others",
          "[live][matviews]") {
  Bed bed(kChain);
  const auto wrong = bed.refresh({.only = {"a_totel"}});
  REQUIRE(wrong.error);
  CHECK(wrong.error->code == ErrorCode::usage);
  const auto outcome = bed.refresh({.policies = {policy("public", "gone")}});
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(states(outcome)["public.gone"] == "refused");
  CHECK(states(outcome)[kTotal] == "done");
  CHECK(Bed({}).refresh().error->code == ErrorCode::refused);
}

TEST_CASE("the list says how each view stands", "[live][matviews]") {
  Bed bed(kChain);
  bed.exec(
      "CREATE MATERIALIZED VIEW holes AS SELECT nullif(i, 3) AS i FROM generate_series(1, 5) i");
  bed.exec("CREATE UNIQUE INDEX ON holes (i)");
  bed.exec("CREATE MATERIALIZED VIEW empty AS SELECT 1 AS x WITH NO DATA");
  REQUIRE_FALSE(bed.refresh({.only = {"base.\"z daily\"", "holes"}}).error);
  auto fresh = policy("base", "z daily");
  fresh.every = std::chrono::hours(1);
  const auto report = bed.list({fresh});
  const auto state = [&](const std::string& name) {
    const auto at = std::ranges::find_if(
        report.views, [&](const auto& each) { return each.view.name.name == name; });
    REQUIRE(at != report.views.end());
    return *at;
  };
  CHECK(state("z daily").word() == "fresh");
  CHECK(state("z daily").last->rows == 10);
  CHECK(state("z daily").null_keys == false);
  CHECK(state("holes").null_keys == true);
  CHECK(state("holes").word() == "populated");
  CHECK(state("empty").word() == "unpopulated");
  CHECK_FALSE(state("empty").eligibility.eligible());
  REQUIRE(state("a_total").view.reads.size() == 1);
  CHECK(state("a_total").view.reads[0].name == "m; DROP");
}

TEST_CASE("what a replacement in flight keeps beside its view is refreshed only by name",
          "[live][matviews]") {
  Bed bed({"CREATE TABLE t (id int)", "CREATE MATERIALIZED VIEW v AS SELECT id FROM t",
           "CREATE UNIQUE INDEX ON v (id)",
           "CREATE MATERIALIZED VIEW v_zdm_new AS SELECT id FROM t",
           "CREATE UNIQUE INDEX ON v_zdm_new (id)",
           "CREATE MATERIALIZED VIEW lone_zdm_old AS SELECT id FROM t",
           "CREATE UNIQUE INDEX ON lone_zdm_old (id)"});
  CHECK(order(bed.refresh()) == "public.lone_zdm_old public.v");
  CHECK(bed.list().views.size() == 2);
  CHECK(order(bed.refresh({.only = {"v_zdm_new"}})) == "public.v_zdm_new");
}
