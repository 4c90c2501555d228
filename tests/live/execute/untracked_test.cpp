#include <fmt/format.h>

#include <algorithm>

#include "rig.hpp"
#include "support/catch.hpp"

/// What reads columns without the server knowing.
using namespace zdm;
using namespace zdm::tests;
using migrations::Engine;
using planner::ErrorCode;
using planner::Phase;

namespace {

constexpr const char* kRename =
    "[[change]]\nkind = \"rename_column\"\ntable = \"users\"\nfrom = \"name\"\nto = \"full_name\"";
constexpr const char* kDrop =
    "[[change]]\nkind = \"drop_column\"\ntable = \"users\"\ncolumn = \"name\"";
constexpr const char* kAdd =
    "[[change]]\nkind = \"add_column\"\ntable = \"users\"\nname = \"age\"\ntype = \"int\"";

/// users, and a trigger after every row whose function has this body.
void make_users(Rig& rig, const std::string& body) {
  rig.exec("CREATE TABLE users (id int PRIMARY KEY, name text)");
  rig.exec("INSERT INTO users VALUES (1, 'a')");
  rig.exec("CREATE TABLE gone (LIKE users)");
  rig.exec(
      fmt::format("CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
                  "$$ BEGIN {}; RETURN NULL; END $$",
                  body));
  rig.exec("CREATE TRIGGER note AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION note()");
}

migrations::ApplyOutcome apply(Rig& rig, const char* changes, Phase phase,
                               const std::string& release) {
  return rig.apply({file_of("1_users", Phase::contract, changes)}, options_for(phase, release));
}

void reach_switch(Rig& rig, const char* changes) {
  for (const auto phase : {Phase::expand, Phase::backfill, Phase::switch_}) {
    const auto outcome = apply(rig, changes, phase, "r1");
    INFO(text_of(outcome.error));
    REQUIRE(!outcome.error);
  }
  rig.live("r1");
}

bool warned_of(Rig& rig, const char* changes, std::string_view code) {
  const auto plan =
      migrations::plan(rig.environment(), {file_of("1_users", Phase::contract, changes)}, {});
  REQUIRE(plan);
  return std::ranges::any_of(plan->migrations.at(0).warnings,
                             [&](const auto& warning) { return warning.code == code; });
}

}  // namespace

TEST_CASE("a trigger's function that inserts whole rows refuses a column that comes",
          "[live][execute]") {
  const auto* changes = GENERATE(kRename, kAdd);
  Rig rig(Engine::postgresql);
  make_users(rig, "INSERT INTO gone SELECT OLD.*");
  const auto plan =
      migrations::plan(rig.environment(), {file_of("1_users", Phase::contract, changes)}, {});
  REQUIRE(plan);
  CHECK(plan->error);
  const auto outcome = apply(rig, changes, Phase::expand, "r1");
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(text_of(outcome.error).find("trigger note (public.note())") != std::string::npos);
  rig.exec("DELETE FROM users");  // as before
  SECTION("unless that is allowed") {
    rig.allowed = {"trigger-functions"};
    CHECK(!apply(rig, changes, Phase::expand, "r1").error);
  }
  SECTION("or mended") {
    rig.exec(
        "CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT "
        "INTO gone (id) VALUES (OLD.id); RETURN NULL; END $$");
    CHECK(!apply(rig, changes, Phase::expand, "r1").error);
  }
}

TEST_CASE("a trigger's function that names the old column refuses contract", "[live][execute]") {
  const auto* changes = GENERATE(kRename, kDrop);
  Rig rig(Engine::postgresql);
  make_users(rig, "INSERT INTO gone VALUES (old.id, old . \"name\")");
  CHECK(warned_of(rig, changes, "function-bodies"));
  reach_switch(rig, changes);
  const auto outcome = apply(rig, changes, Phase::contract, "r2");
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(text_of(outcome.error).find("trigger note (public.note())") != std::string::npos);
  rig.exec("DELETE FROM users");  // as before
  rig.exec(
      "CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
      "$$ BEGIN /* old.name */ INSERT INTO gone (id) VALUES (OLD.id); RETURN NULL; END $$");
  CHECK(!apply(rig, changes, Phase::contract, "r2").error);
}

TEST_CASE("a rule that rewrites UPDATE is refused before anything is done", "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE users (id int PRIMARY KEY, name text) PARTITION BY RANGE (id)");
  rig.exec("CREATE TABLE users_1 PARTITION OF users FOR VALUES FROM (0) TO (10)");
  rig.exec("CREATE RULE still AS ON UPDATE TO users_1 DO INSTEAD NOTHING");
  const auto outcome = apply(rig, kRename, Phase::expand, "r1");
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(text_of(outcome.error).find("rule still of public.users_1") != std::string::npos);
  CHECK(!rig.has_column("users", "full_name"));
}

TEST_CASE("the plan warns of subscribers that lack the column", "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, "PERFORM 1");
  rig.exec("CREATE PUBLICATION all_users FOR TABLE users");
  CHECK(warned_of(rig, kAdd, "published-table"));
  CHECK(warned_of(rig, kRename, "published-table"));
}

