// What rollback looks at before it takes anything back.
#include <fmt/format.h>

#include "rig.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Engine;
using planner::ErrorCode;
using planner::Phase;

namespace {

planner::Migration file(const std::string& id, const std::string& keys) {
  return file_of(id, Phase::contract, "[[change]]\n" + keys);
}

migrations::RollbackOptions of(const std::string& id, std::optional<Phase> to = {}) {
  migrations::RollbackOptions options;
  options.migration = planner::MigrationId{id};
  options.to = to;
  options.to_none = !to;
  return options;
}

/// Up to switch.
void take(Rig& rig, const std::vector<planner::Migration>& files, const std::string& release) {
  for (const auto phase : {Phase::expand, Phase::backfill, Phase::switch_}) {
    const auto outcome = rig.apply(files, options_for(phase, release));
    INFO(text_of(outcome.error));
    REQUIRE(!outcome.error);
  }
}

void refuses(Rig& rig, const std::vector<planner::Migration>& files,
             const migrations::RollbackOptions& options, const std::vector<std::string>& words) {
  const auto outcome = rig.rollback(files, options);
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  const auto said = outcome.error->message + " | " + outcome.error->hint;
  for (const auto& word : words) {
    INFO(word);
    CHECK(said.find(word) != std::string::npos);
  }
}

void undoes(Rig& rig, const std::vector<planner::Migration>& files,
            const migrations::RollbackOptions& options) {
  const auto outcome = rig.rollback(files, options);
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
}

std::string switch_of(Rig& rig, const std::string& id) {
  return rig.value(fmt::format("SELECT state FROM {} WHERE phase = 'switch' AND migration = '{}'",
                               rig.sqlite() ? "zdm_phase" : "zdm.phase", id));
}

constexpr const char* kSplit =
    "kind = \"split_column\"\ntable = \"d\"\ncolumn = \"name\"\n"
    "down = \"first || ' ' || last\"\n"
    "[[change.to]]\nname = \"first\"\ntype = \"text\"\n"
    "up = \"substr(name, 1, {0} - 1)\"\n"
    "[[change.to]]\nname = \"last\"\ntype = \"text\"\nup = \"substr(name, {0} + 1)\"\n";

planner::Migration split(Engine engine) {
  const char* at = engine == Engine::sqlite ? "instr(name, ' ')" : "strpos(name, ' ')";
  return file("1_split", fmt::format(fmt::runtime(kSplit), at));
}

planner::Migration change(const std::string& more) {
  return file(
      "1_change",
      "kind = \"change_column\"\ntable = \"d\"\ncolumn = \"qty\"\ntype = \"bigint\"\n" + more);
}

}  // namespace

TEST_CASE("rollback refuses while a value is in the new columns alone, unless allowed",
          "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  rig.exec("CREATE TABLE d (id integer PRIMARY KEY, name text)");
  rig.exec("INSERT INTO d VALUES (1, 'Ada Lovelace'), (2, 'Alan Turing'), (3, NULL)");
  const auto one = split(engine);
  take(rig, {one}, "r1");
  rig.exec("INSERT INTO d (id, first) VALUES (7, 'Cher')");
  rig.exec("UPDATE d SET last = 'Mathison Turing' WHERE id = 2");
  refuses(
      rig, {one}, of("1_split"),
      {"1 of 4 rows of", "7}", "Cher", "old NULL", "nothing was undone", "--allow divergent-rows"});
  CHECK(switch_of(rig, "1_split") == "done");
  CHECK(rig.value("SELECT first FROM d WHERE id = 7") == "Cher");
  undoes(rig, {one}, of("1_split", Phase::backfill));  // the triggers stay
  refuses(rig, {one}, of("1_split", Phase::expand), {"1 of 4 rows of"});
  const bool allow = GENERATE(true, false);
  if (allow) {
    rig.allowed = {"divergent-rows"};
  } else {
    rig.exec("UPDATE d SET name = 'Cher ', first = 'Cher', last = '' WHERE id = 7");
  }
  undoes(rig, {one}, of("1_split"));
  CHECK(rig.value("SELECT name FROM d WHERE id = 2") == "Alan Mathison Turing");
  CHECK(rig.value("SELECT count(*) FROM d WHERE id = 7 AND name = 'Cher '") == (allow ? "0" : "1"));
}

TEST_CASE("rollback refuses values that on_error kept from the old column", "[live][execute]") {
  const bool same_name = GENERATE(true, false);
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE d (id integer PRIMARY KEY, qty integer)");
  rig.exec("INSERT INTO d VALUES (1, 1), (2, 2), (3, NULL)");
  const std::string column = same_name ? "qty" : "qty2";
  const auto one = change(fmt::format("{}up = \"qty\"\ndown = \"{}::int\"\non_error = \"null\"\n",
                                      same_name ? "" : "name = \"qty2\"\n", column));
  take(rig, {one}, "r1");
  rig.exec(fmt::format("INSERT INTO d (id, {}) VALUES (7, 999999999999)", column));
  refuses(rig, {one}, of("1_change"), {"1 of 4 rows of", "{\"id\": 7}", "999999999999"});
  CHECK(rig.value(fmt::format("SELECT {} FROM d WHERE id = 7", column)) == "999999999999");
  rig.exec(fmt::format("UPDATE d SET {} = 12 WHERE id = 7", column));
  undoes(rig, {one}, of("1_change"));
  CHECK(rig.value("SELECT string_agg(qty::text, ' ' ORDER BY id) FROM d") == "1 2 12");
}

TEST_CASE("rollback of a plain copy, or of a column that was added, reads no row",
          "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  rig.exec("CREATE TABLE d (id integer PRIMARY KEY, name text)");
  rig.exec("INSERT INTO d VALUES (1, 'a')");
  const auto one = file_of(
      "1_copy", Phase::contract,
      "[[change]]\nkind = \"rename_column\"\ntable = \"d\"\nfrom = \"name\"\nto = \"title\"\n"
      "[[change]]\nkind = \"add_column\"\ntable = \"d\"\nname = \"size\"\ntype = \"text\"\n"
      "up = \"lower(name)\"\n");
  take(rig, {one}, "r1");
  rig.exec("UPDATE d SET title = 'b', size = 'c'");
  rig.spy->run =
      [](migrations::Connection& connection, std::string_view sql,
         std::span<const migrations::Text> parameters) -> migrations::Result<migrations::Rows> {
    CHECK(sql.find("SELECT count(*), count(CASE") == std::string_view::npos);
    return connection.run(sql, parameters);
  };
  undoes(rig, {one}, of("1_copy"));
  rig.spy->run = nullptr;
  CHECK(rig.value("SELECT name FROM d") == "b");
}
