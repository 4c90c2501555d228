#include <cstdint>
#include <map>
#include <string>

#include "rig.hpp"
#include "support/catch.hpp"
#include "support/wait.hpp"

/// What a plan asks of a server whose catalog is large.
using namespace zdm;
using namespace zdm::tests;
using migrations::Engine;
using planner::Phase;

namespace {

constexpr const char* kSetup = R"(
  CREATE TABLE teams (id bigint PRIMARY KEY, label text NOT NULL);
  CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, age int, fullname text,
                      given text, family text, team bigint, email text, note text, old_note text);
  CREATE INDEX users_name ON users (name);
  CREATE INDEX users_note ON users (note);
  CREATE INDEX users_email ON users (email);
  ALTER TABLE users ADD CONSTRAINT users_age CHECK (age > 0);
  CREATE TABLE sessions (id bigserial PRIMARY KEY, at timestamptz);
  CREATE TABLE logs (id bigint, at timestamptz);
  CREATE TABLE events (id bigint, at date, name text, kind text) PARTITION BY RANGE (at);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE VIEW labels AS SELECT label FROM teams;
  CREATE MATERIALIZED VIEW totals AS SELECT label, count(*) AS n FROM teams GROUP BY label;
  CREATE TYPE mood AS ENUM ('sad');)";

constexpr const char* kChanges = R"toml(
[[change]]
kind = "create_table"
table = "orders"
columns = [{name = "id", type = "bigint"}, {name = "mood", type = "mood"}]
[[change]]
kind = "add_column"
table = "users"
name = "mood"
type = "mood"
default = "'sad'"
[[change]]
kind = "rename_column"
table = "users"
from = "name"
to = "login"
[[change]]
kind = "rename_column"
table = "events"
from = "name"
to = "title"
[[change]]
kind = "change_column"
table = "users"
column = "age"
type = "bigint"
up = "age"
down = "age"
[[change]]
kind = "split_column"
table = "users"
column = "fullname"
to = [{name = "first", type = "text", up = "split_part(fullname, ' ', 1)"},
      {name = "last", type = "text", up = "split_part(fullname, ' ', 2)"}]
down = "first || ' ' || last"
[[change]]
kind = "merge_columns"
table = "users"
columns = ["given", "family"]
to = {name = "complete", type = "text"}
up = "given || ' ' || family"
down = {given = "split_part(complete, ' ', 1)", family = "split_part(complete, ' ', 2)"}
[[change]]
kind = "drop_column"
table = "users"
column = "old_note"
[[change]]
kind = "set_not_null"
table = "users"
column = "note"
up = "'none'"
[[change]]
kind = "add_check"
table = "users"
name = "users_email_check"
check = "email <> ''"
[[change]]
kind = "add_foreign_key"
table = "users"
name = "users_team_fkey"
columns = ["team"]
references = {table = "teams", columns = ["id"]}
[[change]]
kind = "drop_table"
table = "sessions"
[[change]]
kind = "rename_table"
from = "logs"
to = "records"
[[change]]
kind = "create_index"
table = "events"
name = "events_kind"
columns = ["kind"]
[[change]]
kind = "drop_index"
name = "users_email"
[[change]]
kind = "replace_view"
name = "labels"
query = "SELECT label, id FROM teams"
[[change]]
kind = "replace_matview"
name = "totals"
query = "SELECT label, id, count(*) AS n FROM teams GROUP BY label, id"
[[change]]
kind = "add_enum_value"
type = "mood"
value = "glad"
)toml";

/// 20,000 columns of 5,000 relations, and what stands in pg_type and pg_depend for them; to read
/// one of these catalogs whole costs more than anything else would, as in one a hundred times as
/// large.
void crowd(Rig& rig) {
  rig.exec(
      "CREATE SCHEMA crowd; DO $$ BEGIN FOR i IN 1..5000 LOOP "
      "EXECUTE format('CREATE TYPE crowd.t%s AS (a int, b int, c int, d int)', i); "
      "END LOOP; "
      "EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database()); END $$");
  rig.exec("ANALYZE");
}

/// Rows of each large catalog that scans of it and of its indexes have read in this database.
std::map<std::string, std::int64_t> rows_read(Rig& rig) {
  const std::string others =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
      "AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
  // A backend's counts are certain to be there once it is gone.
  REQUIRE(eventually([&] { return rig.value(others) == "0"; }));
  rig.exec("SELECT pg_stat_force_next_flush()");
  std::map<std::string, std::int64_t> read;
  for (const std::string catalog : {"pg_attribute", "pg_class", "pg_type", "pg_depend"}) {
    read[catalog] = std::stoll(rig.value(
        "SELECT sum(pg_stat_get_tuples_returned(oid)) FROM (SELECT 'pg_catalog." + catalog +
        "'::regclass AS oid UNION ALL SELECT indexrelid FROM pg_index "
        "WHERE indrelid = 'pg_catalog." +
        catalog + "'::regclass) AS relations"));
  }
  return read;
}

}  // namespace

TEST_CASE("a plan reads no large catalog from end to end", "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec(kSetup);
  crowd(rig);
  const auto before = rows_read(rig);
  const auto plan =
      migrations::plan(rig.environment(), {file_of("1_all", Phase::contract, kChanges)}, {});
  INFO(text_of(plan ? plan->error : plan.error()));
  REQUIRE(plan);
  REQUIRE(!plan->error);
  const auto after = rows_read(rig);
  for (const auto& [catalog, rows] : before) {
    CAPTURE(catalog);
    CHECK(after.at(catalog) - rows < 5000);
  }
}
