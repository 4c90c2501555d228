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

namespace {

/// Of the keys of one change each: the first is not rolled back before the second.
struct Stand {
  std::string first, second, words;
};

const std::string kAddX =
    "kind = \"add_column\"\ntable = \"d\"\nname = \"x\"\ntype = \"integer\"\n";
const std::string kAddXUp = kAddX + "up = \"id\"\n";
const std::string kIndexX =
    "kind = \"create_index\"\ntable = \"d\"\nname = \"xi\"\ncolumns = [\"abs(x) desc\"]\n";
const std::string kMakeT =
    "kind = \"create_table\"\ntable = \"t\"\n"
    "columns = [{name = \"id\", type = \"integer\"}, {name = \"x\", type = \"text\"}]\n"
    "primary_key = [\"id\"]\n";
const std::string kView = "kind = \"create_view\"\nname = \"v\"\nquery = \"SELECT id FROM d\"\n";

void stands(Engine engine, const Stand& stand) {
  INFO(stand.first << stand.second);
  Rig rig(engine);
  rig.exec("CREATE TABLE d (id integer PRIMARY KEY, name text)");
  rig.exec("INSERT INTO d VALUES (1, 'a')");
  const auto one = file("1_one", stand.first);
  const auto two = file("2_two", stand.second);
  take(rig, {one}, "r1");
  take(rig, {one, two}, "r2");
  refuses(rig, {one, two}, of("1_one"),
          {"2_two stands on " + stand.words + ", which 1_one made", "--to none 2_two"});
  CHECK(switch_of(rig, "1_one") == "done");
  undoes(rig, {one, two}, of("2_two"));
  undoes(rig, {one, two}, of("1_one"));
}

}  // namespace

TEST_CASE("a migration is not rolled back before what later ones made of its columns and tables",
          "[live][execute]") {
  for (const auto engine : {Engine::postgresql, Engine::sqlite}) {
    for (const Stand& stand : std::vector<Stand>{
             {kAddXUp, kIndexX, "column d.x"},
             {kAddX, kIndexX, "column d.x"},
             {"kind = \"rename_column\"\ntable = \"d\"\nfrom = \"name\"\nto = \"x\"\n",
              "kind = \"create_index\"\ntable = \"d\"\nname = \"xi\"\ncolumns = [\"id\"]\n"
              "where = \"x > 'b'\"\n",
              "column d.x"},
             {kAddXUp, "kind = \"create_view\"\nname = \"v\"\nquery = \"SELECT d.x FROM d\"\n",
              "column d.x"},
             {kMakeT, "kind = \"rename_column\"\ntable = \"t\"\nfrom = \"x\"\nto = \"y\"\n",
              "table t"},
             {kView, "kind = \"create_view\"\nname = \"w\"\nquery = \"SELECT id FROM v\"\n",
              "view v"}}) {
      stands(engine, stand);
    }
  }
  for (const Stand& stand : std::vector<Stand>{
           {kAddXUp, "kind = \"add_check\"\ntable = \"d\"\nname = \"c\"\ncheck = \"x > 0\"\n",
            "column d.x"},
           {kAddX, "kind = \"set_comment\"\ntable = \"d\"\ncolumn = \"x\"\ncomment = \"c\"\n",
            "column d.x"},
           {kMakeT,
            "kind = \"add_foreign_key\"\ntable = \"d\"\nname = \"f\"\ncolumns = [\"id\"]\n"
            "references = {table = \"public.t\", columns = [\"id\"]}\n",
            "table t"},
           {"kind = \"rename_table\"\nfrom = \"d\"\nto = \"e\"\n",
            "kind = \"add_column\"\ntable = \"e\"\nname = \"y\"\ntype = \"integer\"\n", "table e"},
           {kView, "kind = \"replace_view\"\nname = \"v\"\nquery = \"SELECT id, name FROM d\"\n",
            "view v"},
           {"kind = \"change_column\"\ntable = \"d\"\ncolumn = \"name\"\ntype = \"varchar(9)\"\n"
            "up = \"name\"\ndown = \"name\"\ncompatible = \"texts\"\n",
            "kind = \"create_index\"\ntable = \"d\"\nname = \"xi\"\ncolumns = [\"name\"]\n",
            "column d.name"}}) {
    // A demand without `up` waits for the release to be live: expand is enough.
    if (stand.second.find("add_check") == std::string::npos &&
        stand.second.find("foreign") == std::string::npos) {
      stands(Engine::postgresql, stand);
      continue;
    }
    INFO(stand.second);
    Rig rig(Engine::postgresql);
    rig.exec("CREATE TABLE d (id integer PRIMARY KEY, name text)");
    const auto one = file("1_one", stand.first);
    const auto two = file("2_two", stand.second);
    take(rig, {one}, "r1");
    REQUIRE(!rig.apply({one, two}, options_for(Phase::expand, "r2")).error);
    refuses(rig, {one, two}, of("1_one"), {"2_two stands on " + stand.words});
    undoes(rig, {one, two}, of("2_two"));
    undoes(rig, {one, two}, of("1_one"));
  }
}

TEST_CASE("a migration is rolled back whatever others did to the rest of its table, or before it",
          "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  rig.allowed = {"live-readers"};
  rig.exec("CREATE TABLE d (id integer PRIMARY KEY, name text)");
  const auto index = file("0_index",
                          "kind = \"create_index\"\ntable = \"d\"\nname = \"ni\"\n"
                          "columns = [\"name\"]\n");
  const auto retyped = file("1_type",
                            "kind = \"change_column\"\ntable = \"d\"\ncolumn = \"name\"\n"
                            "type = \"varchar(9)\"\nup = \"name\"\ndown = \"name\"\n");
  const auto add = file("2_add", kAddX);
  const auto drop = file("3_drop", "kind = \"drop_column\"\ntable = \"d\"\ncolumn = \"x\"\n");
  const auto again = file("4_again", kAddXUp);
  const auto other = file("5_other",
                          "kind = \"add_column\"\ntable = \"d\"\nname = \"y\"\n"
                          "type = \"integer\"\nup = \"id\"\n");
  take(rig, {index, retyped, add}, "r1");
  take(rig, {index, retyped, add, drop}, "r2");
  rig.live("r2");
  auto contract = options_for(Phase::contract, "r3");
  contract.yes = true;
  contract.only = {add.id, drop.id};
  const auto contracted = rig.apply({index, retyped, add, drop}, contract);
  INFO(text_of(contracted.error));
  REQUIRE(!contracted.error);
  REQUIRE(!rig.has_column("d", "x"));
  const std::vector<planner::Migration> all = {index, retyped, add, drop, again, other};
  take(rig, all, "r4");
  undoes(rig, all, of("4_again"));
  undoes(rig, all, of("1_type"));
  CHECK(rig.has_column("d", "y"));
  CHECK(!rig.has_column("d", "x"));
}

TEST_CASE("an earlier phase stays although a later migration stands on what it made",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE d (id integer PRIMARY KEY)");
  const auto one = file("1_one", kAddX);
  const auto two = file("2_two", kIndexX);
  take(rig, {one, two}, "r1");
  undoes(rig, {one, two}, of("1_one", Phase::expand));
  CHECK(rig.value("SELECT count(*) FROM pg_class WHERE relname = 'xi'") == "1");
}
