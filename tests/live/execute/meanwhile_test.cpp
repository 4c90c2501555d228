#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "rig.hpp"
#include "support/catch.hpp"
#include "support/wait.hpp"

/// Tables and sessions of others that stand in the way, and what happens to an object meanwhile.
using namespace zdm;
using namespace zdm::tests;
using migrations::Engine;
using planner::ErrorCode;
using planner::Phase;

namespace {

planner::Migration file(const std::string& id, const std::string& change,
                        Phase phase = Phase::contract) {
  return file_of(id, phase, "[[change]]\n" + change);
}

void must(Rig& rig, const std::vector<planner::Migration>& files, Phase phase,
          const std::string& release) {
  const auto outcome = rig.apply(files, options_for(phase, release));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
}

planner::Error refused(const migrations::ApplyOutcome& outcome, const std::string& words) {
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(text_of(outcome.error).find(words) != std::string::npos);
  return *outcome.error;
}

migrations::RollbackOptions all_of(const std::string& id) {
  migrations::RollbackOptions options;
  options.migration = planner::MigrationId{id};
  options.to_none = true;
  return options;
}

std::string constraints(Rig& rig) {
  return rig.value(
      "SELECT coalesce(string_agg(conname, ',' ORDER BY conname), '') FROM pg_constraint "
      "WHERE conrelid = 't'::regclass");
}

}  // namespace

TEST_CASE("what speaks of the old values is not carried to other ones", "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto* object = GENERATE("CREATE UNIQUE INDEX few ON t (id) WHERE amount < 10",
                                "CREATE UNIQUE INDEX few ON t ((amount / 100))", "");
  CAPTURE(object);
  Rig rig(engine);
  rig.exec(fmt::format("CREATE TABLE t (id int PRIMARY KEY, amount int{})",
                       *object == '\0' ? " CHECK (amount < 10000)" : ""));
  if (*object != '\0') rig.exec(object);
  const auto change = [&](const std::string& up, const std::string& down) {
    return file("1_cents",
                "kind = \"change_column\"\ntable = \"t\"\ncolumn = \"amount\"\nname = \"cents\"\n"
                "type = \"bigint\"\nup = \"" +
                    up + "\"\ndown = \"" + down + "\"");
  };
  const auto outcome =
      rig.apply({change("amount * 100", "cents / 100")}, options_for(Phase::expand, "r1"));
  CHECK(refused(outcome, "cannot be carried to the new column").code == ErrorCode::refused);
  CHECK(!rig.has_column("t", "cents"));
  if (engine == Engine::sqlite && *object == '\0') return;  // only a rename carries a CHECK there
  must(rig, {change("CAST(amount AS bigint)", "CAST(cents AS int)")}, Phase::expand, "r1");
}

TEST_CASE("rows that break a demand are told before it is made", "[live][execute]") {
  const auto* change =
      GENERATE("kind = \"set_not_null\"\ntable = \"t\"\ncolumn = \"a\"",
               "kind = \"add_check\"\ntable = \"t\"\nname = \"given\"\ncheck = \"a IS NOT NULL\"");
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE t (id int PRIMARY KEY, a int, b int)");
  rig.exec("INSERT INTO t VALUES (1, NULL, 1)");
  const auto migration = file("1_t", change, Phase::switch_);
  must(rig, {migration}, Phase::expand, "r1");
  rig.live("r1");
  const auto outcome = rig.apply({migration}, options_for(std::nullopt, "r2"));
  CHECK(refused(outcome, "does not hold for all rows").code == ErrorCode::refused);
  CHECK(constraints(rig) == "t_pkey");
  rig.exec("UPDATE t SET b = 2");
  rig.exec("UPDATE t SET a = 1");
  const auto again = rig.apply({migration}, options_for(std::nullopt, "r2"));
  INFO(text_of(again.error));
  CHECK(!again.error);
}

