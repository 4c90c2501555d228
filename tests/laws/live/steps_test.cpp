// Law 9: others see all of a step, and that it was done, or nothing of it.
#include <fmt/format.h>

#include <set>

#include "live/execute/rig.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Connection;
using migrations::Engine;
using migrations::Result;
using migrations::Rows;
using migrations::Text;
using planner::Phase;

namespace {

/// What another session finds of the migration, and what the ledger says of its steps.
std::string seen_from_outside(Rig& rig) {
  const auto column = [&](const std::string& name) {
    return rig.value(fmt::format(
        "SELECT count(*) || ':' || count(d.adbin) FROM pg_attribute a LEFT JOIN pg_attrdef d ON "
        "d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = 'users'::regclass AND "
        "a.attname = '{}' AND NOT a.attisdropped",
        name));
  };
  const std::string triggers =
      rig.value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'zzz_zdm%'");
  const std::string functions = rig.value(
      "SELECT count(*) FROM pg_proc WHERE pronamespace = to_regnamespace('zdm') AND proname LIKE "
      "'sync%'");
  const bool ledger = rig.value("SELECT to_regclass('zdm.step') IS NOT NULL") == "t";
  const std::string done =
      ledger ? rig.value(
                   "SELECT coalesce(string_agg(step, ' ' ORDER BY step), '') FROM zdm.step "
                   "WHERE state = 'done' AND step ~ '^(expand.1|backfill.1|contract.2)$'")
             : "";
  return fmt::format("old {} new {} triggers {} functions {} done [{}]", column("name"),
                     column("full_name"), triggers, functions, done);
}

}  // namespace

TEST_CASE("what a step does and its record appear at once", "[live][laws][law9]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, name text DEFAULT 'nobody')");
  std::set<std::string> seen;
  rig.spy->run = [&](Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    auto result = connection.run(sql, parameters);
    seen.insert(seen_from_outside(rig));
    return result;
  };
  const auto file = rename_users_name(Phase::contract);
  auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  rig.live("r1");
  auto options = options_for(std::nullopt, "r2");
  options.yes = true;
  outcome = rig.apply({file}, options);
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(seen ==
        std::set<std::string>{
            "old 1:1 new 0:0 triggers 0 functions 0 done []",
            "old 1:1 new 1:0 triggers 0 functions 0 done [expand.1]",
            "old 1:1 new 1:1 triggers 2 functions 2 done [backfill.1 expand.1]",
            "old 0:0 new 1:1 triggers 0 functions 0 done [backfill.1 contract.2 expand.1]"});
}

TEST_CASE("the changes of one table are one transaction in each phase", "[live][laws][law9]") {
  Rig rig(GENERATE(Engine::postgresql, Engine::sqlite));
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, nick text, mail text)");
  const auto file = file_of("1_both", Phase::contract, R"(
[[change]]
kind = "rename_column"
table = "users"
from = "nick"
to = "handle"

[[change]]
kind = "rename_column"
table = "users"
from = "mail"
to = "address"
)");
  const auto around = rig.environment();
  const auto plan = migrations::plan(around, {file}, {});
  REQUIRE(plan);
  INFO(text_of(plan->error));
  REQUIRE(!plan->error);
  for (const auto& phase : plan->migrations[0].phases) {
    int transactions = 0;
    for (const auto& step : phase.steps) {
      transactions += step.kind == planner::StepKind::transaction ? 1 : 0;
    }
    INFO(planner::to_string(phase.phase));
    CHECK(transactions == (phase.phase == Phase::switch_ ? 0 : 1));
  }
}
