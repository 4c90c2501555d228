#include <fmt/format.h>

#include "rig.hpp"
#include "support/catch.hpp"

namespace zdm::tests {

using migrations::Engine;
using migrations::Result;
using planner::ErrorCode;
using planner::Migration;
using planner::Phase;

namespace {

/// One release for each phase up to `last`; the error of the last.
std::optional<planner::Error> carry(Rig& rig, const std::function<Migration(Phase)>& file,
                                    Phase last) {
  int release = 0;
  for (const auto phase : {Phase::expand, Phase::backfill, Phase::switch_, Phase::contract}) {
    const auto name = fmt::format("r{}", ++release);
    auto outcome = rig.apply({file(phase)}, options_for(std::nullopt, name));
    if (outcome.error || phase == last) return outcome.error;
    rig.live(name);
  }
  return std::nullopt;
}

Migration statements(const std::string& expand) {
  return file_of("0001_sql", Phase::expand,
                 fmt::format("[[change]]\nkind = \"sql\"\nexpand = \"\"\"{}\"\"\"\n", expand));
}

const std::string kRebuild =
    "CREATE TABLE new_users (id integer PRIMARY KEY, name text NOT NULL);\n"
    "INSERT INTO new_users SELECT id, name FROM users;\n"
    "DROP TABLE users;\nALTER TABLE new_users RENAME TO users;\n";

void make_orders(Rig& rig) {
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, name text)");
  rig.exec(
      "CREATE TABLE orders (id integer PRIMARY KEY, user_id int REFERENCES users ON DELETE "
      "CASCADE)");
  rig.exec("INSERT INTO users VALUES (1, 'a'), (2, 'b')");
  rig.exec("INSERT INTO orders VALUES (10, 1), (11, 2)");
}

}  // namespace

TEST_CASE("SQLite: a comment before NOT NULL costs no column", "[live][execute][sqlite]") {
  Rig rig(Engine::sqlite);
  rig.exec(
      "CREATE TABLE users(\n  id integer PRIMARY KEY,\n  name text -- display name\n"
      "    NOT NULL,\n  z int, -- last\n  y int\n)");
  rig.exec("INSERT INTO users VALUES (1, 'a', 11, 4), (2, 'b', 22, 3)");
  const auto error = carry(rig, rename_users_name, Phase::contract);
  INFO(text_of(error));
  REQUIRE(!error);
  CHECK(rig.value("SELECT group_concat(id || full_name || z || y) FROM users") == "1a114,2b223");
  CHECK(rig.value("PRAGMA integrity_check") == "ok");
}

TEST_CASE("SQLite: an edit of a table's text that changes another column is taken back",
          "[live][execute][sqlite]") {
  const auto [from, to] = GENERATE(table<std::string, std::string>(
      {{"z int,", "z int default 5,"}, {"z int, y int", "y int, z int"}, {", y int", ""}}));
  CAPTURE(from, to);
  Rig rig(Engine::sqlite);
  rig.exec("CREATE TABLE users(id integer PRIMARY KEY, name text NOT NULL, z int, y int)");
  rig.exec("INSERT INTO users VALUES (1, 'a', 11, 4)");
  REQUIRE(!carry(rig, rename_users_name, Phase::expand));
  rig.live("r1");
  const auto before = rig.value("SELECT sql FROM sqlite_schema WHERE name = 'users'");
  rig.spy->run = [from = from, to = to](migrations::Connection& inner, std::string_view sql,
                                        std::span<const migrations::Text> parameters) {
    std::string text(sql);
    const auto at = text.find(from);
    if (text.starts_with("UPDATE sqlite_schema SET sql")) text.replace(at, from.size(), to);
    return inner.run(text, parameters);
  };
  const auto error =
      rig.apply({rename_users_name(Phase::backfill)}, options_for(std::nullopt, "r2")).error;
  rig.spy->run = {};
  REQUIRE(error);
  INFO(text_of(error));
  CHECK(error->message.find("other columns") != std::string::npos);
  CHECK(rig.value("SELECT sql FROM sqlite_schema WHERE name = 'users'") == before);
  CHECK(rig.value("SELECT id || name || z || y FROM users") == "1a114");
}

TEST_CASE("SQLite: a table is rebuilt by SQL, and what refers to it stays",
          "[live][execute][sqlite]") {
  Rig rig(Engine::sqlite);
  make_orders(rig);
  const auto error = rig.apply({statements(kRebuild)}, options_for(std::nullopt, "r1")).error;
  INFO(text_of(error));
  REQUIRE(!error);
  CHECK(rig.value("SELECT count(*) FROM orders JOIN users ON users.id = user_id") == "2");
  CHECK(rig.value("SELECT \"notnull\" FROM pragma_table_info('users') WHERE name = 'name'") == "1");
}

