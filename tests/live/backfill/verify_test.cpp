// Both shapes compared row by row.
#include "bed.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::verify_table;

namespace {

void make_rows(Bed& bed) {
  bed.db().exec("CREATE TABLE t (id integer PRIMARY KEY, name text, full_name text)");
  bed.db().exec(
      "INSERT INTO t VALUES (1, 'a', NULL), (2, 'b', NULL), (3, 'c', NULL), (4, NULL, NULL)");
  bed.guard("t");
  const auto rows = bed.run();
  REQUIRE(rows);
  CHECK(*rows == 3);
}

void differ(Bed& bed) {
  bed.db().exec("DROP TRIGGER " +
                std::string(bed.db().engine() == planner::Engine::sqlite
                                ? bed.value("SELECT name FROM sqlite_master WHERE type = 'trigger' "
                                            "AND name LIKE '%update%'")
                                : "zzz_zdm_sync_update ON t"));
  bed.db().exec("UPDATE t SET full_name = 'other' WHERE id = 2");
}

}  // namespace

TEST_CASE("verification counts the rows that differ and shows some", "[live][backfill]") {
  const auto engine = GENERATE(planner::Engine::postgresql, planner::Engine::sqlite);
  Bed bed(make_database(engine));
  make_rows(bed);
  const auto connection = bed.db().connect();
  const auto good = verify_table(*connection, bed.request.action.table, bed.request.action.fills,
                                 planner::Shapes::both, 10);
  REQUIRE(good);
  CHECK(good->rows == 4);
  CHECK(good->differing == 0);
  differ(bed);
  const auto bad = verify_table(*connection, bed.request.action.table, bed.request.action.fills,
                                planner::Shapes::both, 10);
  REQUIRE(bad);
  CHECK(bad->rows == 4);
  CHECK(bad->differing == 1);
  REQUIRE(bad->samples.size() == 1);
  CHECK((bad->samples[0].key == "{\"id\": 2}" || bad->samples[0].key == "{\"id\":2}"));
  CHECK(bad->samples[0].old_value == "b");
  CHECK(bad->samples[0].expected == "B");
  CHECK(bad->samples[0].found == "other");
  CHECK_FALSE(connection->in_transaction());
}

TEST_CASE("verification sees every leaf, and names rows without a key by their place",
          "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.db().exec(R"sql(
    CREATE TABLE e (id bigint, name text, full_name text) PARTITION BY RANGE (id);
    CREATE TABLE e1 PARTITION OF e FOR VALUES FROM (0) TO (10);
    CREATE TABLE e2 PARTITION OF e FOR VALUES FROM (10) TO (20);
    INSERT INTO e SELECT i, 'n', NULL FROM generate_series(0, 19) i)sql");
  bed.guard("e");
  const auto connection = bed.db().connect();
  const auto found = verify_table(*connection, bed.request.action.table, bed.request.action.fills,
                                  planner::Shapes::both, 5);
  REQUIRE(found);
  CHECK(found->rows == 20);
  CHECK(found->differing == 20);
  REQUIRE(found->samples.size() == 5);
  CHECK(found->samples[0].key == "(0,1)");
  CHECK(found->samples[0].found == "NULL");
}

TEST_CASE("rows hidden by row security cannot be verified", "[live][backfill][law6]") {
  Bed bed(std::make_unique<TestDatabase>());
  make_rows(bed);
  const std::string role = "reader_" + bed.value("SELECT current_database()");
  bed.db().exec("CREATE ROLE " + role + "; GRANT SELECT ON t TO " + role +
                "; ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON t USING (id = 1)");
  const auto connection = bed.db().connect();
  REQUIRE(connection->run("SET ROLE " + role));
  const auto found = verify_table(*connection, bed.request.action.table, bed.request.action.fills,
                                  planner::Shapes::both, 10);
  bed.db().exec("DROP OWNED BY " + role + "; DROP ROLE " + role);
  REQUIRE_FALSE(found);
  CHECK(found.error().sqlstate == "42501");
}
