#include <algorithm>
#include <set>

#include "database/catalog_reader.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"

using namespace zdm::planner;
using zdm::migrations::read_catalog;
using zdm::tests::TestDatabase;

namespace {

using Names = std::vector<std::string>;

constexpr auto kSchema = R"(
  CREATE SCHEMA app;
  CREATE ROLE reporting_%s;
  SET search_path = app, public;
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
  CREATE DOMAIN score AS integer DEFAULT 7;
  CREATE FUNCTION app.pick() RETURNS integer LANGUAGE sql VOLATILE AS 'SELECT 4';
  CREATE FUNCTION app.dice() RETURNS uuid LANGUAGE sql VOLATILE AS
    $$ SELECT md5(random()::text)::uuid $$;
  CREATE TABLE teams (id bigint PRIMARY KEY);
  CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name varchar(40) NOT NULL DEFAULT 'nobody' CHECK (name <> ''),
    email text COLLATE "C" CONSTRAINT users_email_key UNIQUE,
    created timestamptz DEFAULT now(),
    token uuid DEFAULT app.dice(),
    picked integer DEFAULT app.pick(),
    folded text DEFAULT lower('X'),
    grade score,
    team bigint,
    shout text GENERATED ALWAYS AS (upper(name)) STORED,
    gone integer);
  ALTER TABLE users DROP COLUMN gone;
  ALTER TABLE users ALTER name SET STATISTICS 500, ALTER email SET STORAGE EXTERNAL,
    ALTER name SET (n_distinct = 5);
  ALTER TABLE users ADD COLUMN late integer DEFAULT 3;
  ALTER TABLE users ADD CONSTRAINT users_team_fkey FOREIGN KEY (team) REFERENCES teams (id)
    ON DELETE SET NULL DEFERRABLE NOT VALID;
  COMMENT ON TABLE users IS 'people';
  COMMENT ON COLUMN users.name IS 'full name';
  GRANT SELECT, INSERT ON users TO reporting_%s;
  GRANT SELECT (name), UPDATE (name) ON users TO PUBLIC;
  CREATE SEQUENCE users_picked_seq OWNED BY users.picked;
  CREATE INDEX users_rich ON users (lower(name) text_pattern_ops DESC, email COLLATE "POSIX", team NULLS FIRST)
    INCLUDE (created) WITH (fillfactor = 70) WHERE picked > 3;
  CREATE TABLE orders (user_email text REFERENCES users (email), user_id bigint);
  ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);
  CREATE VIEW named AS SELECT id, name FROM users;
  CREATE MATERIALIZED VIEW counted AS SELECT count(email) FROM users;
  CREATE POLICY mine ON users USING (team = 1);
  ALTER TABLE users ENABLE ROW LEVEL SECURITY;
  CREATE STATISTICS users_stats ON name, email FROM users;
  CREATE FUNCTION app.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.created = now(); RETURN NEW; END $$;
  CREATE TRIGGER stamp BEFORE UPDATE OF name ON users FOR EACH ROW WHEN (NEW.email IS NOT NULL) EXECUTE FUNCTION app.stamp();
  CREATE FUNCTION app.find_user() RETURNS bigint LANGUAGE sql AS $$ SELECT count(email) FROM app."users" $$;
  CREATE FUNCTION app.elsewhere() RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint /* users */ $$;
)";

constexpr auto kFrom14 = R"(
  ALTER TABLE users ALTER email SET COMPRESSION pglz;
  CREATE FUNCTION app.parsed() RETURNS bigint LANGUAGE sql
    BEGIN ATOMIC SELECT count(token) FROM app.users; END;
)";

constexpr auto kFrom15 = R"(
  CREATE PUBLICATION columns_%s FOR TABLE users (id, name);
  CREATE UNIQUE INDEX users_alone ON users (email, late) NULLS NOT DISTINCT;
)";

std::string schema_for(const TestDatabase& database, int version) {
  std::string sql = kSchema;
  if (version >= 140000) sql += kFrom14;
  if (version >= 150000) sql += kFrom15;
  for (std::size_t at = 0; (at = sql.find("%s", at)) != std::string::npos;) {
    sql.replace(at, 2, database.name());
  }
  return sql;
}

Catalog read(const TestDatabase& database, const CatalogRequest& request,
             const std::string& search_path = "app, public") {
  const auto connection = database.connect({.search_path = search_path});
  auto catalog = read_catalog(*connection, request);
  if (!catalog) FAIL(catalog.error().message << " in " << catalog.error().statement);
  CHECK_FALSE(connection->in_transaction());
  return std::move(*catalog);
}

Names column_names(const Table& table, const std::vector<int>& attnums) {
  Names names;
  for (const int attnum : attnums) {
    const Column* column = table.column(attnum);
    names.push_back(column == nullptr ? "?" : column->name);
  }
  std::ranges::sort(names);
  return names;
}

