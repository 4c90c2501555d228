#include <fmt/format.h>

#include "stand.hpp"
#include "support/catch.hpp"

// What a partition made beside the table and attached does not inherit by itself, and what hangs on
// those that go.

namespace zdm::tests {
namespace {

/// The one partition that is no events_yYYYYmMM of make_months, or the newest of them.
std::string newest(Database& database) {
  database.exec("SET TimeZone = 'UTC'");
  return database.value(R"sql(
      SELECT c.oid::regclass FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'events'::regclass
      ORDER BY pg_get_expr(c.relpartbound, c.oid) COLLATE "C" DESC LIMIT 1)sql");
}

/// A fact of pg_class of the newest partition.
std::string fact(Database& database, const std::string& what) {
  return database.value("SELECT " + what + " FROM pg_class WHERE oid = '" + newest(database) +
                        "'::regclass");
}

void rotate_well(const Stand& stand) {
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  REQUIRE(finished.code == 0);
}

void foreign_key_in(Stand& stand, bool row, bool index) {
  auto& database = stand.database;
  make_months(database, -4, 0);
  database.exec(
      "CREATE TABLE mark (event_id bigint, event_at timestamptz, "
      "FOREIGN KEY (event_id, event_at) REFERENCES events (id, occurred_at))");
  if (index) database.exec("CREATE INDEX ON mark (event_id, event_at)");
  // Small tables need no index: they are read at once.
  if (!index) database.exec("INSERT INTO mark SELECT FROM generate_series(1, 60000)");
  if (row) {
    database.exec(
        "INSERT INTO mark SELECT id, occurred_at FROM events ORDER BY occurred_at LIMIT 1");
  }
  database.exec(
      "INSERT INTO mark SELECT id, occurred_at FROM events ORDER BY occurred_at DESC LIMIT 1");
  stand.policy(monthly("public.events", "ahead = 2\nkeep = \"3 months\"\n"));
}

std::string foreign_keys_of_mark(Database& database) {
  return database.value(
      "SELECT count(*) FROM pg_constraint WHERE conrelid = 'mark'::regclass AND "
      "confrelid = 'events'::regclass AND convalidated");
}

}  // namespace

TEST_CASE("a new partition has the owner, the privileges and the settings of the newest there is",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -1, 0);
  const auto role = "zdm_" + database.name();
  database.exec("CREATE ROLE " + role);
  database.exec(fmt::format(R"sql(
      ALTER TABLE events OWNER TO {0};
      ALTER TABLE events ALTER note SET STATISTICS 777;
      ALTER TABLE events ALTER note SET STORAGE EXTERNAL;
      ALTER TABLE events REPLICA IDENTITY FULL;
      DO $$ DECLARE child regclass; BEGIN
        FOR child IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'events'::regclass
        LOOP
          EXECUTE format('ALTER TABLE %s OWNER TO {0}', child);
          EXECUTE format('GRANT SELECT ON %s TO pg_monitor', child);
          EXECUTE format('GRANT UPDATE (note) ON %s TO pg_monitor WITH GRANT OPTION', child);
          EXECUTE format('REVOKE TRUNCATE ON %s FROM {0}', child);
          EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_scale_factor = 0.01)', child);
          EXECUTE format('ALTER TABLE %s ALTER note SET STATISTICS 777', child);
          EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', child);
        END LOOP;
      END $$)sql",
                            role));
  // What roles get on any new table is not what this table gives them.
  database.exec("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC");
  const auto before = newest(database);
  stand.policy(monthly("public.events", "ahead = 1\n"));
  rotate_well(stand);
  REQUIRE(newest(database) != before);
  const auto privileges = [&](const std::string& table) {
    return database.value(fmt::format(R"sql(
        SELECT string_agg(format('%s %s %s', grantee::regrole, privilege_type, is_grantable), ','
                          ORDER BY grantee, privilege_type)
        FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner)))
        WHERE pg_class.oid = '{}'::regclass)sql",
                                      table));
  };
  const auto attribute = [&](const std::string& what, const std::string& table) {
    return database.value("SELECT " + what +
                          " FROM pg_attribute WHERE attname = 'note' AND attrelid = '" + table +
                          "'::regclass");
  };
  CHECK(fact(database, "relowner::regrole") == role);
  CHECK(privileges(newest(database)) == privileges(before));
  CHECK(fact(database, "relreplident") == "f");
  CHECK(fact(database, "reloptions::text") == "{autovacuum_vacuum_scale_factor=0.01}");
  CHECK(attribute("attstattarget", newest(database)) == "777");
  CHECK(attribute("attstorage", newest(database)) == "e");
  CHECK(attribute("attacl", newest(database)) == attribute("attacl", before));
  database.exec("ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC");
  database.exec("REASSIGN OWNED BY " + role + " TO postgres; DROP OWNED BY " + role +
                "; DROP ROLE " + role);
}

