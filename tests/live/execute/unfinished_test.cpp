#include "rig.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Connection;
using migrations::Engine;
using migrations::Result;
using migrations::Rows;
using migrations::Text;
using planner::Error;
using planner::ErrorCode;
using planner::Phase;
using planner::PhaseState;

namespace {

/// The statement with `words` fails with `sqlstate`; a stop may be asked for just before.
void fail_at_words(Rig& rig, std::string words, std::string sqlstate, bool stops) {
  rig.spy->run = [&rig, words = std::move(words), sqlstate = std::move(sqlstate), stops](
                     Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    if (sql.find(words) == std::string_view::npos) return connection.run(sql, parameters);
    if (stops) rig.stop.request_stop();
    return planner::fail(Error{.code = ErrorCode::failed,
                               .message = "made up by the test",
                               .sqlstate = sqlstate,
                               .statement = std::string(sql)});
  };
}

}  // namespace

TEST_CASE("a statement cancelled by a second stop leaves the phase paused", "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 20);
  const auto file = rename_users_name(Phase::switch_);
  fail_at_words(rig, "CREATE INDEX CONCURRENTLY", "57014", true);
  const auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::interrupted);
  CHECK(outcome.report.migrations.back().state == "paused");
  CHECK(rig.value("SELECT state FROM zdm.phase WHERE phase = 'backfill'") == "paused");
  rig.spy->run = nullptr;
  rig.stop = {};
  CHECK(!rig.apply({file}, options_for(std::nullopt, "r1")).error);
}

TEST_CASE("a build from empty that failed half-way is carried on by the same command",
          "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  make_users(rig, 1);
  rig.exec("DELETE FROM users");
  const auto file = rename_users_name(Phase::contract);
  auto options = options_for(std::nullopt, "r1");
  options.fresh = true;
  fail_at_words(rig, "CREATE TRIGGER", "XX000", false);
  REQUIRE(rig.apply({file}, options).error);
  CHECK(rig.has_column("users", "full_name"));
  rig.spy->run = nullptr;
  auto outcome = rig.apply({file}, options);
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(!rig.has_column("users", "name"));
  outcome = rig.apply({file}, options);
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
}

TEST_CASE("status tells a failed rollback from a failed apply", "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  make_users(rig, 5);
  const auto file = rename_users_name(Phase::backfill);
  REQUIRE(!rig.apply({file}, options_for(std::nullopt, "r1")).error);
  fail_at_words(rig, "DROP TRIGGER", "XX000", false);
  REQUIRE(rig.rollback({file}).error);
  rig.spy->run = nullptr;
  const auto around = rig.environment();
  const auto status = migrations::status(around, {file}, {});
  REQUIRE(status);
  CHECK(status->migrations[0].state == PhaseState::failed);
  CHECK(status->migrations[0].undoing == Phase::backfill);
}