TEST_CASE("a NOT NULL that a row broke meanwhile leaves no check behind when it is undone",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE t (id int PRIMARY KEY, a int)");
  const auto migration =
      file("1_t", "kind = \"set_not_null\"\ntable = \"t\"\ncolumn = \"a\"", Phase::switch_);
  must(rig, {migration}, Phase::expand, "r1");
  rig.live("r1");
  rig.spy->run = [&](migrations::Connection& connection, std::string_view sql,
                     std::span<const migrations::Text> parameters) {
    if (sql.find("NOT VALID") != std::string_view::npos) {
      rig.spy->run = nullptr;
      rig.exec("INSERT INTO t VALUES (1, NULL)");
    }
    return connection.run(sql, parameters);
  };
  REQUIRE(rig.apply({migration}, options_for(std::nullopt, "r2")).error);
  REQUIRE(constraints(rig) != "t_pkey");
  rig.allowed = {"live-readers"};
  const auto undone = rig.rollback({migration}, all_of("1_t"));
  INFO(text_of(undone.error));
  REQUIRE(!undone.error);
  CHECK(constraints(rig) == "t_pkey");
}

TEST_CASE("a foreign key is finished although the tables got other names", "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE teams (id int PRIMARY KEY)");
  rig.exec("CREATE TABLE t (id int PRIMARY KEY, team int)");
  const auto key = file("1_key",
                        "kind = \"add_foreign_key\"\ntable = \"t\"\ncolumns = [\"team\"]\n"
                        "name = \"of_team\"\nreferences = {table = \"teams\", columns = [\"id\"]}");
  const auto rename =
      file("2_groups", "kind = \"rename_table\"\nfrom = \"teams\"\nto = \"groups\"");
  must(rig, {key}, Phase::expand, "r0");
  rig.live("r0");
  for (const auto phase : {Phase::backfill, Phase::switch_}) must(rig, {key}, phase, "r1");
  for (const auto phase : {Phase::expand, Phase::backfill, Phase::switch_}) {
    must(rig, {key, rename}, phase, "r2");
  }
  rig.live("r2");
  must(rig, {key, rename}, Phase::contract, "r3");
  const auto plan = migrations::plan(rig.environment(), {key, rename}, {});
  REQUIRE(plan);
  CHECK(!plan->error);
}

TEST_CASE("a column is renamed again while the first rename is in flight", "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL)");
  rig.exec("INSERT INTO t VALUES (1, 'x')");
  const auto rename = [](const std::string& id, const std::string& from, const std::string& to) {
    return file(id, fmt::format("kind = \"rename_column\"\ntable = \"t\"\nfrom = \"{}\"\n"
                                "to = \"{}\"",
                                from, to));
  };
  const auto first = rename("1_b", "a", "b");
  const auto second = rename("2_c", "b", "c");
  for (const auto phase : {Phase::expand, Phase::backfill, Phase::switch_}) {
    must(rig, {first}, phase, "r1");
  }
  rig.live("r1");
  for (const auto phase : {Phase::expand, Phase::backfill, Phase::switch_}) {
    must(rig, {first, second}, phase, "r2");
  }
  rig.live("r2");
  must(rig, {first, second}, Phase::contract, "r3");
  CHECK(rig.value("SELECT c FROM t") == "x");
  CHECK(constraints(rig) == "t_pkey");
}

TEST_CASE("contract refuses to drop a value that `up` makes nothing of", "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  rig.exec("CREATE TABLE t (id int PRIMARY KEY, first text, last text)");
  rig.exec("INSERT INTO t VALUES (1, 'Ada', 'Byron'), (2, 'Plato', NULL), (3, NULL, NULL)");
  const auto migration =
      file("1_name",
           "kind = \"merge_columns\"\ntable = \"t\"\ncolumns = [\"first\", \"last\"]\n"
           "to = {name = \"name\", type = \"text\"}\nup = \"first || ' ' || last\"\n"
           "down = {first = \"substr(name, 1, 3)\", last = \"substr(name, 5)\"}");
  for (const auto phase : {Phase::expand, Phase::backfill, Phase::switch_}) {
    must(rig, {migration}, phase, "r1");
  }
  rig.live("r1");
  const auto outcome = rig.apply({migration}, options_for(Phase::contract, "r2"));
  CHECK(refused(outcome, "1 of 3 rows").code == ErrorCode::refused);
  CHECK(rig.value("SELECT first FROM t WHERE id = 2") == "Plato");
  const auto verified = migrations::verify(rig.environment(), {migration}, {});
  REQUIRE(verified);
  CHECK(verified->migrations.at(0).differing == 1);
  rig.exec("UPDATE t SET name = 'Plato' WHERE id = 2");
  must(rig, {migration}, Phase::contract, "r2");
}