TEST_CASE("row security of the partitions is that of a new one too", "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -1, 0);
  database.exec(R"sql(
      ALTER TABLE events ENABLE ROW LEVEL SECURITY;
      ALTER TABLE events FORCE ROW LEVEL SECURITY;
      CREATE POLICY own ON events USING (note = current_user);
      DO $$ DECLARE child regclass; BEGIN
        FOR child IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'events'::regclass
        LOOP
          EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', child);
          EXECUTE format('CREATE POLICY own ON %s USING (note = current_user)', child);
          EXECUTE format('GRANT SELECT ON %s TO pg_monitor', child);
        END LOOP;
      END $$)sql");
  stand.policy(monthly("public.events", "ahead = 1\n"));
  rotate_well(stand);
  CHECK(fact(database, "relrowsecurity") == "t");
  CHECK(fact(database, "relforcerowsecurity") == "f");  // as the others, not as the table
  CHECK(database.value("SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = '" +
                       newest(database) + "'::regclass") == "(note = CURRENT_USER)");
}

TEST_CASE(
    "identity, generated columns, triggers, statistics and publications hold in a new partition",
    "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, 0, -1);
  database.exec(R"sql(
      ALTER TABLE events ADD length int GENERATED ALWAYS AS (length(note)) STORED;
      ALTER TABLE events ADD CONSTRAINT short CHECK (length(note) < 100);
      CREATE STATISTICS about ON id, note FROM events;
      CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.note := upper(NEW.note); RETURN NEW; END $$;
      CREATE TRIGGER shouted BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION shout();
      CREATE PUBLICATION news FOR TABLE events WITH (publish_via_partition_root = true))sql");
  stand.policy(monthly("public.events", "ahead = 1\n"));
  rotate_well(stand);
  database.exec("INSERT INTO events (note) VALUES ('one'), ('two')");
  CHECK(database.value(
            "SELECT string_agg(note || length || ' ' || id, ',' ORDER BY id) FROM events") ==
        "ONE3 1,TWO3 2");
  CHECK_THROWS(database.exec("INSERT INTO events (note) VALUES (repeat('x', 100))"));
  const auto child = newest(database);
  // From 17 on, ATTACH gives a partition the identity of its table: one sequence serves all.
  const bool shared = database.connect()->server_version() >= 170000;
  CHECK(
      database.value("SELECT count(*) FROM pg_attribute WHERE attidentity <> '' AND attrelid = '" +
                     child + "'::regclass") == (shared ? "1" : "0"));
  CHECK(database.value("SELECT count(*) FROM pg_class WHERE relkind = 'S' AND relnamespace = "
                       "'public'::regnamespace") == "1");
  CHECK(database.value("SELECT count(*) FROM pg_trigger WHERE tgname = 'shouted' AND tgrelid = '" +
                       child + "'::regclass") == "1");
  CHECK(database.value("SELECT count(*) FROM pg_statistic_ext WHERE stxrelid = '" + child +
                       "'::regclass") == "1");
  // Each index of the partition is a part of one of the table, and none is there twice.
  CHECK(database.value("SELECT count(*) FROM pg_index WHERE indrelid = '" + child +
                       "'::regclass") == "2");
  CHECK(database.value("SELECT count(*) FROM pg_inherits JOIN pg_index ON inhrelid = indexrelid "
                       "WHERE indrelid = '" +
                       child + "'::regclass") == "2");
  // No check that only served the attaching is left.
  CHECK(database.value("SELECT string_agg(conname, ',') FROM pg_constraint WHERE contype = 'c' AND "
                       "conrelid = '" +
                       child + "'::regclass") == "short");
}

TEST_CASE("an index of the table that is not valid yet keeps nothing from being made",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -1, 0);
  database.exec("CREATE INDEX half ON ONLY events (occurred_at)");
  stand.policy(monthly("public.events", "ahead = 1\n"));
  rotate_well(stand);
  CHECK(bounds_of(database, "events") == months(database, -1, 1));
}

