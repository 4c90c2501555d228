#include <chrono>
#include <fstream>
#include <sstream>

#include "support/catch.hpp"
#include "support/database.hpp"
#include "support/pooler.hpp"

using namespace zdm::migrations;
using zdm::tests::Pooler;
using zdm::tests::SqliteFile;
using zdm::tests::TestDatabase;
using namespace std::chrono_literals;

namespace {

std::string setting(Connection& connection, const std::string& name) {
  const auto rows = connection.run("SELECT current_setting($1)", {name});
  REQUIRE(rows);
  return rows->first();
}

}  // namespace

TEST_CASE("every session is set up alike, the first and one after a loss", "[live][database]") {
  TestDatabase database;
  const SessionSettings settings{.lock_timeout = 250ms,
                                 .statement_timeout = 7s,
                                 .idle_in_transaction_timeout = 9s,
                                 .search_path = "pg_catalog, \"Odd Name\""};
  const auto opener = database.opener(settings);
  auto connection = opener();
  REQUIRE(connection);
  for (int round = 0; round < 2; ++round) {
    CHECK(setting(**connection, "lock_timeout") == "250ms");
    CHECK(setting(**connection, "statement_timeout") == "7s");
    CHECK(setting(**connection, "idle_in_transaction_session_timeout") == "9s");
    CHECK(setting(**connection, "row_security") == "off");
    CHECK(setting(**connection, "search_path") == "pg_catalog, \"Odd Name\"");
    CHECK(setting(**connection, "application_name").starts_with("zdm/"));
    CHECK(setting(**connection, "client_encoding") == "UTF8");
    CHECK_FALSE((*connection)->pooled());
    CHECK((*connection)->run("SELECT pg_backend_pid()")->first_integer() ==
          (*connection)->backend_pid());
    database.terminate((*connection)->backend_pid());
    CHECK_FALSE((*connection)->run("SELECT 1"));
    connection = opener();
    REQUIRE(connection);
  }
}

TEST_CASE("a transaction pooler is seen, and its sessions are left as they are",
          "[live][database]") {
  TestDatabase database;
  const Pooler pooler;
  const auto connection =
      open(DatabaseUrl{Secret(pooler.url(database.name()))}, {.lock_timeout = 123ms});
  if (!connection) FAIL(connection.error().message);
  CHECK((*connection)->pooled());
  CHECK(setting(**connection, "lock_timeout") == "0");
  CHECK(setting(**connection, "row_security") == "on");

  auto transaction = Transaction::begin(**connection);
  REQUIRE((*connection)->run("SET LOCAL lock_timeout = '123ms'"));
  CHECK(setting(**connection, "lock_timeout") == "123ms");
  REQUIRE(transaction->commit());
  CHECK(setting(**connection, "lock_timeout") == "0");
}

TEST_CASE("a password is in no message", "[database]") {
  for (const std::string text :
       {"postgresql://app:hunter2@127.0.0.1:1/shop", "host=127.0.0.1 port=1 password=hunter2",
        "postgresql://app:hunter2@127.0.0.1:port/shop", "nonsense hunter2",
        "postgresql://app@127.0.0.1:1/shop?password=hunter2"}) {
    const DatabaseUrl url{Secret(text)};
    const auto connection = open(url, {});
    REQUIRE_FALSE(connection);
    CHECK(connection.error().message.find("hunter2") == std::string::npos);
    CHECK(url.display().find("hunter2") == std::string::npos);
    std::ostringstream out;
    out << url.text << fmt::format("{}", url.text);
    CHECK(out.str() == "******");
  }
}

TEST_CASE("a URL is shown without what is secret or default", "[database]") {
  const auto display = [](const std::string& text) { return DatabaseUrl{Secret(text)}.display(); };
  CHECK(display("postgresql://app:x@db:5433/shop?sslmode=require") ==
        "postgresql://app@db:5433/shop");
  CHECK(display("host=db dbname=shop password=x") == "postgresql://db/shop");
  CHECK(display("host=/run/pg dbname=shop") == "postgresql:///shop?host=/run/pg");
  CHECK(display("sqlite:shop.db") == "sqlite:shop.db");
  CHECK(DatabaseUrl{Secret("sqlite:///var/shop.db")}.sqlite_path() == "/var/shop.db");
}

TEST_CASE("what is no URL is a usage error, what is not there cannot be connected to",
          "[live][database]") {
  CHECK(open({Secret("mysql://db/shop")}, {}).error().code == ErrorCode::usage);
  CHECK(open({Secret("sqlite:")}, {}).error().code == ErrorCode::usage);
  CHECK(open({Secret("postgresql://127.0.0.1:1/shop")}, {}).error().code ==
        ErrorCode::cannot_connect);
  CHECK(open({Secret("sqlite:/nowhere/at/all.db")}, {}).error().code == ErrorCode::cannot_connect);
}

TEST_CASE("an SQLite file is made only when asked for, and must be a database",
          "[live][database]") {
  SqliteFile file;
  const DatabaseUrl other{Secret(file.url().text.reveal() + ".new")};
  CHECK_FALSE(open(other, {}));
  CHECK(open(other, {.create = true}));
  CHECK(open(other, {}));
  std::ofstream(file.path() + ".text") << std::string(5000, 'x');
  const auto text = open({Secret(file.url().text.reveal() + ".text")}, {});
  REQUIRE_FALSE(text);
  CHECK(text.error().message.find("not a database") != std::string::npos);
}

TEST_CASE("an SQLite session waits for locks and checks foreign keys", "[live][database]") {
  SqliteFile file;
  const auto connection = file.connect({.lock_timeout = 321ms});
  CHECK(connection->run("PRAGMA busy_timeout")->first() == "321");
  CHECK(connection->run("PRAGMA foreign_keys")->first() == "1");
}

TEST_CASE("SQLite values come back as they were stored", "[live][database]") {
  SqliteFile file;
  const auto row = file.rows("SELECT 0.1 + 0.2, 1.0, x'00ff', 9223372036854775807, '', NULL")[0];
  CHECK(row == std::vector<Text>{"0.30000000000000004", "1.0", "X'00FF'", "9223372036854775807", "",
                                 std::nullopt});
}
