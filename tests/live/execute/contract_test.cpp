// What contract looks at once more before it drops the old shape.
#include <fmt/format.h>

#include "rig.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Engine;
using planner::ErrorCode;
using planner::Phase;

namespace {

planner::Migration one_change(const std::string& keys) {
  return file_of("1_case", Phase::contract, "[[change]]\n" + keys);
}

planner::Migration rename(const std::string& table, const std::string& from,
                          const std::string& to) {
  return one_change(fmt::format(
      "kind = \"rename_column\"\ntable = \"{}\"\nfrom = \"{}\"\nto = \"{}\"\n", table, from, to));
}

planner::Migration cents(const std::string& up, const std::string& down,
                         const std::string& more = {}) {
  return one_change(
      fmt::format("kind = \"change_column\"\ntable = \"c\"\ncolumn = \"price\"\nname = \"cents\"\n"
                  "type = \"bigint\"\nup = \"{}\"\ndown = \"{}\"\n{}",
                  up, down, more));
}

migrations::ApplyOutcome apply(Rig& rig, const planner::Migration& file, Phase phase,
                               const std::string& release) {
  auto options = options_for(phase, release);
  options.yes = true;
  return rig.apply({file}, options);
}

void must(Rig& rig, const planner::Migration& file, Phase phase, const std::string& release) {
  const auto outcome = apply(rig, file, phase, release);
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
}

/// Up to switch, and live.
void to_switch(Rig& rig, const planner::Migration& file) {
  for (const auto phase : {Phase::expand, Phase::backfill, Phase::switch_}) {
    must(rig, file, phase, "r1");
  }
  rig.live("r1");
}

void refuses(Rig& rig, const planner::Migration& file, Phase phase,
             const std::vector<std::string>& words) {
  const auto outcome = apply(rig, file, phase, phase == Phase::contract ? "r2" : "r1");
  INFO(text_of(outcome.error));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
  const auto said = outcome.error->message + " | " + outcome.error->hint;
  for (const auto& word : words) {
    INFO(word);
    CHECK(said.find(word) != std::string::npos);
  }
}

/// The refused contract was not begun: `zdm verify` still counts, and there is a way back.
void check_not_begun(Rig& rig, const planner::Migration& file, int differing) {
  const auto around = rig.environment();
  const auto report = migrations::verify(around, {file}, {});
  INFO((report ? std::string() : text_of(report.error())));
  REQUIRE(report);
  REQUIRE(report->migrations.size() == 1);
  CHECK(report->migrations[0].differing == differing);
  CHECK(report->migrations[0].samples.size() == static_cast<std::size_t>(differing));
}

/// Every statement with `words` fails.
void fail_at(Rig& rig, const std::string& words) {
  rig.spy->run =
      [words](
          migrations::Connection& connection, std::string_view sql,
          std::span<const migrations::Text> parameters) -> migrations::Result<migrations::Rows> {
    if (sql.find(words) != std::string_view::npos) return planner::fail(ErrorCode::failed, "no");
    return connection.run(sql, parameters);
  };
}

bool may_run(Rig& rig, const planner::Migration& file, const std::string& release) {
  const auto around = rig.environment();
  const auto report = migrations::release_check(around, rig.cut, release, {file});
  INFO((report ? std::string() : text_of(report.error())));
  REQUIRE(report);
  return report->ok;
}

migrations::RollbackOptions back_to(std::optional<Phase> phase) {
  migrations::RollbackOptions options;
  options.migration = planner::MigrationId{"1_case"};
  options.to = phase;
  options.to_none = !phase;
  return options;
}

constexpr const char* kPartitioned =
    "CREATE TABLE part (id integer, name text DEFAULT 'x', qty integer) PARTITION BY RANGE (id);"
    "CREATE TABLE p1 PARTITION OF part FOR VALUES FROM (0) TO (100);"
    "CREATE TABLE p2 PARTITION OF part FOR VALUES FROM (100) TO (200) PARTITION BY LIST (qty);"
    "CREATE TABLE p2a PARTITION OF p2 FOR VALUES IN (1)";

}  // namespace