/// "view app.named: id, name", uncertain ones with a question mark.
std::set<std::string> dependents_of(const Table& table) {
  std::set<std::string> lines;
  for (const Dependent& each : table.dependents) {
    std::string line = each.name + (each.certain ? ":" : "?");
    for (const std::string& name : column_names(table, each.attnums)) {
      line += " " + name;
    }
    lines.insert(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("everything about a rich PostgreSQL table is read", "[live][database][catalog]") {
  TestDatabase database;
  const int version = database.connect()->server_version();
  database.exec(schema_for(database, version));
  const std::string role = "reporting_" + database.name();
  const Catalog catalog = read(database, {.tables = {{"", "users"}, {"", "missing"}},
                                          .indexes = {{"app", "users_rich"}},
                                          .types = {{"", "mood"}}});
  CHECK(catalog.search_path == Names{"app", "public"});
  CHECK(catalog.superuser);
  REQUIRE(catalog.tables.size() == 1);
  REQUIRE(catalog.enums.size() == 1);
  CHECK(catalog.enums[0].labels == Names{"sad", "ok", "happy"});
  const Table& users = catalog.tables[0];

  SECTION("the table itself") {
    CHECK(users.name == TableName{"app", "users"});
    CHECK(users.kind == TableKind::table);
    CHECK(users.owner == "postgres");
    CHECK(users.comment == "people");
    CHECK(users.grants == Names{"INSERT, SELECT TO " + role});
    CHECK(users.row_security);
    CHECK(users.published == (version >= 150000));
    CHECK(users.empty);
    CHECK(users.leaves == std::vector<TableName>{{"app", "users"}});
    CHECK(std::ranges::find(catalog.taken, TableName{"app", "users_rich"}) != catalog.taken.end());
  }
  SECTION("its columns") {
    Names names;
    for (const Column& column : users.columns) names.push_back(column.name);
    CHECK(names == Names{"id", "name", "email", "created", "token", "picked", "folded", "grade",
                         "team", "shout", "late"});
    const Column& name = *users.column("name");
    CHECK(name.type == "character varying(40)");
    CHECK(name.not_null);
    CHECK(name.default_sql == "'nobody'::character varying");
    CHECK(name.default_kind == DefaultKind::constant);
    CHECK(name.comment == "full name");
    CHECK(name.statistics_target == 500);
    CHECK(name.options == "n_distinct=5");
    CHECK(name.grants == Names{"SELECT TO PUBLIC", "UPDATE TO PUBLIC"});
    CHECK(name.storage.empty());
    CHECK(name.collation.empty());
    const Column& email = *users.column("email");
    CHECK(email.collation == "pg_catalog.\"C\"");
    CHECK(email.storage == "EXTERNAL");
    CHECK(email.compression == (version >= 140000 ? "pglz" : ""));
    CHECK(email.default_kind == DefaultKind::none);
    CHECK_FALSE(email.statistics_target.has_value());
    CHECK(users.column("id")->identity == Identity::always);
    CHECK(users.column("shout")->generated == Generated::stored);
    CHECK(users.column("shout")->default_sql.empty());
    CHECK(users.column("shout")->generated_sql == "upper((name)::text)");
    CHECK(users.column("late")->has_missing_value);
    CHECK(users.column("late")->attnum == 12);
  }
  SECTION("how volatile each default is") {
    CHECK(users.column("created")->default_kind == DefaultKind::stable);
    CHECK(users.column("token")->default_kind == DefaultKind::volatile_);
    CHECK(users.column("picked")->default_kind == DefaultKind::volatile_);
    CHECK(users.column("folded")->default_kind == DefaultKind::constant);
    CHECK(users.column("grade")->default_kind == DefaultKind::constant);
    CHECK(users.column("grade")->default_sql == "7");
  }
  SECTION("its indexes, key by key") {
    const Index& rich = *users.index("users_rich");
    REQUIRE(rich.keys.size() == 3);
    CHECK(rich.keys[0].attnum == 0);
    CHECK(rich.keys[0].sql ==
          "lower(name::text) COLLATE pg_catalog.\"default\" text_pattern_ops DESC");
    CHECK(rich.keys[1].sql == "email COLLATE pg_catalog.\"POSIX\"");
    CHECK(rich.keys[1].suffix == " COLLATE pg_catalog.\"POSIX\"");
    CHECK(rich.keys[2].sql == "team NULLS FIRST");
    CHECK(rich.include == Names{"created"});
    CHECK(rich.predicate == "(picked > 3)");
    CHECK(rich.with == "fillfactor='70'");
    CHECK(column_names(users, rich.attnums) == Names{"created", "email", "name", "picked", "team"});
    CHECK(users.index("users_pkey")->primary);
    CHECK_FALSE(rich.nulls_not_distinct);
    if (version >= 150000) CHECK(users.index("users_alone")->nulls_not_distinct);
    CHECK(users.index("users_email_key")->constraint == "users_email_key");
  }
  SECTION("its constraints, and the foreign keys that point at it") {
    const Constraint& check = *users.constraint("users_name_check");
    CHECK(check.kind == ConstraintKind::check);
    CHECK(check.expression == "((name)::text <> ''::text)");
    CHECK(column_names(users, check.attnums) == Names{"name"});
    const Constraint& team = *users.constraint("users_team_fkey");
    CHECK_FALSE(team.validated);
    REQUIRE(team.references);
    CHECK(team.references->table == TableName{"app", "teams"});
    CHECK(team.references->columns == Names{"id"});
    CHECK(team.definition ==
          "FOREIGN KEY (team) REFERENCES teams(id) "
          "ON DELETE SET NULL DEFERRABLE NOT VALID");
    CHECK(team.deferrable);
    CHECK(users.constraint("users_pkey")->index == "users_pkey");
    REQUIRE(users.incoming.size() == 2);
    CHECK(users.incoming[0].name == "orders_user");
    CHECK(column_names(users, users.incoming[1].attnums) == Names{"email"});
  }
  SECTION("its triggers") {
    REQUIRE(users.triggers.size() == 1);
    const Trigger& stamp = users.triggers[0];
    CHECK(stamp.before);
    CHECK(stamp.row);
    CHECK(stamp.on_update);
    CHECK_FALSE(stamp.on_insert);
    CHECK(stamp.function == "app.stamp");
    CHECK(column_names(users, stamp.update_of) == Names{"name"});
    CHECK(column_names(users, stamp.attnums) == Names{"email", "name"});
  }
  SECTION("what depends on it") {
    std::set<std::string> expected{"view app.named: id name",
                                   "materialized view app.counted: email",
                                   "policy mine on table users: team",
                                   "generated column shout: name",
                                   "statistics object users_stats: email name",
                                   "sequence app.users_id_seq: id",
                                   "sequence app.users_picked_seq: picked",
                                   "function find_user()? email",
                                   "function stamp()? created"};
    if (version >= 140000) expected.insert("function parsed(): token");
    if (version >= 150000) expected.insert("publication columns_" + database.name() + ": id name");
    CHECK(dependents_of(users) == expected);
  }
  database.exec("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST_CASE("partitions, children and views are told apart", "[live][database][catalog]") {
  TestDatabase database;
  database.exec(R"(
    CREATE TABLE events (at date NOT NULL, kind text, n integer) PARTITION BY RANGE (at, lower(kind));
    CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2020-01-01', MINVALUE)
      TO ('2021-01-01', MINVALUE) PARTITION BY LIST (n);
    CREATE TABLE events_old_1 PARTITION OF events_old FOR VALUES IN (1);
    CREATE TABLE events_new PARTITION OF events DEFAULT;
    INSERT INTO events VALUES ('2020-05-05', 'a', 1);
    CREATE TABLE base (a integer);
    CREATE TABLE child (b integer) INHERITS (base);
    CREATE VIEW shown WITH (security_barrier) AS SELECT a FROM base;
    CREATE RULE loud AS ON DELETE TO base DO ALSO SELECT 1;
    CREATE TABLE used (b base, k public.base[])
  )");
  const Catalog catalog = read(
      database,
      {.tables =
           {{"", "events"}, {"", "events_new"}, {"public", "base"}, {"", "child"}, {"", "shown"}}},
      "");
  REQUIRE(catalog.tables.size() == 5);
  const Table& events = catalog.tables[0];
  CHECK(events.kind == TableKind::partitioned);
  CHECK(events.subpartitioned);
  CHECK(column_names(events, events.partition_key) == Names{"at", "kind"});
  CHECK(events.leaves ==
        std::vector<TableName>{{"public", "events_new"}, {"public", "events_old_1"}});
  CHECK_FALSE(events.empty);
  CHECK(catalog.tables[1].partition);
  CHECK(catalog.tables[1].empty);
  const Table& base = catalog.tables[2];
  CHECK(base.inherited);
  CHECK_FALSE(base.inherits);
  CHECK(catalog.tables[3].inherits);
  CHECK(dependents_of(base) ==
        std::set<std::string>{"view public.shown: a", "rule loud on public.base:",
                              "column b of table used:", "column k of table used:"});
  CHECK(catalog.tables[4].kind == TableKind::view);
  CHECK(catalog.tables[4].view_query.find("FROM base") != std::string::npos);
  CHECK(catalog.tables[4].view_options == "security_barrier=true");
  CHECK(catalog.tables[4].leaves.empty());
}

TEST_CASE("a table locked by someone else is still read", "[live][database][catalog]") {
  TestDatabase database;
  database.exec("CREATE TABLE t (a integer); INSERT INTO t VALUES (1)");
  const auto holder = database.connect();
  auto transaction = zdm::migrations::Transaction::begin(*holder);
  REQUIRE(holder->run("LOCK TABLE t"));
  const auto reader = database.connect({.lock_timeout = std::chrono::milliseconds(50)});
  const auto catalog = read_catalog(*reader, {.tables = {{"", "t"}}});
  REQUIRE(catalog);
  REQUIRE(catalog->tables.size() == 1);
  CHECK_FALSE(catalog->tables[0].empty);
}
