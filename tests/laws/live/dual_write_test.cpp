// Laws 1, 2 and 4, where the recipes and the executor keep them.
#include <fmt/format.h>

#include <algorithm>

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

constexpr auto kRenameNick = R"(
[[change]]
kind = "rename_column"
table = "users"
from = "nick"
to = "handle"
)";

constexpr auto kRenameMail = R"(
[[change]]
kind = "rename_column"
table = "users"
from = "mail"
to = "address"
)";

}  // namespace

TEST_CASE("a NULL that the new release writes in place of a default stays NULL",
          "[live][laws][law1]") {
  Rig rig(Engine::postgresql);  // SQLite cannot give a default to rows that are still short
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, nick text DEFAULT 'nobody')");
  const auto file = file_of("1_handle", Phase::backfill, kRenameNick);
  const auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  rig.exec("INSERT INTO users (id, handle) VALUES (1, NULL)");
  rig.exec("INSERT INTO users (id) VALUES (2)");
  CHECK(rig.value("SELECT count(*) FROM users WHERE id = 1 AND nick IS NULL AND handle IS NULL") ==
        "1");
  CHECK(rig.value("SELECT nick || ' ' || handle FROM users WHERE id = 2") == "nobody nobody");
}

TEST_CASE("a NULL of before stays NULL when the new column gets its default",
          "[live][laws][law1]") {
  Rig rig(GENERATE(Engine::postgresql, Engine::sqlite));
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, nick text DEFAULT 'nobody')");
  rig.exec("INSERT INTO users VALUES (1, NULL), (2, 'a')");
  std::string changes = kRenameNick;
  SECTION("of the column it replaces") {}
  SECTION("beside the column it is computed from") {
    changes =
        "[[change]]\nkind = \"add_column\"\ntable = \"users\"\nname = \"handle\"\n"
        "type = \"text\"\nup = \"nick\"\ndefault = \"'nobody'\"\n";
  }
  const auto file = file_of("1_handle", Phase::contract, changes);
  auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  rig.live("r1");
  auto options = options_for(std::nullopt, "r2");
  options.yes = true;
  outcome = rig.apply({file}, options);
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  rig.exec("INSERT INTO users (id) VALUES (3)");
  CHECK(rig.value("SELECT count(*) FROM users WHERE id = 1 AND handle IS NULL") == "1");
  CHECK(rig.value("SELECT handle FROM users WHERE id = 2") == "a");
  CHECK(rig.value("SELECT handle FROM users WHERE id = 3") == "nobody");
}

TEST_CASE("an up that makes something of NULL is refused where the column may hold NULL",
          "[live][laws][law1]") {
  Rig rig(GENERATE(Engine::postgresql, Engine::sqlite));
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, nick text)");
  const auto file =
      file_of("1_handle", Phase::backfill,
              std::string(kRenameNick) + "up = \"coalesce(nick, 'nobody')\"\ndown = \"handle\"\n");
  const auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(!rig.has_column("users", "handle"));
}

TEST_CASE("a trigger planned before another migration's came knows its rules too",
          "[live][laws][law2]") {
  Rig rig(GENERATE(Engine::postgresql, Engine::sqlite));
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, nick text, mail text)");
  const auto one = file_of("1_handle", Phase::backfill, kRenameNick);
  const auto two = file_of("2_address", Phase::backfill, kRenameMail);
  REQUIRE(!rig.apply({one, two}, options_for(Phase::expand, "r1")).error);
  // The plan of the first is stored, and stopped before its first step.
  rig.spy->run = [&](Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    if (sql.find("TRIGGER") != std::string_view::npos) {
      return planner::fail(ErrorCode::failed, "not now");
    }
    return connection.run(sql, parameters);
  };
  auto options = options_for(Phase::backfill, "r1");
  options.only = {one.id};
  REQUIRE(rig.apply({one, two}, options).error);
  rig.spy->run = nullptr;
  options.only = {two.id};
  REQUIRE(!rig.apply({one, two}, options).error);
  options.only = {one.id};
  const auto outcome = rig.apply({one, two}, options);
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  rig.exec("INSERT INTO users (id, nick, mail) VALUES (1, 'a', 'b')");
  CHECK(rig.value("SELECT handle || ' ' || address FROM users") == "a b");
}

