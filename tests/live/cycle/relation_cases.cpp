#include "case.hpp"
#include "words.hpp"

namespace zdm::tests {

namespace {

using migrations::Engine;

/// The running release writes users; the next one the new table too.
Case created(const std::string& name, std::vector<Engine> engines, std::string table,
             const std::string& more) {
  return {.name = "create_table " + name,
          .engines = std::move(engines),
          .setup = {"CREATE TABLE users (id integer PRIMARY KEY, name text)",
                    "INSERT INTO users VALUES (1, 'a'), (2, NULL)"},
          .migrations = {change("create_table", table, more)},
          .old_writes = {"INSERT INTO users (id, name) VALUES ({n}, 'old')",
                         "UPDATE users SET name = 'u{n}' WHERE id = 1"},
          .new_writes = {fmt::format("INSERT INTO {} (id, state) VALUES ({{n}}, 's{{n}}')", table),
                         fmt::format("UPDATE {} SET state = 'u' WHERE id = {{n}}", table)},
          .repaired = {}};
}

Case with_every_key() {
  auto subject =
      created("with every key", kPostgres, "app.orders",
              "columns = [{name = 'id', type = 'bigint', identity = 'by default'}, "
              "{name = 'number', type = 'integer', identity = 'always'}, "
              "{name = 'state', type = 'varchar(20)', not_null = true, default = \"'new'\", "
              "check = \"state <> ''\", comment = \"how far it's\"}, "
              "{name = 'day', type = 'date', default = 'current_date'}]\n"
              "primary_key = ['id']\nunique = [['number'], ['state', 'id']]");
  subject.setup.emplace_back("CREATE SCHEMA app");
  subject.new_writes.emplace_back("INSERT INTO app.orders (id, day) VALUES ({n} + 5000, NULL)");
  subject.finally = {
      {"SELECT col_description('app.orders'::regclass, attnum) FROM pg_attribute "
       "WHERE attrelid = 'app.orders'::regclass AND attname = 'state'",
       "how far it's"},
      {"SELECT CASE WHEN min(number) = 1 THEN 'counts' END FROM app.orders", "counts"}};
  return subject;
}

std::vector<Case> create_cases() {
  const std::string plain =
      "columns = [{name = 'id', type = 'integer'}, {name = 'state', type = 'text', "
      "default = \"'new'\", not_null = true, check = 'length(state) < 100'}]\n"
      "primary_key = ['id']\nunique = [['state', 'id']]";
  return {created("plain", kBoth, "orders", plain),
          created("with an awkward name", kBoth, "\"My \"\"Orders\"", plain),
          created("without a key", kBoth, "orders",
                  "columns = [{name = 'id', type = 'integer'}, {name = 'state', type = 'text'}]"),
          with_every_key()};
}

/// The next release knows nothing of sessions.
Case dropped(const std::string& name, std::vector<Engine> engines, std::vector<std::string> setup,
             std::string table = "sessions") {
  setup.insert(setup.begin(), "CREATE TABLE users (id integer PRIMARY KEY)");
  setup.insert(setup.begin() + 1, "INSERT INTO users VALUES (1), (2)");
  return {.name = "drop_table " + name,
          .engines = std::move(engines),
          .setup = std::move(setup),
          .migrations = {change("drop_table", table, "")},
          .old_writes = {"INSERT INTO users (id) VALUES ({n})",
                         fmt::format("INSERT INTO {} (id, token) VALUES ({{n}}, 't{{n}}')", table),
                         fmt::format("UPDATE {} SET token = 'u{{n}}' WHERE id = 1", table)},
          .new_writes = {"INSERT INTO users (id) VALUES ({n} + 5000)"},
          .repaired = {},
          .gone = {table}};
}

Case as_sqlite_names(Case subject) {
  subject.engines = kSqlite;
  for (auto& each : subject.gone) each = '"' + each + '"';
  return subject;
}

Case full_of_things() {
  return dropped("with all that goes with it", kPostgres,
                 {"CREATE TABLE sessions (id serial PRIMARY KEY, token text UNIQUE, number integer "
                  "GENERATED ALWAYS AS IDENTITY, user_id integer DEFAULT 1 REFERENCES users, "
                  "parent integer REFERENCES sessions, "
                  "small text GENERATED ALWAYS AS (lower(token)) STORED)",
                  "CREATE INDEX sessions_small ON sessions (lower(token)) WHERE id > 0",
                  "CREATE STATISTICS sessions_both ON id, token FROM sessions",
                  "CREATE POLICY mine ON sessions USING (id > 0)",
                  "COMMENT ON TABLE sessions IS 'who is here'",
                  "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
                  "$$ BEGIN RETURN NEW; END $$",
                  "CREATE TRIGGER noted BEFORE INSERT ON sessions FOR EACH ROW "
                  "EXECUTE FUNCTION note()",
                  "INSERT INTO sessions (token) VALUES ('a'), ('b')"});
}

std::vector<Case> drop_cases() {
  const std::vector<std::string> plain = {
      "CREATE TABLE sessions (id integer PRIMARY KEY, token text)",
      "CREATE INDEX sessions_token ON sessions (token)",
      "INSERT INTO sessions VALUES (1, 'a'), (2, 'b')"};
  const std::vector<std::string> referencing = {
      "CREATE TABLE sessions (id integer PRIMARY KEY, token text, "
      "user_id integer DEFAULT 1 REFERENCES users (id))",
      "INSERT INTO sessions (id, token) VALUES (1, 'a')"};
  return {dropped("plain", kPostgres, plain), as_sqlite_names(dropped("plain", kSqlite, plain)),
          as_sqlite_names(dropped("that references", kSqlite, referencing)), full_of_things(),
          dropped("of a partitioned table", kPostgres,
                  {"CREATE TABLE sessions (id integer, token text, user_id integer DEFAULT 1 "
                   "REFERENCES users) PARTITION BY RANGE (id)",
                   "CREATE TABLE sessions_low PARTITION OF sessions FOR VALUES FROM (0) TO (1001)",
                   "CREATE TABLE sessions_rest PARTITION OF sessions DEFAULT",
                   "CREATE INDEX sessions_token ON sessions (token)",
                   "INSERT INTO sessions VALUES (1, 'a'), (2000, 'b')"})};
}

/// users becomes accounts; both names take every write until contract.
Case renamed(const std::string& name, std::vector<std::string> setup, std::string from = "users",
             std::string to = "accounts") {
  const auto write = [](const std::string& table, const std::string& more) {
    return std::vector<std::string>{
        fmt::format("INSERT INTO {} (id, name) VALUES ({{n}}{}, 'w{{n}}')", table, more),
        fmt::format("INSERT INTO {} (id) VALUES ({{n}}{} + 20000) ON CONFLICT (id) DO UPDATE SET "
                    "name = excluded.name RETURNING id",
                    table, more),
        fmt::format("UPDATE {} SET name = 'u{{n}}' WHERE id = 1", table),
        fmt::format("DELETE FROM {} WHERE id = {{n}}{} - 4", table, more)};
  };
  setup.push_back(fmt::format("INSERT INTO {} (id, name) VALUES (1, 'one'), (2, NULL)", from));
  return {.name = "rename_table " + name,
          .engines = kPostgres,
          .setup = std::move(setup),
          .migrations = {fmt::format(
              "[[change]]\nkind = \"rename_table\"\nfrom = '{}'\nto = '{}'\n", from, to)},
          .old_writes = write(from, ""),
          .new_writes = write(to, " + 5000"),
          .repaired = {},
          .finally = {{fmt::format("SELECT relkind FROM pg_class WHERE oid = '{}'::regclass", to),
                       "r"}},
          .gone = {from}};
}

Case rename_with_things() {
  auto subject = renamed(
      "with all that hangs on it",
      {"CREATE TABLE users (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, "
       "name text DEFAULT 'nobody', born date DEFAULT current_date, "
       "small text GENERATED ALWAYS AS (lower(name)) STORED, CHECK (id > 0), "
       "UNIQUE (name, id))",
       "CREATE INDEX users_born ON users (born)",
       "CREATE TABLE orders (id integer PRIMARY KEY, owner integer REFERENCES users)",
       "COMMENT ON TABLE users IS 'who is here'", "COMMENT ON COLUMN users.name IS 'of birth'",
       "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
       "CREATE TRIGGER noted BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION note()",
       "ALTER TABLE users ALTER id RESTART WITH 100000"});
  subject.old_writes.emplace_back("INSERT INTO users (name) VALUES ('nameless {n}')");
  subject.new_writes.emplace_back("INSERT INTO accounts (name) VALUES ('nameless too {n}')");
  subject.old_writes.emplace_back("INSERT INTO orders VALUES ({n}, 1)");
  subject.setup.emplace_back("INSERT INTO users (id) VALUES (3)");
  return subject;
}

Case rename_with_grants() {
  auto subject = renamed("with grants", {"CREATE TABLE users (id integer PRIMARY KEY, name text)",
                                         "GRANT SELECT ON users TO pg_monitor WITH GRANT OPTION",
                                         "GRANT SELECT (id), UPDATE (name) ON users TO PUBLIC"});
  const auto as_anyone = [](const char* table) {
    return fmt::format(
        "SET ROLE pg_read_all_settings; UPDATE {} SET name = 'r' WHERE id = 1; RESET ROLE", table);
  };
  subject.old_writes.push_back(as_anyone("users"));
  subject.new_writes.push_back(as_anyone("accounts"));
  return subject;
}

/// Through either name a role reaches the rows its policy gives it, and no others.
Case rename_with_row_security() {
  auto subject = renamed("with row security",
                         {"CREATE TABLE users (id integer PRIMARY KEY, name text)",
                          "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
                          "CREATE POLICY theirs ON users USING (id <> 2) WITH CHECK (id <> 2)",
                          "GRANT SELECT, INSERT, UPDATE, DELETE ON users TO pg_read_all_settings"});
  const auto as_someone = [](const std::string& table) {
    return fmt::format(
        "SET row_security = on; SET ROLE pg_read_all_settings; UPDATE {} SET name = 'seen'; "
        "RESET ROLE; RESET row_security; "
        "DO $$ BEGIN IF (SELECT name FROM {} WHERE id = 2) = 'seen' THEN RAISE 'not hidden'; END "
        "IF; END $$",
        table, table);
  };
  subject.old_writes.push_back(as_someone("users"));
  subject.new_writes.push_back(as_someone("accounts"));
  subject.since = 15;  // security_invoker
  return subject;
}

std::vector<Case> rename_table_cases() {
  const std::string columns = " (id integer PRIMARY KEY, name text)";
  return {renamed("plain", {"CREATE TABLE users" + columns}),
          rename_with_things(),
          rename_with_grants(),
          rename_with_row_security(),
          renamed("of another schema", {"CREATE SCHEMA app", "CREATE TABLE app.users" + columns},
                  "app.users", "app.accounts"),
          renamed("to an awkward name", {"CREATE TABLE \"My Users\"" + columns}, "\"My Users\"",
                  "\"select\"")};
}

}  // namespace

std::vector<Case> relation_cases() {
  auto all = create_cases();
  for (auto& each : drop_cases()) all.push_back(std::move(each));
  for (auto& each : rename_table_cases()) all.push_back(std::move(each));
  return all;
}

}  // namespace zdm::tests