TEST_CASE("an expression must be callable by all who write the table", "[live][execute]") {
  const auto* changes = GENERATE(
      "[[change]]\nkind = \"change_column\"\ntable = \"users\"\ncolumn = \"name\"\nname = "
      "\"nick\"\n"
      "type = \"text\"\nup = \"app.short(name)\"\ndown = \"nick\"",
      "[[change]]\nkind = \"add_column\"\ntable = \"users\"\nname = \"nick\"\ntype = \"text\"\n"
      "up = \"app.short(name)\"",
      "[[change]]\nkind = \"drop_column\"\ntable = \"users\"\ncolumn = \"name\"\n"
      "down = \"app.short(id::text)\"");
  CAPTURE(changes);
  Rig rig(Engine::postgresql);
  make_users(rig, "PERFORM 1");
  rig.exec("DROP ROLE IF EXISTS zdm_writer");
  rig.exec("CREATE ROLE zdm_writer");
  rig.exec("GRANT INSERT, UPDATE ON users TO zdm_writer");
  rig.exec("CREATE SCHEMA app");
  rig.exec("CREATE FUNCTION app.short(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'");
  const auto refused = apply(rig, changes, Phase::expand, "r1");
  rig.exec("GRANT USAGE ON SCHEMA app TO zdm_writer");
  const auto usable = apply(rig, changes, Phase::expand, "r1");
  rig.exec("DROP OWNED BY zdm_writer");
  rig.exec("DROP ROLE zdm_writer");
  INFO(text_of(usable.error));
  CHECK(!usable.error);
  REQUIRE(refused.error);
  CHECK(refused.error->code == ErrorCode::refused);
  CHECK(text_of(refused.error).find("app.short()") != std::string::npos);
}

TEST_CASE("a column that holds whole rows refuses a column that goes", "[live][execute]") {
  const auto text =
      GENERATE(as<std::string>{}, kRename, kDrop,
               "[[change]]\nkind = \"change_column\"\ntable = \"users\"\ncolumn = \"name\"\n"
               "type = \"varchar(40)\"\nup = \"name\"\ndown = \"name\"\ncompatible = \"yes\"",
               "[[change]]\nkind = \"split_column\"\ntable = \"users\"\ncolumn = \"name\"\n"
               "to = [{name = \"a\", type = \"text\", up = \"split_part(name, ' ', 1)\"},\n"
               "{name = \"b\", type = \"text\", up = \"split_part(name, ' ', 2)\"}]\n"
               "down = \"coalesce(a || ' ' || b, a, b)\"",
               "[[change]]\nkind = \"merge_columns\"\ntable = \"users\"\ncolumns = [\"name\"]\n"
               "to = {name = \"a\", type = \"text\"}\nup = \"name\"\ndown = {name = \"a\"}");
  CAPTURE(text);
  const auto* changes = text.c_str();
  Rig rig(Engine::postgresql);
  make_users(rig, "PERFORM 1");
  rig.exec("CREATE TABLE hist (id int, was users)");
  const auto plan =
      migrations::plan(rig.environment(), {file_of("1_users", Phase::contract, changes)}, {});
  REQUIRE(plan);
  CHECK(plan->error);
  const auto outcome = apply(rig, changes, Phase::expand, "r1");
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(text_of(outcome.error).find("public.hist.was") != std::string::npos);
  rig.exec("ALTER TABLE hist ALTER COLUMN was TYPE jsonb USING to_jsonb(was)");
  reach_switch(rig, changes);
  rig.exec("CREATE TABLE later (was users)");
  const auto contract = apply(rig, changes, Phase::contract, "r2");
  REQUIRE(contract.error);
  CHECK(text_of(contract.error).find("public.later.was") != std::string::npos);
  rig.exec("DROP TABLE later");
  CHECK(text_of(apply(rig, changes, Phase::contract, "r2").error).empty());
}

TEST_CASE("rows are found in whatever holds them", "[live][execute]") {
  const auto [made, holder] = GENERATE(table<std::string, std::string>(
      {{"CREATE TABLE hist (was users[])", "public.hist.was"},
       {"CREATE DOMAIN one AS users CHECK (VALUE IS NOT NULL); CREATE TABLE hist (was one)",
        "public.hist.was"},
       {"CREATE TYPE pair AS (a users, b users); CREATE TABLE hist (was pair[])",
        "public.hist.was"},
       {"CREATE TABLE \"Old\" (was users); CREATE TABLE hist (had \"Old\")",
        "public.\"Old\".was, public.hist.had"},
       {"CREATE TABLE hist (id int, was users) PARTITION BY RANGE (id);"
        "CREATE TABLE hist_1 PARTITION OF hist DEFAULT",
        "(public.hist.was)"},
       {"CREATE TABLE hist (was users_1)", "public.hist.was"},
       {"CREATE MATERIALIZED VIEW hist AS SELECT NULL::users AS was", "public.hist.was"}}));
  CAPTURE(made);
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE users (id int PRIMARY KEY, name text, age int) PARTITION BY RANGE (id)");
  rig.exec("CREATE TABLE users_1 PARTITION OF users FOR VALUES FROM (0) TO (10)");
  rig.exec(made);
  const auto outcome = apply(rig, kDrop, Phase::expand, "r1");
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(text_of(outcome.error).find(holder) != std::string::npos);
  CHECK(text_of(apply(rig, kAdd, Phase::expand, "r1").error).find("stored") == std::string::npos);
}

TEST_CASE("rows that are only passed through refuse nothing", "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, "PERFORM 1");
  rig.exec("CREATE FUNCTION first() RETURNS users LANGUAGE sql AS 'SELECT users FROM users'");
  rig.exec("CREATE TYPE pair AS (a users, b users)");
  CHECK(text_of(apply(rig, kDrop, Phase::expand, "r1").error).empty());
}