TEST_CASE("rows that differ end the backfill unless they are allowed by name",
          "[live][laws][law4]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 20);
  bool written = false;
  rig.spy->run = [&](Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    if (!written && sql.find("UPDATE ONLY") != std::string_view::npos) {
      written = true;
      rig.exec("INSERT INTO users (id, name, full_name) VALUES (99, 'one', 'another')");
    }
    return connection.run(sql, parameters);
  };
  const auto file = rename_users_name(Phase::backfill);
  auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  CHECK(written);
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(outcome.error->message.find("another") != std::string::npos);
  CHECK(outcome.report.migrations.back().state != "done");
  rig.allowed = {"divergent-rows"};
  outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  CHECK(!outcome.error);
}

TEST_CASE("what was written past a pair of triggers keeps switch and contract from starting",
          "[live][laws][law2]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE users (id integer, nick text) PARTITION BY RANGE (id)");
  rig.exec("CREATE TABLE low PARTITION OF users FOR VALUES FROM (0) TO (100)");
  rig.exec("INSERT INTO users VALUES (1, 'a')");
  const auto file = file_of("1_handle", Phase::contract, kRenameNick);
  const auto apply = [&](Phase phase, const std::string& release) {
    auto options = options_for(phase, release);
    options.yes = true;
    return rig.apply({file}, options);
  };
  REQUIRE(!apply(Phase::expand, "r1").error);
  REQUIRE(!apply(Phase::backfill, "r1").error);
  const auto refused = [&](const migrations::ApplyOutcome& outcome) {
    INFO(text_of(outcome.error));
    REQUIRE(outcome.error);
    CHECK(outcome.error->code == ErrorCode::refused);
    CHECK(outcome.error->message.find("public.users and all its partitions") != std::string::npos);
  };
  const std::string trigger = "ALTER TABLE low {} TRIGGER zzz_zdm_sync_insert";
  rig.live("r1");
  rig.exec(fmt::format(fmt::runtime(trigger), "DISABLE"));
  refused(apply(Phase::switch_, "r2"));
  rig.exec(fmt::format(fmt::runtime(trigger), "ENABLE"));
  REQUIRE(!apply(Phase::switch_, "r2").error);
  rig.live("r2");
  rig.exec(fmt::format(fmt::runtime(trigger), "DISABLE"));
  refused(apply(Phase::contract, "r3"));
  CHECK(rig.has_column("users", "nick"));
  // Nothing was begun: there is a way back, which makes both shapes right again.
  rig.exec("INSERT INTO users (id, nick) VALUES (2, 'past it')");
  migrations::RollbackOptions back;
  back.migration = file.id;
  back.to = Phase::expand;
  rig.allowed = {"live-readers"};
  const auto undone = rig.rollback({file}, back);
  INFO(text_of(undone.error));
  REQUIRE(!undone.error);
  auto again = options_for(Phase::backfill, "r2");
  again.resume = file.id;
  REQUIRE(!rig.apply({file}, again).error);
  CHECK(rig.value("SELECT handle FROM users WHERE id = 2") == "past it");
}

TEST_CASE("before PostgreSQL 13 a plan warns of partitions that get no triggers",
          "[live][laws][law2]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE users (id integer, nick text) PARTITION BY RANGE (id)");
  rig.exec("CREATE TABLE low PARTITION OF users FOR VALUES FROM (0) TO (100)");
  const auto around = rig.environment();
  const auto plan =
      migrations::plan(around, {file_of("1_handle", Phase::contract, kRenameNick)}, {});
  REQUIRE(plan);
  const auto& warnings = plan->migrations.at(0).warnings;
  const bool warned = std::any_of(warnings.begin(), warnings.end(),
                                  [](const auto& each) { return each.code == "new-partition"; });
  CHECK(warned == (rig.database->connect()->server_version() < 130000));
}
