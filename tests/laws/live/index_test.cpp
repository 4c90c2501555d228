// Law 12: concurrent index builds.
#include <fmt/format.h>

#include "live/execute/rig.hpp"
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

planner::Migration unique_name() {
  return file_of("1_unique", Phase::expand,
                 "[[change]]\nkind = \"create_index\"\ntable = \"users\"\nname = \"one_name\"\n"
                 "columns = [\"name\"]\nunique = true\n");
}

bool builds(std::string_view sql) {
  return sql.find("INDEX CONCURRENTLY") != std::string_view::npos &&
         sql.find("CREATE") != std::string_view::npos;
}

std::string validity(Rig& rig) {
  return rig.value(
      "SELECT coalesce(string_agg(indisvalid::text, ' '), 'none') FROM pg_index WHERE indexrelid = "
      "to_regclass('one_name')");
}

}  // namespace

TEST_CASE("an index build that fails leaves nothing, and the same command builds it later",
          "[live][laws][law12]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 5);
  rig.exec("INSERT INTO users VALUES (6, 'user 1')");
  auto outcome = rig.apply({unique_name()}, options_for(std::nullopt, "r1"));
  REQUIRE(outcome.error);
  CHECK(outcome.error->sqlstate == "23505");
  CHECK(validity(rig) == "none");
  rig.exec("DELETE FROM users WHERE id = 6");
  outcome = rig.apply({unique_name()}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  CHECK(!outcome.error);
  CHECK(validity(rig) == "true");
}

TEST_CASE("an invalid index of an earlier try is dropped and built again", "[live][laws][law12]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 5);
  bool died = false;
  rig.spy->run = [&](Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    if (builds(sql) && !died) {
      died = true;  // as kill -9 in the middle of the build leaves it
      rig.exec("CREATE UNIQUE INDEX one_name ON users (name)");
      rig.exec("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'one_name'::regclass");
      return planner::fail(planner::Error{
          .code = ErrorCode::failed, .message = "canceling statement", .sqlstate = "40P01"});
    }
    return connection.run(sql, parameters);
  };
  const auto outcome = rig.apply({unique_name()}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  CHECK(!outcome.error);
  CHECK(died);
  CHECK(validity(rig) == "true");
}

TEST_CASE("an index is built without a lock timeout, which holds again afterwards",
          "[live][laws][law12]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 5);
  std::string before, during, after;
  rig.spy->run = [&](Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    const auto now = [&] {
      const auto rows = connection.run("SELECT current_setting('lock_timeout')");
      return rows ? rows->first() : rows.error().message;
    };
    if (before.empty()) before = now();
    if (builds(sql)) during = now();
    if (!during.empty() && sql.starts_with("BEGIN")) after = now();
    return connection.run(sql, parameters);
  };
  const auto outcome = rig.apply({unique_name()}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(before == "500ms");
  CHECK(during == "0");
  CHECK(after == before);
}

TEST_CASE("unique indexes are built once the rows are filled and compared", "[live][laws][law12]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, name text UNIQUE)");
  rig.exec("CREATE INDEX users_name ON users (name)");
  const auto around = rig.environment();
  const auto plan = migrations::plan(around, {rename_users_name(Phase::switch_)}, {});
  REQUIRE(plan);
  bool compared = false;
  int built = 0;
  for (const auto& phase : plan->migrations[0].phases) {
    for (const auto& step : phase.steps) {
      compared = compared || step.kind == planner::StepKind::verify;
      if (step.kind != planner::StepKind::concurrent) continue;
      ++built;
      CHECK(compared);
    }
  }
  CHECK(built == 2);
}
