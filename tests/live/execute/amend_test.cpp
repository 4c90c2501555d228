#include "rig.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Engine;
using planner::ErrorCode;
using planner::Phase;

namespace {

planner::Migration with_up(const std::string& up, const std::string& checksum) {
  auto migration = rename_users_name(Phase::switch_);
  migration.expressions_checksum = checksum;
  auto& change = std::get<planner::RenameColumn>(migration.changes[0].kind);
  change.common.up = planner::SqlText{.text = up, .source = {}};
  change.common.down = planner::SqlText{.text = "full_name", .source = {}};
  return migration;
}

}  // namespace

TEST_CASE("a row that up cannot convert stops the backfill; a corrected up carries it on",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 30);
  auto file = with_up("CASE WHEN id = 7 THEN (1 / (id - 7))::text ELSE name END", "sha256:e1");
  auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::failed);
  CHECK(outcome.report.migrations.back().state == "failed");

  file = with_up("name", "sha256:e2");
  outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::drift);

  file.amended = "division by zero for id 7";
  outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(rig.value("SELECT count(*) FROM users WHERE full_name IS DISTINCT FROM name") == "0");
}

TEST_CASE("an up corrected after backfill is verified against what was filled", "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 30);
  auto file = with_up("upper(name)", "sha256:e1");
  auto outcome = rig.apply({file}, options_for(Phase::expand, "r1"));
  REQUIRE(!outcome.error);
  outcome = rig.apply({file}, options_for(Phase::backfill, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  file = with_up("lower(name)", "sha256:e2");
  file.amended = "names are kept in lower case";
  // Neither up(old) nor down(new) explains what the first up wrote: never silently filled again.
  outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
  rig.exec("UPDATE users SET full_name = lower(name)");
  outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  rig.exec("INSERT INTO users (id, name) VALUES (100, 'New')");
  CHECK(rig.value("SELECT full_name FROM users WHERE id = 100") == "new");
}

TEST_CASE("a trigger that came between the phases is answered in the file", "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 30);
  const auto file = [](const std::string& more) {
    return file_of("0001_name", Phase::switch_,
                   "[[change]]\nkind = \"rename_column\"\ntable = \"users\"\n"
                   "from = \"name\"\nto = \"full_name\"\n" +
                       more);
  };
  REQUIRE(!rig.apply({file("")}, options_for(Phase::expand, "r1")).error);
  rig.exec("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'");
  rig.exec("CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f()");
  auto outcome = rig.apply({file("")}, options_for(std::nullopt, "r1"));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);

  auto answered = file("user_triggers = \"fire\"\n");
  outcome = rig.apply({answered}, options_for(std::nullopt, "r1"));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::drift);
  answered.amended = "the trigger does nothing to names";
  outcome = rig.apply({answered}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(rig.value("SELECT count(*) FROM users WHERE full_name IS DISTINCT FROM name") == "0");
}

TEST_CASE("what is said of a column's type in place may be said before switch", "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  make_users(rig, 30);
  const auto file = [](const std::string& more) {
    return file_of("0001_name", Phase::switch_,
                   "[[change]]\nkind = \"change_column\"\ntable = \"users\"\n"
                   "column = \"name\"\ntype = \"varchar(99)\"\nup = \"name\"\n"
                   "down = \"name\"\n" +
                       more);
  };
  REQUIRE(!rig.apply({file("")}, options_for(Phase::expand, "r1")).error);
  REQUIRE(!rig.apply({file("")}, options_for(Phase::backfill, "r1")).error);
  auto said = file("compatible = \"text either way\"\n");
  said.amended = "asked by the gate";
  const auto outcome = rig.apply({said}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(rig.value("SELECT count(*) FROM users WHERE name IS NULL") == "0");
}

TEST_CASE("a backfill whose corrected run got nowhere is undone as it stands", "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  make_users(rig, 3);
  auto file = with_up("upper(name)", "sha256:e1");
  REQUIRE(!rig.apply({file}, options_for(Phase::expand, "r1")).error);
  REQUIRE(!rig.apply({file}, options_for(Phase::backfill, "r1")).error);
  file = with_up("lower(name)", "sha256:e2");
  file.amended = "lower case";
  rig.spy->run = [](migrations::Connection& inner, std::string_view sql,
                    std::span<const migrations::Text> parameters) {
    if (sql.starts_with("CREATE") && sql.find("zzz_zdm_users_") != std::string_view::npos) {
      return migrations::Result<migrations::Rows>(planner::fail(ErrorCode::failed, "no room", ""));
    }
    return inner.run(sql, parameters);
  };
  REQUIRE(rig.apply({file}, options_for(std::nullopt, "r1")).error);
  rig.spy->run = {};
  rig.allowed = {"divergent-rows"};  // the first `up` filled what the corrected one does not give
  const auto outcome = rig.rollback({file}, {.to_none = true});
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(!rig.has_column("users", "full_name"));
  rig.exec("INSERT INTO users (id, name) VALUES (100, 'New')");
  if (rig.sqlite()) {
    CHECK(rig.value("SELECT \"notnull\" FROM pragma_table_info('users') WHERE name = 'name'") ==
          "1");
  }
}

TEST_CASE("SQLite: up is corrected where the old column is NOT NULL", "[live][execute]") {
  Rig rig(Engine::sqlite);
  make_users(rig, 3);
  auto file = with_up("upper(name)", "sha256:e1");
  REQUIRE(!rig.apply({file}, options_for(Phase::expand, "r1")).error);
  REQUIRE(!rig.apply({file}, options_for(Phase::backfill, "r1")).error);
  file = with_up("upper(trim(name))", "sha256:e2");
  file.amended = "spaces";
  auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  rig.exec("INSERT INTO users (id, name) VALUES (100, ' new ')");
  CHECK(rig.value("SELECT full_name FROM users WHERE id = 100") == "NEW");
  outcome = rig.rollback({file}, {.to_none = true});
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(rig.value("SELECT \"notnull\" FROM pragma_table_info('users') WHERE name = 'name'") == "1");
}