TEST_CASE("columns that were dropped and added in the table do not matter", "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -1, 0);
  database.exec("ALTER TABLE events DROP COLUMN note; ALTER TABLE events ADD extra int DEFAULT 7");
  stand.policy(monthly("public.events", "ahead = 2\n"));
  rotate_well(stand);
  CHECK(bounds_of(database, "events") == months(database, -1, 2));
  database.exec("INSERT INTO events (occurred_at) VALUES (now() + interval '1 month')");
  CHECK(database.value("SELECT max(extra) FROM events") == "7");
}

TEST_CASE("rows that refer to an old partition keep it, and are named", "[live][partitions]") {
  Stand stand;
  foreign_key_in(stand, true, true);
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 3);
  CHECK(contains(finished.err, "mark"));
  CHECK(stand.database.value("SELECT count(*) FROM mark") == "2");
  CHECK(stand.database.value("SELECT count(*) FROM events") == "15");
  CHECK(foreign_keys_of_mark(stand.database) == "1");
  CHECK(pending(stand.database) == "0");
  CHECK(months_are_covered(stand.database, "events", 2));
}

TEST_CASE("a foreign key into the set without its index is refused when a partition is to go",
          "[live][partitions]") {
  Stand stand;
  foreign_key_in(stand, false, false);
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 3);
  CHECK(contains(finished.err, "mark"));
  CHECK(contains(finished.err, "index"));
  CHECK(stand.database.value("SELECT count(*) FROM events") == "15");
}

TEST_CASE("a foreign key into the set survives what is dropped", "[live][partitions]") {
  Stand stand;
  foreign_key_in(stand, false, true);
  rotate_well(stand);
  auto& database = stand.database;
  CHECK(bounds_of(database, "events") == months(database, -3, 2));
  CHECK(foreign_keys_of_mark(database) == "1");
  CHECK_THROWS(database.exec("INSERT INTO mark VALUES (-1, now())"));
  CHECK_THROWS(database.exec("DELETE FROM events WHERE id IN (SELECT event_id FROM mark)"));
}

TEST_CASE("a foreign key out of the set is one of each partition, and goes with it",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -4, 0);
  database.exec(
      "CREATE TABLE kind (id int PRIMARY KEY); INSERT INTO kind VALUES (1);"
      "ALTER TABLE events ADD kind int REFERENCES kind");
  stand.policy(monthly("public.events", "ahead = 1\nkeep = \"2 months\"\n"));
  rotate_well(stand);
  CHECK(bounds_of(database, "events") == months(database, -2, 1));
  CHECK_THROWS(database.exec(
      "INSERT INTO events (occurred_at, kind) VALUES (now() + interval '1 month', 2)"));
  database.exec("INSERT INTO events (occurred_at, kind) VALUES (now() + interval '1 month', 1)");
  CHECK_THROWS(database.exec("DELETE FROM kind"));
  // One for the table and one for each of four partitions.
  CHECK(database.value("SELECT count(*) FROM pg_constraint WHERE confrelid = 'kind'::regclass") ==
        "5");
}

TEST_CASE("what depends on a partition itself keeps it from being dropped", "[live][partitions]") {
  for (const std::string dependent :
       {"VIEW report AS SELECT note FROM {}", "MATERIALIZED VIEW report AS SELECT note FROM {}",
        "TABLE report (a int); CREATE POLICY report ON report USING (EXISTS (SELECT FROM {}))",
        "FUNCTION report({}) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "TABLE report (a int, b {})"}) {
    Stand stand;
    auto& database = stand.database;
    make_months(database, -4, 0);
    const auto old = database.value(
        "SELECT to_char(date_trunc('month', now()) - interval '4 months', "
        "'\"events_y\"YYYY\"m\"MM')");
    auto sql = "CREATE " + dependent;
    sql.replace(sql.find("{}"), 2, old);
    database.exec(sql);
    stand.policy(monthly("public.events", "ahead = 1\nkeep = \"2 months\"\n"));
    for (int run = 0; run < 2; ++run) {
      const auto finished = stand.rotate();
      INFO(sql << "\n" << finished.out << finished.err);
      CHECK(finished.code == 3);
      CHECK(contains(finished.err, "report"));
      CHECK(pending(database) == "0");
      // It is kept as it is, and the one beside it, on which nothing depends, goes.
      auto expected = months(database, -2, 1);
      expected.insert(expected.begin(), months(database, -4, -4).front());
      CHECK(bounds_of(database, "events") == expected);
      CHECK(database.value("SELECT count(*) FROM events") == "12");
    }
  }
}

}  // namespace zdm::tests