TEST_CASE("a statement that failed and changed nothing is rolled back as nothing",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE t (id int PRIMARY KEY, a int)");
  const auto migration = [](const std::string& statement) {
    return file("1_sql",
                "kind = \"sql\"\nexpand = \"CREATE TABLE u (id int)\"\n"
                "undo_expand = \"DROP TABLE u\"\nbackfill = \"" +
                    statement + "\"",
                Phase::backfill);
  };
  must(rig, {migration("UPDATE t SET b = 1")}, Phase::expand, "r1");
  const auto failed =
      rig.apply({migration("UPDATE t SET b = 1")}, options_for(Phase::backfill, "r1"));
  REQUIRE(failed.error);
  migrations::RollbackOptions options;
  options.migration = planner::MigrationId{"1_sql"};
  const auto undone = rig.rollback({migration("UPDATE t SET b = 1")}, options);
  INFO(text_of(undone.error));
  CHECK(!undone.error);
}

TEST_CASE("a table that another session keeps to itself is waited for, then busy",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 3);
  rig.locks.timeout = std::chrono::milliseconds(200);
  auto other = rig.database->connect();
  REQUIRE(other->run("BEGIN"));
  REQUIRE(other->run("LOCK TABLE users IN ACCESS EXCLUSIVE MODE"));
  const auto migration = rename_users_name(Phase::expand);
  SECTION("for as long as the budget lasts") {
    rig.locks.budget = std::chrono::milliseconds(600);
    const auto outcome = rig.apply({migration}, options_for(Phase::expand, "r1"));
    const auto error = refused(outcome, "public.users");
    CHECK(error.code == ErrorCode::busy);
    REQUIRE(!error.blockers.empty());
    CHECK(error.blockers.front().query.find("LOCK TABLE users") != std::string::npos);
  }
  SECTION("and taken once it is let go") {
    const std::jthread release([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(700));
      static_cast<void>(other->run("ROLLBACK"));
    });
    const auto outcome = rig.apply({migration}, options_for(Phase::expand, "r1"));
    INFO(text_of(outcome.error));
    CHECK(!outcome.error);
  }
}

TEST_CASE("a replaced view follows what happened meanwhile, or says that it does not",
          "[live][execute]") {
  constexpr const char* kQuery = "SELECT day, sum(amount) AS amount FROM orders GROUP BY day";
  const auto* kind = GENERATE("replace_matview", "replace_view");
  const bool matview = std::string_view(kind) == "replace_matview";
  CAPTURE(kind);
  Rig rig(Engine::postgresql);
  rig.exec("DROP ROLE IF EXISTS zdm_meanwhile");
  rig.exec("CREATE TABLE orders (day date, amount integer)");
  rig.exec(fmt::format("CREATE {}VIEW v AS {}", matview ? "MATERIALIZED " : "", kQuery));
  const auto migration = replacing(kind, "v", std::string(kQuery) + " HAVING true");
  for (const auto phase : {Phase::expand, Phase::backfill}) must(rig, {migration}, phase, "r1");
  SECTION("what expand made is gone") {
    rig.exec(fmt::format("DROP {}VIEW v_zdm_new", matview ? "MATERIALIZED " : ""));
    const auto outcome = rig.apply({migration}, options_for(Phase::switch_, "r1"));
    CHECK(refused(outcome, "v_zdm_new").code == ErrorCode::drift);
  }
  SECTION("the old one got an index") {
    if (!matview) return;
    rig.exec("CREATE INDEX late ON v (amount)");
    const auto outcome = rig.apply({migration}, options_for(Phase::switch_, "r1"));
    CHECK(refused(outcome, "index late").code == ErrorCode::refused);
  }
  SECTION("the old one is gone, and expand is undone") {
    if (!matview) return;
    rig.exec("DROP MATERIALIZED VIEW v");
    const auto undone = rig.rollback({migration}, all_of("0001_view"));
    INFO(text_of(undone.error));
    CHECK(!undone.error);
    CHECK(rig.value("SELECT to_regclass('v_zdm_new') IS NULL") == "t");
  }
  SECTION("privileges after switch survive the way back") {
    rig.exec("CREATE ROLE zdm_meanwhile");
    rig.exec("GRANT SELECT ON v TO zdm_meanwhile");
    must(rig, {migration}, Phase::switch_, "r1");
    rig.exec("REVOKE SELECT ON v FROM zdm_meanwhile");
    rig.exec(fmt::format("COMMENT ON {}VIEW v IS 'later'", matview ? "MATERIALIZED " : ""));
    rig.allowed = {"live-readers"};
    const auto undone = rig.rollback({migration}, {});
    const auto may = rig.value("SELECT has_table_privilege('zdm_meanwhile', 'v', 'SELECT')");
    rig.exec("DROP OWNED BY zdm_meanwhile");
    rig.exec("DROP ROLE zdm_meanwhile");
    INFO(text_of(undone.error));
    REQUIRE(!undone.error);
    CHECK(may == "f");
    CHECK(rig.value("SELECT obj_description('v'::regclass, 'pg_class')") == "later");
  }
  SECTION("the old one was dropped after switch") {
    must(rig, {migration}, Phase::switch_, "r1");
    rig.exec(fmt::format("DROP {}VIEW v_zdm_old", matview ? "MATERIALIZED " : ""));
    rig.allowed = {"live-readers"};
    const auto undone = rig.rollback({migration}, {});
    CHECK(refused(undone, "v_zdm_old").code == ErrorCode::drift);
  }
}