TEST_CASE("contract compares the rows of a partition attached since, and drops no value of theirs",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE ev (id integer, name text) PARTITION BY RANGE (id)");
  rig.exec("CREATE TABLE ev1 PARTITION OF ev FOR VALUES FROM (0) TO (100)");
  rig.exec("INSERT INTO ev VALUES (1, 'one')");
  const auto file = rename("ev", "name", "title");
  to_switch(rig, file);
  rig.exec("CREATE TABLE ev2 (LIKE ev INCLUDING ALL)");
  rig.exec("INSERT INTO ev2 (id, name) VALUES (101, 'precious')");
  rig.exec("ALTER TABLE ev ATTACH PARTITION ev2 FOR VALUES FROM (100) TO (200)");
  refuses(rig, file, Phase::contract, {"1 of 2 rows", "precious", "nothing was dropped"});
  CHECK(rig.has_column("ev", "name"));
  check_not_begun(rig, file, 1);
  rig.exec("UPDATE ev SET title = name WHERE title IS NULL");
  must(rig, file, Phase::contract, "r2");
  CHECK(rig.value("SELECT title FROM ev WHERE id = 101") == "precious");
}

TEST_CASE("contract refuses rows that a change of another column left behind, unless allowed",
          "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  rig.exec("CREATE TABLE c (id integer PRIMARY KEY, price integer, rate integer)");
  rig.exec("INSERT INTO c VALUES (1, 10, 1)");
  const auto file = cents("price * rate * 100", "cents / 100 / rate");
  to_switch(rig, file);
  rig.exec("UPDATE c SET rate = 3 WHERE id = 1");
  refuses(rig, file, Phase::contract,
          {"1 of 1 rows", "expected 3000, found 1000", "--allow divergent-rows"});
  CHECK(rig.has_column("c", "price"));
  check_not_begun(rig, file, 1);
  rig.allowed = {"divergent-rows"};
  must(rig, file, Phase::contract, "r2");
  CHECK(!rig.has_column("c", "price"));
}

TEST_CASE("rows whose derived side on_error left NULL are counted, and contract keeps their value",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE c (id integer, price integer)");
  rig.exec("INSERT INTO c VALUES (1, 10)");
  const auto file = cents("price * 100", "cents / 100", "on_error = \"null\"\n");
  to_switch(rig, file);
  rig.exec("INSERT INTO c VALUES (2, 2000000001), (3, 7)");
  CHECK(rig.value("SELECT cents IS NULL FROM c WHERE id = 2") == "t");
  refuses(rig, file, Phase::contract, {"1 of 3 rows", "2000000001", "integer out of range"});
  check_not_begun(rig, file, 1);
  rig.exec("UPDATE c SET price = 5 WHERE id = 2");
  must(rig, file, Phase::contract, "r2");
  CHECK(rig.value("SELECT string_agg(cents::text, ' ' ORDER BY id) FROM c") == "1000 500 700");
}

TEST_CASE("a contract that is carried on compares again what it has not dropped yet",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 3);
  auto file = rename_users_name(Phase::contract);
  to_switch(rig, file);
  fail_at(rig, "DROP COLUMN");
  REQUIRE(apply(rig, file, Phase::contract, "r2").error);
  rig.spy->run = nullptr;
  rig.exec("UPDATE users SET name = 'old', full_name = 'new' WHERE id = 1");
  refuses(rig, file, Phase::contract, {"1 of 3 rows"});
  CHECK(rig.has_column("users", "name"));
  rig.exec("UPDATE users SET full_name = 'old' WHERE id = 1");
  must(rig, file, Phase::contract, "r2");
}

