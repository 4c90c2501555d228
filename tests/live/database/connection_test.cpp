#include <chrono>
#include <thread>

#include "support/catch.hpp"
#include "support/database.hpp"

using namespace zdm::migrations;
using zdm::tests::make_database;

namespace {

Error error_of(Connection& connection, const std::string& sql) {
  auto result = connection.run(sql);
  REQUIRE_FALSE(result.has_value());
  return result.error();
}

}  // namespace

TEST_CASE("parameters, NULL and row counts come back alike from both engines", "[live][database]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto database = make_database(engine);
  const auto connection = database->connect();
  REQUIRE(connection->run("CREATE TABLE users (id integer PRIMARY KEY, name text)"));

  const auto inserted = connection->run("INSERT INTO users (name, id) VALUES ($2, $1), (NULL, 2)",
                                        {Text("1"), Text("O'Brien")});
  REQUIRE(inserted);
  CHECK(inserted->affected == 2);

  const auto rows = connection->run("SELECT id, name FROM users ORDER BY id");
  REQUIRE(rows);
  CHECK(rows->affected == 0);
  CHECK(rows->columns == std::vector<std::string>{"id", "name"});
  CHECK(rows->rows == std::vector<std::vector<Text>>{{"1", "O'Brien"}, {"2", std::nullopt}});
}

TEST_CASE("several statements in one call run one after another", "[live][database]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto database = make_database(engine);
  database->exec(
      "CREATE TABLE t (a integer); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2);\n");
  CHECK(database->value("SELECT count(*) FROM t") == "2");
  CHECK(database->value("SELECT max(a) FROM t; -- the last one counts\n") == "2");
}

TEST_CASE("a transaction that goes out of scope leaves nothing behind", "[live][database]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto database = make_database(engine);
  const auto connection = database->connect();
  REQUIRE(connection->run("CREATE TABLE t (a integer)"));
  {
    auto transaction = Transaction::begin(*connection);
    REQUIRE(transaction);
    CHECK(connection->in_transaction());
    REQUIRE(connection->run("INSERT INTO t VALUES (1)"));
  }
  CHECK_FALSE(connection->in_transaction());
  CHECK(connection->run("SELECT count(*) FROM t")->first_integer() == 0);

  auto transaction = Transaction::begin(*connection);
  REQUIRE(connection->run("INSERT INTO t VALUES (1)"));
  REQUIRE(transaction->commit());
  CHECK_FALSE(connection->in_transaction());
  CHECK(connection->run("SELECT count(*) FROM t")->first_integer() == 1);
}

TEST_CASE("errors carry PostgreSQL's sqlstates on both engines", "[live][database]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto database = make_database(engine);
  const auto connection = database->connect();
  REQUIRE(connection->run(R"(
    CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL CHECK (name <> ''));
    CREATE TABLE orders (user_id integer REFERENCES users (id));
    INSERT INTO users VALUES (1, 'a'))"));
  const auto state = [&](const std::string& sql) { return error_of(*connection, sql).sqlstate; };
  CHECK(state("INSERT INTO users VALUES (1, 'b')") == "23505");
  CHECK(state("INSERT INTO users VALUES (2, NULL)") == "23502");
  CHECK(state("INSERT INTO users VALUES (2, '')") == "23514");
  CHECK(state("INSERT INTO orders VALUES (7)") == "23503");
  CHECK(state("SELECT * FROM nowhere") == "42P01");
  CHECK(state("SELECT missing FROM users") == "42703");
  CHECK(state("CREATE TABLE users (a integer)") == "42P07");
  CHECK(state("ALTER TABLE users ADD COLUMN name text") == "42701");
  CHECK(state("SELEC 1") == "42601");
  CHECK(connection->usable());
}
