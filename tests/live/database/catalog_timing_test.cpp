#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "database/catalog_reader.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"

using namespace zdm::planner;
using zdm::migrations::read_catalog;
using zdm::tests::TestDatabase;

namespace {

/// Two thousand tables at a time, for the lock table's sake; every tenth with an index of its own.
void create_tables(TestDatabase& database, int count) {
  for (int from = 0; from < count; from += 2000) {
    database.exec("DO $$ BEGIN FOR i IN " + std::to_string(from) + ".." +
                  std::to_string(from + 1999) +
                  " LOOP EXECUTE format('CREATE TABLE filler_%s (id bigint, name varchar(40))', i);"
                  " IF i % 10 = 0 THEN EXECUTE format('CREATE INDEX ON filler_%s (id)', i); END IF;"
                  " END LOOP; END $$");
  }
}

}  // namespace

// Minutes long and a measurement rather than a test: run it by its name.
TEST_CASE("the catalog of a database of 100,000 tables is read in under 150 ms", "[.timing]") {
  TestDatabase database;
  database.exec(R"(
    CREATE TABLE teams (id bigint PRIMARY KEY);
    CREATE TABLE users (id bigint PRIMARY KEY, name text DEFAULT 'x' CHECK (name <> ''),
                        team bigint REFERENCES teams (id), created timestamptz DEFAULT now());
    CREATE TABLE orders (id bigint PRIMARY KEY, buyer bigint REFERENCES users (id));
    CREATE INDEX users_name ON users (lower(name));
    CREATE VIEW named AS SELECT name FROM users;
    INSERT INTO users SELECT i FROM generate_series(1, 1000) i)");
  create_tables(database, 100'000);
  for (const bool analyzed : {false, true}) {
    if (analyzed) database.exec("ANALYZE");
    for (int run = 0; run < 3; ++run) {
      const auto connection = database.connect();
      const auto before = std::chrono::steady_clock::now();
      const auto catalog = read_catalog(*connection, {.tables = {{"", "users"}, {"", "filler_77"}},
                                                      .indexes = {{"", "users_name"}}});
      const std::chrono::duration<double, std::milli> taken =
          std::chrono::steady_clock::now() - before;
      REQUIRE(catalog);
      REQUIRE(catalog->tables.size() == 2);
      std::printf("%s, fresh connection: %.1f ms, %zu names near\n",
                  analyzed ? "analyzed" : "never analyzed", taken.count(), catalog->taken.size());
      CHECK(taken.count() < 150);
    }
  }
}