TEST_CASE("a way back that was in somebody's way is planned anew", "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE orders (day date, amount integer)");
  rig.exec("CREATE MATERIALIZED VIEW v AS SELECT day FROM orders");
  const auto migration = replacing("replace_matview", "v", "SELECT day, amount FROM orders");
  for (const auto phase : {Phase::expand, Phase::backfill, Phase::switch_}) {
    must(rig, {migration}, phase, "r1");
  }
  rig.exec("CREATE VIEW reader AS SELECT amount FROM v");
  rig.allowed = {"live-readers"};
  REQUIRE(rig.rollback({migration}, {}).error);
  rig.exec("DROP VIEW reader");
  const auto undone = rig.rollback({migration}, {});
  INFO(text_of(undone.error));
  REQUIRE(!undone.error);
  CHECK(!rig.has_column("v", "amount"));
}

TEST_CASE("columns that changed places keep the default and the comparison of their types",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec(
      "CREATE TABLE o (id int PRIMARY KEY, n int DEFAULT 5, j json, price numeric(4,1) DEFAULT 0)");
  rig.exec("INSERT INTO o VALUES (1, 1, '{\"a\": 1}', 1.5)");
  const auto same = [](const std::string& column, const std::string& type, const std::string& was) {
    return fmt::format(
        "[[change]]\nkind = \"change_column\"\ntable = \"o\"\ncolumn = \"{0}\"\n"
        "type = \"{1}\"\nup = \"{0}::{1}\"\ndown = \"{0}::{2}\"\ncompatible = \"yes\"\n",
        column, type, was);
  };
  const auto changes = file_of("1_c", Phase::switch_,
                            same("n", "bigint", "int") + same("j", "jsonb", "json") +
                                same("price", "numeric(6,2)", "numeric(4,1)"));
  const auto outcome = rig.apply({changes}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  rig.exec("INSERT INTO o (id, n) VALUES (2, NULL)");
  rig.exec("INSERT INTO o (id) VALUES (3)");
  rig.exec("UPDATE o SET price = 9.99 WHERE id = 1");
  CHECK(rig.value("SELECT n IS NULL AND n_zdm_old IS NULL FROM o WHERE id = 2") == "t");
  CHECK(rig.value("SELECT n = 5 AND n_zdm_old = 5 AND price = 0 FROM o WHERE id = 3") == "t");
  const auto verified = migrations::verify(rig.environment(), {changes}, {});
  INFO(text_of(verified ? std::nullopt : std::optional(verified.error())));
  REQUIRE(verified);
  CHECK(verified->migrations.front().differing == 0);
}

TEST_CASE("a split or merged column takes the column privileges that its old ones share",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE t (id int PRIMARY KEY, a text, b text, c text)");
  rig.exec("INSERT INTO t VALUES (1, 'x', 'y', 'v w')");
  rig.exec("GRANT SELECT (a, b, c), UPDATE (a, c), INSERT (c) ON t TO PUBLIC");
  rig.exec("COMMENT ON COLUMN t.a IS 'of a'");
  auto migration =
      file_of("1_t", Phase::contract,
              "[[change]]\nkind = \"merge_columns\"\ntable = \"t\"\ncolumns = [\"a\", \"b\"]\n"
              "to = {name = \"ab\", type = \"text\"}\nup = \"coalesce(a || '|' || b, a, b)\"\n"
              "down = {a = \"split_part(ab, '|', 1)\", b = \"split_part(ab, '|', 2)\"}\n"
              "[[change]]\nkind = \"split_column\"\ntable = \"t\"\ncolumn = \"c\"\n"
              "to = [{name = \"c1\", type = \"text\", up = \"split_part(c, ' ', 1)\"},"
              "{name = \"c2\", type = \"text\", up = \"split_part(c, ' ', 2)\"}]\n"
              "down = \"coalesce(c1 || ' ' || c2, c1, c2)\"");
  const auto plan = migrations::plan(rig.environment(), {migration}, {});
  REQUIRE(plan);
  std::string said;
  for (const auto& each : plan->migrations.at(0).warnings) {
    if (each.code.ends_with("-lost")) said += each.code + ": " + each.message + "\n";
  }
  INFO(said);
  CHECK(said.find("privileges-lost: UPDATE (a) TO PUBLIC of public.t") == 0);
  CHECK(said.find("comments-lost: what comments say of a in public.t") != std::string::npos);
  const auto held = [&](const std::string& column) {
    return rig.value(
        "SELECT coalesce(string_agg(x.privilege_type, ',' ORDER BY 1), '') "
        "FROM pg_attribute, aclexplode(attacl) AS x WHERE attrelid = 't'::regclass "
        "AND x.grantee = 0 AND attname = '" +
        column + "'");
  };
  must(rig, {migration}, Phase::expand, "r1");
  CHECK(held("ab") == "SELECT");
  CHECK(held("c1") == "INSERT,SELECT,UPDATE");
  CHECK(held("c2") == "INSERT,SELECT,UPDATE");
  must(rig, {migration}, Phase::backfill, "r1");
  rig.exec("GRANT UPDATE (b) ON t TO PUBLIC; REVOKE INSERT (c) ON t FROM PUBLIC");
  must(rig, {migration}, Phase::switch_, "r1");
  rig.live("r1");
  must(rig, {migration}, Phase::contract, "r2");
  CHECK(held("ab") == "SELECT,UPDATE");
  CHECK(held("c1") == "SELECT,UPDATE");
  CHECK(held("c2") == "SELECT,UPDATE");
}

TEST_CASE("a column with a quote in its name carries its check, and a twin's name is read by words",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE t (id int PRIMARY KEY, p2 int, a text, \"q\"\"t\" text)");
  rig.exec("ALTER TABLE t ADD CONSTRAINT known CHECK (\"q\"\"t\" <> 'x')");
  rig.exec("CREATE INDEX t_p2_a_idx ON t (p2, id) INCLUDE (a)");
  rig.exec("CREATE INDEX lap ON t (lower(a))");
  const auto migration = file_of(
      "1_t", Phase::contract,
      "[[change]]\nkind = \"rename_column\"\ntable = \"t\"\nfrom = \"p2\"\nto = \"parent2\"\n"
      "[[change]]\nkind = \"rename_column\"\ntable = \"t\"\nfrom = \"a\"\nto = \"alt\"\n"
      "[[change]]\nkind = \"rename_column\"\ntable = \"t\"\nfrom = '\"q\"\"t\"'\nto = \"q\"");
  for (const auto phase : {Phase::expand, Phase::backfill, Phase::switch_}) {
    must(rig, {migration}, phase, "r1");
  }
  rig.live("r1");
  must(rig, {migration}, Phase::contract, "r2");
  CHECK(rig.value("SELECT string_agg(indexrelid::regclass::text, ',' ORDER BY "
                  "indexrelid::regclass::text) FROM pg_index "
                  "WHERE indrelid = 't'::regclass") == "lap_alt,t_parent2_alt_idx,t_pkey");
  CHECK(rig.value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = "
                  "'t'::regclass AND contype = 'c'") == "CHECK ((q <> 'x'::text))");
}