TEST_CASE("a contract that has dropped nothing yet is taken back as nothing, and moves no floor",
          "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  rig.cut = {"r0", "r1", "r2"};
  rig.allowed = {"live-readers"};
  rig.exec("CREATE TABLE c (id integer PRIMARY KEY, price integer)");
  rig.exec("INSERT INTO c VALUES (1, 10)");
  const auto file = rename("c", "price", "cost");
  to_switch(rig, file);
  fail_at(rig, "DROP COLUMN");
  REQUIRE(apply(rig, file, Phase::contract, "r2").error);
  rig.spy->run = nullptr;
  CHECK(may_run(rig, file, "r0"));
  check_not_begun(rig, file, 0);
  auto dry = back_to(Phase::expand);
  dry.dry_run = true;
  CHECK(!rig.rollback({file}, dry).error);
  const auto undone = rig.rollback({file}, back_to(Phase::expand));
  INFO(text_of(undone.error));
  REQUIRE(!undone.error);
  REQUIRE(undone.report.migrations.size() == 3);
  CHECK(undone.report.migrations.front().phase == Phase::contract);
  CHECK(undone.report.migrations.front().steps.empty());
  CHECK(rig.value("SELECT count(*) FROM c WHERE cost IS NULL AND price = 10") == "1");
}

TEST_CASE("a contract that has dropped a part cannot be taken back", "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.cut = {"r0", "r1", "r2"};
  rig.allowed = {"live-readers"};
  rig.exec("CREATE TABLE a (x integer)");
  rig.exec("CREATE TABLE b (y integer)");
  const auto file = one_change(
      "kind = \"drop_column\"\ntable = \"a\"\ncolumn = \"x\"\n[[change]]\n"
      "kind = \"drop_column\"\ntable = \"b\"\ncolumn = \"y\"\n");
  to_switch(rig, file);
  fail_at(rig, "b DROP COLUMN");
  REQUIRE(apply(rig, file, Phase::contract, "r2").error);
  rig.spy->run = nullptr;
  REQUIRE(!rig.has_column("a", "x"));
  CHECK(!may_run(rig, file, "r0"));
  const auto undone = rig.rollback({file}, back_to(Phase::expand));
  REQUIRE(undone.error);
  CHECK(undone.error->code == ErrorCode::refused);
  CHECK(undone.error->message.find("was begun") != std::string::npos);
}

TEST_CASE("an index that could not be dropped concurrently is a contract not begun",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.cut = {"r0", "r1", "r2"};
  rig.allowed = {"live-readers"};
  rig.exec("CREATE TABLE a (x integer)");
  rig.exec("CREATE INDEX i ON a (x)");
  const auto file = one_change("kind = \"drop_index\"\nname = \"i\"\n");
  to_switch(rig, file);
  fail_at(rig, "DROP INDEX CONCURRENTLY");
  REQUIRE(apply(rig, file, Phase::contract, "r2").error);
  rig.spy->run = nullptr;
  CHECK(may_run(rig, file, "r0"));
  rig.exec("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass");
  CHECK(!may_run(rig, file, "r0"));
  rig.exec("UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'i'::regclass");
  const auto undone = rig.rollback({file}, back_to(std::nullopt));
  INFO(text_of(undone.error));
  CHECK(!undone.error);
}

