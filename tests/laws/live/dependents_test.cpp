// Laws 10 and 11: nothing goes that somebody needs, and nothing that only has the right name.
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

struct Dependent {
  std::string what;  ///< what the refusal names
  std::string sql;
};

const std::vector<Dependent> kDependents = {
    {"names_view", "CREATE VIEW names_view AS SELECT name FROM users"},
    {"names_kept", "CREATE MATERIALIZED VIEW names_kept AS SELECT upper(name) FROM users"},
    {"only_a", "CREATE POLICY only_a ON users USING (name = 'a')"},
    {"initial",
     "ALTER TABLE users ADD COLUMN initial text GENERATED ALWAYS AS (left(name, 1)) STORED"},
    {"names_stats", "CREATE STATISTICS names_stats ON id, name FROM users"},
    {"on_name",
     "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
     "CREATE TRIGGER on_name AFTER UPDATE OF name ON users FOR EACH ROW EXECUTE FUNCTION "
     "nothing()"}};

planner::Migration drop_users_name(Phase phase) {
  return file_of("1_gone", phase,
                 "[[change]]\nkind = \"drop_column\"\ntable = \"users\"\ncolumn = \"name\"\n");
}

/// Contract of the rename, the release that reads the new shape alone being live.
migrations::ApplyOutcome contract(Rig& rig) {
  auto options = options_for(Phase::contract, "r2");
  options.yes = true;
  return rig.apply({rename_users_name(Phase::contract)}, options);
}

void until_switch(Rig& rig) {
  make_users(rig, 20);
  const auto outcome =
      rig.apply({rename_users_name(Phase::switch_)}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  rig.live("r1");
}

/// Plans contract, stores its steps, and stops before the first.
void store_contract(Rig& rig) {
  rig.spy->run = [](Connection& connection, std::string_view sql,
                    std::span<const Text> parameters) -> Result<Rows> {
    if (sql.find("DROP") != std::string_view::npos) return planner::fail(ErrorCode::failed, "no");
    return connection.run(sql, parameters);
  };
  REQUIRE(contract(rig).error);
  rig.spy->run = nullptr;
  REQUIRE(rig.has_column("users", "name"));
}

}  // namespace

TEST_CASE("what depends on a column refuses its replacement before anything is done",
          "[live][laws][law10]") {
  for (const Dependent& dependent : kDependents) {
    INFO(dependent.what);
    Rig rig(Engine::postgresql);
    make_users(rig, 5);
    rig.exec(dependent.sql);
    for (const auto& file : {rename_users_name(Phase::switch_), drop_users_name(Phase::switch_)}) {
      const auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
      INFO(file.id.value << ": " << text_of(outcome.error));
      REQUIRE(outcome.error);
      CHECK(outcome.error->code == ErrorCode::refused);
      CHECK(outcome.error->message.find(dependent.what) != std::string::npos);
      CHECK(!rig.has_column("users", "full_name"));
    }
  }
}

TEST_CASE("a view that the same file turns away from the column does not refuse its replacement",
          "[live][laws][law10]") {
  struct Attempt {
    const char* query;  ///< of the view, in the same file; empty: it is not replaced
    const char* hint;   ///< of the refusal; empty: there is none
  };
  const auto [query, hint] =
      GENERATE(Attempt{"SELECT full_name AS name FROM users", ""},
               Attempt{"SELECT * FROM users", "may still read the column"},
               Attempt{"SELECT name FROM users", "may still read the column"},
               Attempt{"", "let a replace_view below this change"});
  CAPTURE(query);
  Rig rig(Engine::postgresql);
  make_users(rig, 5);
  rig.exec("CREATE VIEW names AS SELECT name FROM users");
  std::string text =
      "[[change]]\nkind = \"rename_column\"\ntable = \"users\"\nfrom = \"name\"\n"
      "to = \"full_name\"\n";
  if (*query != '\0') {
    text += fmt::format("[[change]]\nkind = \"replace_view\"\nname = \"names\"\nquery = \"{}\"\n",
                        query);
  }
  const auto file = file_of("1_renamed", Phase::switch_, text);
  const auto forecast = migrations::plan(rig.environment(), {file}, {});
  REQUIRE(forecast);
  CHECK(forecast->error.has_value() == (*hint != '\0'));
  const auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(outcome.error.has_value() == (*hint != '\0'));
  if (outcome.error) {
    CHECK(outcome.error->code == ErrorCode::refused);
    CHECK(outcome.error->hint.find(hint) != std::string::npos);
    CHECK(!rig.has_column("users", "full_name"));
  } else {
    rig.exec("UPDATE users SET full_name = 'new' WHERE id = 1");
    CHECK(rig.value("SELECT count(*) FROM names WHERE name = 'new'") == "1");
  }
}

TEST_CASE("what came to depend on a column is refused at contract, by name",
          "[live][laws][law10]") {
  std::vector<Dependent> later = kDependents;
  later.push_back({"names_again", "CREATE INDEX names_again ON users (lower(name))"});
  later.push_back({"short", "ALTER TABLE users ADD CONSTRAINT short CHECK (length(name) < 99)"});
  for (const Dependent& dependent : later) {
    INFO(dependent.what);
    Rig rig(Engine::postgresql);
    until_switch(rig);
    rig.exec(dependent.sql);
    const auto outcome = contract(rig);
    INFO(text_of(outcome.error));
    REQUIRE(outcome.error);
    CHECK(outcome.error->code == ErrorCode::refused);
    CHECK(outcome.error->message.find(dependent.what) != std::string::npos);
    CHECK(rig.has_column("users", "name"));
  }
}

TEST_CASE("contract never drops the copy that took the old column's name", "[live][laws][law11]") {
  Rig rig(Engine::postgresql);
  until_switch(rig);
  SECTION("once its steps are stored") {
    store_contract(rig);
  }
  SECTION("before it is planned") {}
  rig.exec(
      "ALTER TABLE users RENAME name TO past; ALTER TABLE users RENAME full_name TO name; "
      "ALTER TABLE users RENAME past TO full_name");
  rig.exec(
      "SET session_replication_role = replica; "
      "UPDATE users SET name = 'only here', full_name = 'gone' WHERE id = 7; "
      "RESET session_replication_role");
  const auto outcome = contract(rig);
  INFO(text_of(outcome.error));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::drift);
  CHECK(rig.value("SELECT name FROM users WHERE id = 7") == "only here");
}

TEST_CASE("a table made again under the old name is not the one that was migrated",
          "[live][laws][law11]") {
  Rig rig(Engine::postgresql);
  until_switch(rig);
  rig.exec(
      "ALTER TABLE users RENAME TO former; CREATE TABLE users (id integer PRIMARY KEY, name text, "
      "full_name text); INSERT INTO users VALUES (1, 'another', 'table')");
  const auto outcome = contract(rig);
  INFO(text_of(outcome.error));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::drift);
  CHECK(rig.value("SELECT name FROM users") == "another");
}
