#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "execute/session.hpp"
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

bool ledger_exists(Rig& rig) {
  return rig.sqlite()
             ? rig.value("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'zdm%'") != "0"
             : rig.value("SELECT to_regnamespace('zdm') IS NOT NULL") == "t";
}

/// Everything the database is made of, as text.
std::string shape(Rig& rig) {
  if (rig.sqlite()) return rig.value("SELECT group_concat(sql) FROM sqlite_schema");
  return rig.value(R"(
      SELECT string_agg(c.relname || '.' || coalesce(a.attname, ''), ',' ORDER BY c.oid, a.attnum)
        FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE c.relnamespace = 'public'::regnamespace)");
}

}  // namespace

TEST_CASE("a dry run writes nothing and says what will run", "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  make_users(rig, 20);
  const auto file = rename_users_name(Phase::switch_);
  const std::string before = shape(rig);
  auto options = options_for(std::nullopt, "r1");
  options.dry_run = true;
  const auto forecast = rig.apply({file}, options);
  INFO(text_of(forecast.error));
  REQUIRE(!forecast.error);
  CHECK(shape(rig) == before);
  CHECK(!ledger_exists(rig));

  std::vector<std::string> sent;
  rig.spy->run = [&](Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    sent.emplace_back(sql);
    return connection.run(sql, parameters);
  };
  const auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  auto at = sent.begin();
  REQUIRE(forecast.report.migrations.size() == 3);
  for (const auto& phase : forecast.report.migrations) {
    // SQLite's guarantees are already in the triggers that backfill made.
    CHECK(phase.sql.empty() == (rig.sqlite() && phase.phase == Phase::switch_));
    for (const std::string& sql : phase.sql) {
      INFO(sql);
      at = std::find(at, sent.end(), sql);
      CHECK(at != sent.end());
    }
  }
}

TEST_CASE("settings survive the death of the server process between any two statements",
          "[live][execute][law7]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 20);
  const auto file = rename_users_name(Phase::switch_);
  REQUIRE(!rig.apply({file}, options_for(Phase::expand, "r1")).error);
  int statements = 0;
  int changes = 0;
  rig.spy->run = [&](Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    if (++statements % 31 == 0) {
      rig.exec(fmt::format("SELECT pg_terminate_backend({})", connection.backend_pid()));
    }
    const bool change = sql.find("ALTER TABLE") != std::string_view::npos ||
                        sql.find("TRIGGER") != std::string_view::npos;
    if (change && connection.usable() && connection.in_transaction()) {
      const auto settings = connection.run(
          "SELECT current_setting('lock_timeout') <> '0' AND current_setting('row_security') = "
          "'off' AND current_setting('application_name') LIKE 'zdm/%'");
      if (settings) {
        ++changes;
        CHECK(settings->first_true());
      }
    }
    return connection.run(sql, parameters);
  };
  const auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  CHECK(!outcome.error);
  CHECK(changes > 0);
  CHECK(statements > 62);
}

TEST_CASE("of two applies at once one works and the other is told who", "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 20);
  const auto file = rename_users_name(Phase::expand);
  std::atomic<bool> at_work = false;
  std::atomic<bool> go_on = false;
  rig.spy->run = [&](Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    if (sql.find("ADD COLUMN") != std::string_view::npos) {
      at_work = true;
      while (!go_on) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return connection.run(sql, parameters);
  };
  migrations::ApplyOutcome first;
  std::thread worker([&] { first = rig.apply({file}, options_for(std::nullopt, "r1")); });
  while (!at_work) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  auto other = rig.environment();
  other.open_work = rig.database->opener();
  const auto second = migrations::apply(other, {file}, {}, options_for(std::nullopt, "r1"), {});
  go_on = true;
  worker.join();
  INFO(text_of(first.error));
  CHECK(!first.error);
  REQUIRE(second.error);
  CHECK(second.error->code == ErrorCode::busy);
  CHECK(second.error->message.find("zdm") != std::string::npos);
  CHECK(rig.has_column("users", "full_name"));
}

TEST_CASE("a lock not had within the budget changes nothing and names who holds it",
          "[live][execute][law8]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 20);
  rig.locks.budget = std::chrono::seconds(2);
  auto holder = rig.database->connect();
  REQUIRE(holder->run("BEGIN"));
  REQUIRE(holder->run("LOCK TABLE users IN ACCESS SHARE MODE"));
  const auto outcome =
      rig.apply({rename_users_name(Phase::expand)}, options_for(std::nullopt, "r1"));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::busy);
  REQUIRE(!outcome.error->blockers.empty());
  CHECK(outcome.error->blockers.front().pid == holder->backend_pid());
  CHECK(!rig.has_column("users", "full_name"));
  REQUIRE(outcome.report.migrations.size() == 1);
  CHECK(outcome.report.migrations[0].state == "paused");
  REQUIRE(holder->run("ROLLBACK"));
  const auto again = rig.apply({rename_users_name(Phase::expand)}, options_for(std::nullopt, "r1"));
  INFO(text_of(again.error));
  CHECK(!again.error);
}