TEST_CASE("what single partitions have of their own on a column refuses its migration by name",
          "[live][execute]") {
  const auto [more, name] = GENERATE(table<std::string, std::string>({
      {"CREATE UNIQUE INDEX own ON p1 (name)", "index own of partition public.p1"},
      {"CREATE INDEX own ON p2a (upper(name))", "index own of partition public.p2a"},
      {"ALTER TABLE p1 ALTER name SET NOT NULL", "NOT NULL of partition public.p1"},
      {"ALTER TABLE p1 ADD CONSTRAINT own CHECK (name <> 'bad' AND qty > 0)",
       "constraint own of partition public.p1"},
      {"CREATE TABLE ref (code text PRIMARY KEY); "
       "ALTER TABLE p1 ADD CONSTRAINT own FOREIGN KEY (name) REFERENCES ref (code)",
       "foreign key own of partition public.p1"},
      {"ALTER TABLE p1 ADD CONSTRAINT key UNIQUE (name); "
       "CREATE TABLE ref (code text, CONSTRAINT own FOREIGN KEY (code) REFERENCES p1 (name))",
       "foreign key own of ref of partition public.p1"},
      {"GRANT SELECT (name) ON p1 TO PUBLIC", "privilege SELECT of PUBLIC of partition public.p1"},
      {"COMMENT ON COLUMN p1.name IS 'c'", "comment of partition public.p1"},
      {"CREATE STATISTICS own ON name, qty FROM p1",
       "statistics object own of partition public.p1"},
      {"CREATE VIEW own AS SELECT name FROM p1", "view own of partition public.p1"},
      {"CREATE POLICY own ON p1 USING (name <> '')", "policy own on table p1"},
      {"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
       "CREATE TRIGGER own AFTER UPDATE OF name ON p1 FOR EACH ROW EXECUTE FUNCTION f()",
       "trigger own of partition public.p1"},
      {"CREATE TABLE p3 PARTITION OF part FOR VALUES FROM (200) TO (300) PARTITION BY LIST (name)",
       "partition key of partition public.p3"},
      {"ALTER TABLE p1 ALTER name SET DEFAULT 'archived'",
       "default 'archived'::text of partition public.p1"},
      {"ALTER TABLE p2a ALTER name DROP DEFAULT", "no default of partition public.p2a"},
      {"ALTER TABLE p1 ALTER name SET STATISTICS 7", "statistics target of partition public.p1"},
  }));
  CAPTURE(more);
  Rig rig(Engine::postgresql);
  rig.exec(kPartitioned);
  rig.exec(more);
  const auto drop = one_change("kind = \"drop_column\"\ntable = \"part\"\ncolumn = \"name\"\n");
  const std::vector<std::string> words = {name, "give each of them to the partitioned table"};
  refuses(rig, rename("part", "name", "title"), Phase::expand, words);
  refuses(rig, drop, Phase::expand, words);
}

TEST_CASE("what partitions have from their table refuses nothing, and what came since does",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec(
      "CREATE TABLE part (id integer, name text DEFAULT 'x', qty integer) PARTITION BY RANGE (id)");
  rig.exec("CREATE TABLE p1 PARTITION OF part FOR VALUES FROM (0) TO (100)");
  rig.exec("CREATE INDEX of_all ON part (name)");
  rig.exec("ALTER TABLE part ADD CONSTRAINT ok CHECK (name <> 'bad'), ALTER name SET NOT NULL");
  rig.exec("COMMENT ON COLUMN part.name IS 'c'");
  rig.exec("ALTER TABLE part ALTER name SET STATISTICS 7");
  rig.exec("CREATE INDEX own ON p1 (qty)");
  rig.exec("CREATE TABLE p4 (LIKE part INCLUDING ALL)");
  rig.exec("ALTER TABLE part ATTACH PARTITION p4 FOR VALUES FROM (400) TO (500)");
  rig.exec("INSERT INTO part VALUES (1, 'a', 1), (401, 'c', 1)");
  const auto file = rename("part", "name", "title");
  to_switch(rig, file);
  rig.exec("CREATE INDEX later ON p1 (name)");
  refuses(rig, file, Phase::contract, {"index later of partition public.p1"});
  rig.exec("DROP INDEX later");
  must(rig, file, Phase::contract, "r2");
  CHECK(rig.value("SELECT string_agg(title, ' ' ORDER BY id) FROM part") == "a c");
}

TEST_CASE("privileges and comment that the old column was given meanwhile are brought over",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  const std::string rep = "rep_" + rig.value("SELECT current_database()");
  rig.exec("CREATE ROLE " + rep);
  make_users(rig, 2);
  rig.exec("GRANT SELECT (name) ON users TO " + rep);
  const auto file = rename_users_name(Phase::contract);
  to_switch(rig, file);
  rig.exec("GRANT SELECT (name), UPDATE (name) ON users TO PUBLIC");
  rig.exec("REVOKE SELECT (name) ON users FROM " + rep);
  rig.exec(
      "COMMENT ON COLUMN users.name IS 'of people'; ALTER TABLE users ALTER name SET "
      "STATISTICS 9");
  must(rig, file, Phase::contract, "r2");
  CHECK(rig.value("SELECT attacl::text FROM pg_attribute WHERE attrelid = 'users'::regclass AND "
                  "attname = 'full_name'") == "{=rw/postgres}");
  CHECK(rig.value("SELECT col_description(attrelid, attnum) || ' ' || attstattarget FROM "
                  "pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'full_name'") ==
        "of people 9");
  rig.exec("DROP ROLE " + rep);
}