TEST_CASE("SQLite: foreign keys are on again for the step after one that drops a table",
          "[live][execute][sqlite]") {
  Rig rig(Engine::sqlite);
  make_orders(rig);
  rig.exec("CREATE TABLE gone (id integer)");
  auto next = statements("DELETE FROM users WHERE id = 1");
  next.id.value = "0002_sql";
  const auto error =
      rig.apply({statements("DROP TABLE gone"), next}, options_for(std::nullopt, "r1")).error;
  INFO(text_of(error));
  REQUIRE(!error);
  CHECK(rig.value("SELECT count(*) FROM orders") == "1");
}

TEST_CASE("SQLite: a step that would leave rows without their parent is taken back",
          "[live][execute][sqlite]") {
  Rig rig(Engine::sqlite);
  make_orders(rig);
  rig.exec("PRAGMA foreign_keys = OFF");
  rig.exec("INSERT INTO orders VALUES (12, 7)");
  const auto sql = GENERATE(std::string("DROP TABLE users"), kRebuild + "DELETE FROM users");
  const auto error = rig.apply({statements(sql)}, options_for(std::nullopt, "r1")).error;
  REQUIRE(error);
  INFO(text_of(error));
  CHECK(error->message.find("2 rows of orders would refer to no row of users") !=
        std::string::npos);
  CHECK(rig.value("SELECT count(*) FROM users") == "2");
  CHECK(rig.value("SELECT count(*) FROM orders") == "3");
}

TEST_CASE("SQLite: a PRAGMA that does nothing in a transaction is refused by name",
          "[live][execute][sqlite]") {
  const auto sql = GENERATE(std::string("PRAGMA foreign_keys=OFF"),
                            "PRAGMA main.\"journal_mode\" = wal", "-- x\npragma Synchronous(0)");
  CAPTURE(sql);
  Rig rig(Engine::sqlite);
  make_orders(rig);
  const auto error =
      rig.apply({statements(sql + ";\n" + kRebuild)}, options_for(std::nullopt, "r1")).error;
  REQUIRE(error);
  INFO(text_of(error));
  CHECK(error->code == ErrorCode::refused);
  CHECK(error->message.find("PRAGMA ") == 0);
  CHECK(rig.value("SELECT count(*) FROM orders") == "2");
}

TEST_CASE("SQLite: a column whose up gives NULL is refused as NOT NULL before any trigger stands",
          "[live][execute][sqlite]") {
  const auto words = GENERATE(
      std::string("kind = \"add_column\"\ntable = \"users\"\nname = \"c\"\ntype = \"text\"\n"
                  "up = \"nullif(name, 'a')\"\nnot_null = true\n"),
      "kind = \"change_column\"\ntable = \"users\"\ncolumn = \"name\"\nname = \"c\"\n"
      "type = \"text\"\nup = \"nullif(name, 'a')\"\ndown = \"c\"\n");
  Rig rig(Engine::sqlite);
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL, v int)");
  rig.exec("INSERT INTO users VALUES (1, 'a', 1), (2, 'b', 2)");
  const auto file = [words = words](Phase phase) {
    return file_of("0001_c", phase, "[[change]]\n" + words);
  };
  SECTION("found when backfill begins") {
    const auto error = carry(rig, file, Phase::backfill);
    REQUIRE(error);
    INFO(text_of(error));
    CHECK(error->code == ErrorCode::refused);
    CHECK(error->message.find("NOT NULL of") != std::string::npos);
    CHECK(rig.value("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'") == "0");
    rig.exec("UPDATE users SET v = 7");
    rig.exec("UPDATE users SET name = 'c' WHERE id = 1");
    REQUIRE(!rig.apply({file(Phase::backfill)}, options_for(std::nullopt, "r2")).error);
    CHECK(rig.value("SELECT count(*) FROM users WHERE c IS NULL") == "0");
  }
  SECTION("found by the comparison, and before NOT NULL is written") {
    rig.exec("UPDATE users SET name = 'c' WHERE id = 1");
    REQUIRE(!carry(rig, file, Phase::switch_));
    rig.live("r3");
    rig.exec("INSERT INTO zdm_guard VALUES ('users')");
    rig.exec("UPDATE users SET c = NULL WHERE id = 1");
    rig.exec("DELETE FROM zdm_guard");
    rig.allowed = {"divergent-rows"};
    const auto error = rig.apply({file(Phase::contract)}, options_for(std::nullopt, "r4")).error;
    REQUIRE(error);
    INFO(text_of(error));
    CHECK(error->code == ErrorCode::refused);
    CHECK(error->message.find("1 row of users has no value in c") != std::string::npos);
  }
}

