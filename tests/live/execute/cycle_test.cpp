#include "rig.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Engine;
using planner::ErrorCode;
using planner::Phase;

namespace {

std::string write_old(int id) {
  return "INSERT INTO users (id, name) VALUES (" + std::to_string(id) + ", 'old')";
}
std::string write_new(int id) {
  return "INSERT INTO users (id, full_name) VALUES (" + std::to_string(id) + ", 'new')";
}

void full_cycle(Engine engine) {
  Rig rig(engine);
  make_users(rig, 500);
  const auto file = rename_users_name(Phase::contract);

  auto outcome = rig.apply({file}, options_for(Phase::expand, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  REQUIRE(outcome.report.migrations.size() == 1);
  CHECK(outcome.report.migrations[0].state == "done");
  CHECK(rig.has_column("users", "full_name"));
  rig.exec(write_old(1001));

  outcome = rig.apply({file}, options_for(Phase::backfill, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(rig.value("SELECT count(*) FROM users WHERE full_name IS NULL") == "0");
  rig.exec(write_old(1002));
  CHECK(rig.value("SELECT full_name FROM users WHERE id = 1002") == "old");

  outcome = rig.apply({file}, options_for(Phase::switch_, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  rig.exec(write_new(1003));
  CHECK(rig.value("SELECT name FROM users WHERE id = 1003") == "new");
  rig.exec(write_old(1004));
  CHECK(rig.value("SELECT full_name FROM users WHERE id = 1004") == "old");

  SECTION("contract waits for a live release") {
    outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
    REQUIRE(!outcome.error);
    REQUIRE(outcome.report.migrations.size() == 1);
    CHECK(outcome.report.migrations[0].state == "skipped");
    CHECK(outcome.report.migrations[0].reason.find("applied in release r1 too") !=
          std::string::npos);
    outcome = rig.apply({file}, options_for(Phase::contract, "r2"));
    REQUIRE(outcome.error);
    CHECK(outcome.error->code == ErrorCode::refused);
    CHECK(rig.has_column("users", "name"));
  }

  SECTION("and is done then") {
    rig.live("r1");
    outcome = rig.apply({file}, options_for(std::nullopt, "r2"));
    INFO(text_of(outcome.error));
    REQUIRE(!outcome.error);
    CHECK(!rig.has_column("users", "name"));
    CHECK(rig.value("SELECT count(*) FROM users") == "504");
    rig.exec(write_new(1005));
    outcome = rig.apply({file}, options_for(std::nullopt, "r2"));
    CHECK(!outcome.error);
    CHECK(outcome.report.migrations.empty());
    outcome = rig.rollback({file});
    REQUIRE(outcome.error);
    CHECK(outcome.error->code == ErrorCode::refused);
  }
}

void back_from(Engine engine, Phase reached) {
  Rig rig(engine);
  make_users(rig, 100);
  const auto file = rename_users_name(reached);
  auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  if (reached == Phase::switch_) rig.exec(write_new(1001));

  outcome = rig.rollback({file}, {.to_none = true});
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(!rig.has_column("users", "full_name"));
  if (reached == Phase::switch_) {
    CHECK(rig.value("SELECT name FROM users WHERE id = 1001") == "new");
  }
  rig.exec(write_old(1002));

  // Held until it is taken up again; then it goes all the way once more.
  outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  REQUIRE(outcome.report.migrations.size() == 1);
  CHECK(outcome.report.migrations[0].state == "skipped");
  auto options = options_for(std::nullopt, "r1");
  options.resume = file.id;
  outcome = rig.apply({file}, options);
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(rig.has_column("users", "full_name"));
}

}  // namespace

TEST_CASE("a column is renamed through all four phases on PostgreSQL", "[live][execute]") {
  full_cycle(Engine::postgresql);
}

TEST_CASE("a column is renamed through all four phases on SQLite", "[live][execute]") {
  full_cycle(Engine::sqlite);
}

TEST_CASE("every phase before contract is undone without losing what was written",
          "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto reached = GENERATE(Phase::expand, Phase::backfill, Phase::switch_);
  back_from(engine, reached);
}