TEST_CASE("another default of the old column refuses switch and contract", "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 2);
  const auto file = rename_users_name(Phase::contract);
  must(rig, file, Phase::expand, "r1");
  must(rig, file, Phase::backfill, "r1");
  const std::vector<std::string> words = {
      "from none to 'dflt'::text", "ALTER TABLE public.users ALTER COLUMN name DROP DEFAULT"};
  rig.exec("ALTER TABLE users ALTER name SET DEFAULT 'dflt'");
  refuses(rig, file, Phase::switch_, words);
  rig.exec("ALTER TABLE users ALTER name DROP DEFAULT");
  must(rig, file, Phase::switch_, "r1");
  rig.live("r1");
  rig.exec("ALTER TABLE users ALTER name SET DEFAULT 'dflt'");
  refuses(rig, file, Phase::contract, words);
  rig.exec("ALTER TABLE users ALTER name DROP DEFAULT");
  must(rig, file, Phase::contract, "r2");
}

TEST_CASE("switch and contract refuse to start without the triggers", "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Rig rig(engine);
  const bool sqlite = engine == Engine::sqlite;
  rig.exec("CREATE TABLE c (id integer PRIMARY KEY, price integer)");
  rig.exec("INSERT INTO c VALUES (1, 10)");
  const auto file = rename("c", "price", "cost");
  const auto drop = [&](const std::string& event) {
    rig.exec(sqlite ? "DROP TRIGGER zzz_zdm_c_" + event
                    : "DROP TRIGGER zzz_zdm_sync_" + event + " ON c");
  };
  must(rig, file, Phase::expand, "r1");
  must(rig, file, Phase::backfill, "r1");
  SECTION("before switch") {
    drop("update");
    refuses(rig, file, Phase::switch_, {"the trigger pair", "--to expand"});
  }
  SECTION("before contract") {
    must(rig, file, Phase::switch_, "r1");
    rig.live("r1");
    drop("insert");
    refuses(rig, file, Phase::contract, {"the trigger pair", "--to expand"});
    CHECK(rig.has_column("c", "price"));
  }
  SECTION("while a stopped contract waits") {
    must(rig, file, Phase::switch_, "r1");
    rig.live("r1");
    fail_at(rig, "DROP COLUMN");
    REQUIRE(apply(rig, file, Phase::contract, "r2").error);
    rig.spy->run = nullptr;
    drop("insert");
    const auto outcome = apply(rig, file, Phase::contract, "r2");
    REQUIRE(outcome.error);
    CHECK(outcome.error->code == ErrorCode::drift);
    CHECK(rig.has_column("c", "price"));
  }
  rig.allowed = {"live-readers"};
  REQUIRE(!rig.rollback({file}, back_to(Phase::expand)).error);
  auto again = options_for(std::nullopt, "r1");
  again.resume = file.id;
  again.only = {file.id};
  again.phase = Phase::backfill;
  REQUIRE(!rig.apply({file}, again).error);
  must(rig, file, Phase::switch_, "r1");
  rig.live("r1");
  must(rig, file, Phase::contract, "r2");
}

TEST_CASE("SQLite: triggers that a table lost, or that are no longer zdm's, refuse switch",
          "[live][execute]") {
  Rig rig(Engine::sqlite);
  rig.exec("CREATE TABLE c (id integer PRIMARY KEY, price integer)");
  const auto file = rename("c", "price", "cost");
  must(rig, file, Phase::expand, "r1");
  must(rig, file, Phase::backfill, "r1");
  SECTION("made anew") {
    rig.exec("CREATE TABLE n (id integer PRIMARY KEY, price integer, cost integer)");
    rig.exec("DROP TABLE c");
    rig.exec("ALTER TABLE n RENAME TO c");
  }
  SECTION("another's under the same name") {
    rig.exec("DROP TRIGGER zzz_zdm_c_insert");
    rig.exec("CREATE TRIGGER zzz_zdm_c_insert AFTER INSERT ON c BEGIN SELECT 1; END");
  }
  refuses(rig, file, Phase::switch_, {"zzz_zdm_c_insert, zzz_zdm_c_update does not stand"});
}