TEST_CASE("SQLite: the comparison after backfill fails on a NOT NULL column without a value",
          "[live][execute][sqlite]") {
  Rig rig(Engine::sqlite);
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL)");
  rig.exec("INSERT INTO users VALUES (1, 'b'), (2, 'b')");
  const auto file = [](Phase phase) {
    return file_of("0001_c", phase,
                   "[[change]]\nkind = \"add_column\"\ntable = \"users\"\nname = \"c\"\n"
                   "type = \"text\"\nup = \"nullif(name, 'a')\"\nnot_null = true\n");
  };
  REQUIRE(!carry(rig, file, Phase::expand));
  rig.live("r1");
  rig.spy->run = [](migrations::Connection& inner, std::string_view sql,
                    std::span<const migrations::Text> parameters) {
    const bool fills = sql.starts_with("UPDATE users SET c = ");
    if (fills) static_cast<void>(inner.run("UPDATE users SET name = 'a' WHERE id = 1"));
    return inner.run(sql, parameters);
  };
  const auto error = rig.apply({file(Phase::backfill)}, options_for(std::nullopt, "r2")).error;
  REQUIRE(error);
  INFO(text_of(error));
  CHECK(error->code == ErrorCode::refused);
  CHECK(error->message.find("{\"id\":1}") != std::string::npos);
}

TEST_CASE("SQLite: a column is carried through contract whatever its definition is made of",
          "[live][execute][sqlite]") {
  const auto [column, stored] = GENERATE(table<std::string, std::string>(
      {{"name text NOT NULL DEFAULT \"n/a\"", "'n/a'"},
       {"name text DEFAULT word", "'word'"},
       {"name text DEFAULT true", "true"},
       {"name int NOT NULL DEFAULT 3 REFERENCES org ON DELETE SET DEFAULT", "3"},
       {"name int REFERENCES org ON DELETE SET DEFAULT ON UPDATE SET DEFAULT DEFAULT 3", "3"},
       {"name int DEFAULT 1e0 -- x", "1e0"}}));
  CAPTURE(column);
  Rig rig(Engine::sqlite);
  rig.exec("CREATE TABLE org (id integer PRIMARY KEY)");
  rig.exec("INSERT INTO org VALUES (1), (3)");
  rig.exec(
      fmt::format("CREATE TABLE users (id integer PRIMARY KEY, {}\n, z int DEFAULT 5)", column));
  rig.exec("INSERT INTO users (name) VALUES (1)");
  const auto error = carry(rig, rename_users_name, Phase::contract);
  INFO(text_of(error));
  REQUIRE(!error);
  CHECK(rig.value("SELECT full_name || z FROM users") == "15");
  const auto of_column = [&](const std::string& what) {
    return rig.value("SELECT " + what +
                     " FROM pragma_table_info('users') WHERE name = 'full_name'");
  };
  CHECK((of_column("dflt_value") == stored || of_column("dflt_value") == "(" + stored + ")"));
  CHECK(!rig.has_column("users", "name"));
}

TEST_CASE("SQLite: an indexed column with a quote in its name is carried, and its index",
          "[live][execute][sqlite]") {
  Rig rig(Engine::sqlite);
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, \"q\"\"q\" text NOT NULL)");
  rig.exec("CREATE INDEX i1 ON users (\"q\"\"q\")");
  rig.exec("INSERT INTO users VALUES (1, 'a')");
  const auto error = carry(
      rig,
      [](Phase phase) {
        return file_of("0001_q", phase,
                       "[[change]]\nkind = \"rename_column\"\ntable = \"users\"\n"
                       "from = '\"q\"\"q\"'\nto = \"full_name\"\n");
      },
      Phase::contract);
  INFO(text_of(error));
  REQUIRE(!error);
  CHECK(rig.value("SELECT count(*) FROM pragma_index_list('users') AS l, pragma_index_info(l.name) "
                  "AS i WHERE i.name = 'full_name'") == "1");
}

TEST_CASE("SQLite: a unique index that rows meet in by what a release leaves out is refused",
          "[live][execute][sqlite]") {
  const auto [column, index, fits] = GENERATE(table<std::string, std::string, bool>(
      {{"name text NOT NULL DEFAULT 'main'", "t, name", false},
       {"name text NOT NULL", "t, coalesce(name, '')", false},
       {"name text NOT NULL", "t, coalesce(NAME, T)", false},
       {"name text DEFAULT 'main'", "name) WHERE (t IS NULL", false},
       {"name text NOT NULL", "t, name", true},
       {"name text", "lower(name)", true},
       {"name text", "t || name", true},
       {"name text NOT NULL", "t, coalesce(name, '')) WHERE (name IS NOT NULL", true},
       {"name text NOT NULL DEFAULT (hex(randomblob(8)))", "name", true}}));
  CAPTURE(column, index);
  Rig rig(Engine::sqlite);
  rig.exec(fmt::format("CREATE TABLE users (id integer PRIMARY KEY, t int, {})", column));
  rig.exec("INSERT INTO users (t, name) VALUES (1, 'a')");
  rig.exec(fmt::format("CREATE UNIQUE INDEX u ON users ({})", index));
  const auto error = carry(rig, rename_users_name, Phase::expand);
  INFO(text_of(error));
  CHECK(!error == fits);
  if (fits || !error) return;
  CHECK(error->code == ErrorCode::refused);
  CHECK(error->message.find("unique index u") == 0);
  CHECK(!rig.has_column("users", "full_name"));
}