TEST_CASE("a stop is taken between two steps and the next run carries on", "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  make_users(rig, 20);
  const auto file = rename_users_name(Phase::switch_);
  rig.spy->run = [&](Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    if (sql.find("TRIGGER") != std::string_view::npos) rig.stop.request_stop();
    return connection.run(sql, parameters);
  };
  auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::interrupted);
  CHECK(outcome.report.migrations.back().state == "paused");
  rig.spy->run = nullptr;
  rig.stop = std::stop_source();
  outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  CHECK(!outcome.error);
}

TEST_CASE("a file changed after it was applied is drift before anything runs", "[live][execute]") {
  Rig rig(Engine::sqlite);
  make_users(rig, 5);
  auto file = rename_users_name(Phase::expand);
  REQUIRE(!rig.apply({file}, options_for(std::nullopt, "r1")).error);
  file.checksum = "sha256:2";
  file.phase = Phase::backfill;
  auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::drift);
  file.checksum = "sha256:1";
  file.expressions_checksum = "sha256:e2";
  outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::drift);
  file.amended = "the first up was wrong";
  outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  CHECK(!outcome.error);
}

TEST_CASE("a named phase does not overtake the one before it", "[live][execute]") {
  Rig rig(Engine::sqlite);
  make_users(rig, 5);
  const auto outcome =
      rig.apply({rename_users_name(Phase::contract)}, options_for(Phase::switch_, "r1"));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(outcome.error->hint.find("zdm apply --phase expand") != std::string::npos);
  CHECK(!ledger_exists(rig));
}

TEST_CASE("an empty database is built in one run, one with rows is not", "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  make_users(rig, 1);
  auto options = options_for(std::nullopt, "r1");
  options.fresh = true;
  auto outcome = rig.apply({rename_users_name(Phase::contract)}, options);
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(!ledger_exists(rig));
  rig.exec("DELETE FROM users");
  outcome = rig.apply({rename_users_name(Phase::contract)}, options);
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(!rig.has_column("users", "name"));
}

TEST_CASE("plan and status need no ledger and write none", "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  make_users(rig, 5);
  const auto file = rename_users_name(Phase::switch_);
  const auto around = rig.environment();
  const auto plan = migrations::plan(around, {file}, {});
  REQUIRE(plan);
  INFO(text_of(plan->error));
  REQUIRE(!plan->error);
  REQUIRE(plan->migrations.size() == 1);
  CHECK(plan->migrations[0].phases.size() == 4);
  auto status = migrations::status(around, {file}, {});
  REQUIRE(status);
  CHECK(status->migrations[0].state == planner::PhaseState::pending);
  CHECK(!ledger_exists(rig));
  REQUIRE(!rig.apply({file}, options_for(Phase::expand, "r1")).error);
  status = migrations::status(around, {file}, {});
  REQUIRE(status);
  CHECK(status->migrations[0].phase == Phase::expand);
  CHECK(status->migrations[0].next_phase == Phase::backfill);
  CHECK(status->migrations[0].release == "r1");
  CHECK(status->lease_holder.empty());
  const auto rotating = migrations::Session::open(around).value();
  REQUIRE(rotating->take("rotate", migrations::LeaseScope::partitions));
  const auto applying = migrations::Session::open(around).value();
  REQUIRE(applying->take("apply"));
  status = migrations::status(around, {file}, {});
  REQUIRE(status);
  CHECK(status->lease_holder.find("apply by") < status->lease_holder.find("; "));
  CHECK(status->lease_holder.find("rotate by") > status->lease_holder.find("; "));
  CHECK(status->lease_holder.find("rotate by") != std::string::npos);
}