TEST_CASE("SQLite: a view or trigger that a new column would break is named, and nothing changed",
          "[live][execute][sqlite]") {
  const auto reader = GENERATE(
      std::string("VIEW v (i, nm) AS SELECT * FROM users"),
      "VIEW v AS SELECT * FROM users UNION ALL SELECT * FROM arch",
      "VIEW v AS SELECT id, n FROM users JOIN o",
      "TRIGGER v AFTER DELETE ON users BEGIN INSERT INTO arch SELECT * FROM users; END",
      "TRIGGER v AFTER UPDATE OF name ON users BEGIN INSERT INTO arch SELECT * FROM users; END");
  CAPTURE(reader);
  Rig rig(Engine::sqlite);
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL)");
  rig.exec("CREATE TABLE arch (id int, name text)");
  rig.exec("CREATE TABLE o (n text)");
  rig.exec("CREATE VIEW broken AS SELECT * FROM gone");
  rig.exec("CREATE VIEW sound AS SELECT name FROM users");
  rig.exec("CREATE " + reader);
  const auto add = file_of(
      "0001_n", Phase::expand,
      "[[change]]\nkind = \"add_column\"\ntable = \"users\"\nname = \"n\"\ntype = \"text\"\n");
  auto error = rig.apply({add}, options_for(std::nullopt, "r1")).error;
  REQUIRE(error);
  INFO(text_of(error));
  CHECK(error->code == ErrorCode::refused);
  CHECK(error->message.find("would fail from here on") != std::string::npos);
  CHECK(!rig.has_column("users", "n"));
  rig.exec(fmt::format("DROP {} v", reader.substr(0, reader.find(' '))));
  CHECK(!rig.apply({add}, options_for(std::nullopt, "r1")).error);
}

TEST_CASE("SQLite: a view that would fail without a column keeps it", "[live][execute][sqlite]") {
  Rig rig(Engine::sqlite);
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, name text, extra int)");
  rig.exec("CREATE VIEW v (a, b, c) AS SELECT * FROM users");
  const auto error = carry(
      rig,
      [](Phase phase) {
        return file_of("0001_extra", phase,
                       "[[change]]\nkind = \"drop_column\"\ntable = \"users\"\n"
                       "column = \"extra\"\n");
      },
      Phase::contract);
  REQUIRE(error);
  INFO(text_of(error));
  CHECK(error->code == ErrorCode::refused);
  CHECK(rig.has_column("users", "extra"));
}

TEST_CASE("SQLite: a table of another schema is not taken for the file's own",
          "[live][execute][sqlite]") {
  Rig rig(Engine::sqlite);
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, name text)");
  const auto [schema, known] =
      GENERATE(table<std::string, bool>({{"temp", false}, {"main", true}, {"MAIN", true}}));
  const auto file =
      file_of("0001_n", Phase::expand,
              fmt::format("[[change]]\nkind = \"add_column\"\ntable = '\"{}\".users'\n"
                          "name = \"n\"\ntype = \"text\"\n",
                          schema));
  const auto error = rig.apply({file}, options_for(std::nullopt, "r1")).error;
  INFO(text_of(error));
  CHECK(!error == known);
  CHECK(rig.has_column("users", "n") == known);
}

TEST_CASE("SQLite: what is said of a table that is gone, and of a file that may not be written",
          "[live][execute][sqlite]") {
  Rig rig(Engine::sqlite);
  rig.exec("CREATE TABLE users (id integer PRIMARY KEY, name text)");
  REQUIRE(!carry(rig, rename_users_name, Phase::backfill));
  const auto around = rig.environment();
  const auto work = around.open_work();
  REQUIRE(work);
  REQUIRE((*work)->run("PRAGMA query_only = ON"));
  const auto written = (*work)->run("CREATE TABLE t (a)");
  REQUIRE(!written);
  CHECK(written.error().hint.find("write the file") != std::string::npos);
  rig.exec("DROP TABLE users");
  const auto report = migrations::verify(around, {rename_users_name(Phase::backfill)}, {});
  REQUIRE(!report);
  CHECK(report.error().message.find("users does not exist") != std::string::npos);
}

}  // namespace zdm::tests
