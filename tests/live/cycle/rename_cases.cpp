#include "case.hpp"
#include "words.hpp"

namespace zdm::tests {

namespace {

/// users.name becomes users.full_name; `setup` makes the table with rows 1 to 3.
Case renamed(const std::string& name, std::vector<std::string> setup) {
  return {.name = "rename_column " + name,
          .engines = kBoth,
          .setup = std::move(setup),
          .migrations = {rename("users", "name", "full_name")},
          .old_writes = {"INSERT INTO users (id, name) VALUES ({n}, 'old {n}')",
                         "UPDATE users SET name = 'old again {n}' WHERE id = 1",
                         "DELETE FROM users WHERE id = {n} - 4"},
          .new_writes = {"INSERT INTO users (id, full_name) VALUES ({n} + 5000, 'new {n}')",
                         "UPDATE users SET full_name = 'new again {n}' WHERE id = 2"},
          .repaired = {}};
}

const std::string kRows =
    "INSERT INTO users (id, name) VALUES (1, 'one'), (2, 'two'), (3, 'three')";

Case on_postgres(Case subject) {
  subject.engines = kPostgres;
  return subject;
}

Case nulls() {
  auto subject =
      renamed("that holds NULL", {"CREATE TABLE users (id integer PRIMARY KEY, name text)",
                                  "INSERT INTO users VALUES (1, 'one'), (2, NULL), (3, NULL)"});
  subject.old_writes.emplace_back("UPDATE users SET name = NULL WHERE id = 3");
  subject.new_writes.emplace_back("UPDATE users SET full_name = NULL WHERE id = 1");
  subject.new_writes.emplace_back("INSERT INTO users (id) VALUES ({n} + 9000)");
  return subject;
}

Case constant_default() {
  auto subject = renamed(
      "with a constant default",
      {"CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL DEFAULT 'nobody')", kRows});
  subject.old_writes.emplace_back("INSERT INTO users (id) VALUES ({n} + 9000)");
  subject.new_writes.emplace_back("INSERT INTO users (id) VALUES ({n} + 9000)");
  subject.finally = {
      {"SELECT CASE WHEN count(*) > 2 THEN 'some' END FROM users WHERE full_name = 'nobody'",
       "some"}};
  return subject;
}

Case volatile_default() {
  auto subject = renamed("with a volatile default", {"CREATE TABLE users (id integer PRIMARY KEY, "
                                                     "name text DEFAULT clock_timestamp()::text)",
                                                     kRows});
  subject.old_writes.emplace_back("INSERT INTO users (id) VALUES ({n} + 9000)");
  return subject;
}

Case described() {
  return renamed("with comment, grants and statistics target",
                 {"CREATE TABLE users (id integer PRIMARY KEY, name text)",
                  "COMMENT ON COLUMN users.name IS 'the user''s name'",
                  "GRANT SELECT (name), UPDATE (name) ON users TO PUBLIC",
                  "GRANT INSERT (id, name) ON users TO pg_monitor WITH GRANT OPTION",
                  "ALTER TABLE users ALTER name SET STATISTICS 250", kRows});
}

Case indexed_postgres() {
  return renamed("with indexes of every sort",
                 {"CREATE TABLE users (id integer PRIMARY KEY, name text, born date)",
                  "CREATE INDEX users_name ON users (name)",
                  "CREATE INDEX users_lower ON users (lower(name) DESC, id) WHERE name <> ''",
                  "CREATE INDEX users_born ON users (born) INCLUDE (name)",
                  "CREATE INDEX users_hash ON users USING hash (name)",
                  "CREATE INDEX users_pattern ON users (name text_pattern_ops) "
                  "WITH (fillfactor = 70)",
                  "COMMENT ON INDEX users_name IS 'by name'", kRows});
}

Case checked() {
  return renamed("with checks", {"CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL, "
                                 "CONSTRAINT named CHECK (length(name) > 1), CHECK (id > 0))",
                                 kRows});
}

/// What SQLite keeps only as text: it goes where the column goes.
Case described_on_sqlite() {
  auto subject =
      renamed("with what only the table's text tells",
              {"CREATE TABLE users (id integer PRIMARY KEY, name text collate nocase "
               "default 'nobody' constraint short check (length(name) < 40), "
               "mate text, check (name <> mate))",
               "INSERT INTO users (id, name) VALUES (1, 'one'), (2, 'two'), (3, 'three')"});
  subject.engines = kSqlite;
  subject.finally = {
      {"SELECT sql LIKE '%COLLATE nocase%constraint short check (length(full_name) < 40)%' "
       "FROM sqlite_schema WHERE name = 'users'",
       "1"},
      {"SELECT sql LIKE '%check (full_name <> mate)%' FROM sqlite_schema WHERE name = 'users'",
       "1"}};
  return subject;
}

Case unique() {
  auto subject = renamed("with unique constraints",
                         {"CREATE TABLE users (id integer PRIMARY KEY, name text, UNIQUE (name), "
                          "CONSTRAINT users_both UNIQUE (id, name))",
                          "CREATE UNIQUE INDEX users_upper ON users (upper(name))", kRows});
  subject.old_writes.emplace_back(
      "INSERT INTO users (id, name) VALUES ({n} + 9000, 'one more {n}') "
      "ON CONFLICT (name) DO UPDATE SET name = excluded.name");
  return subject;
}

Case referencing() {
  return {
      .name = "rename_column that references",
      .engines = kBoth,
      .setup = {"CREATE TABLE users (id integer PRIMARY KEY)",
                "CREATE TABLE orders (id integer PRIMARY KEY, owner integer NOT NULL "
                "CONSTRAINT owned REFERENCES users (id) ON DELETE CASCADE)",
                "CREATE INDEX orders_owner ON orders (owner)",
                "INSERT INTO users VALUES (1), (2), (3)",
                "INSERT INTO orders VALUES (1, 1), (2, 2)"},
      .migrations = {rename("orders", "owner", "user_id")},
      .old_writes = {"INSERT INTO orders (id, owner) VALUES ({n}, 1)",
                     "UPDATE orders SET owner = 3 WHERE id = 1", "INSERT INTO users VALUES ({n})"},
      .new_writes = {"INSERT INTO orders (id, user_id) VALUES ({n} + 5000, 2)",
                     "UPDATE orders SET user_id = 1 WHERE id = 2"},
      .repaired = {}};
}

/// SQLite keeps the words as they were typed: of a column, and of the table.
Case referencing_as_typed() {
  auto subject = referencing();
  subject.name = "rename_column that references in small letters";
  subject.engines = kSqlite;
  subject.setup[1] =
      "create table orders (id integer primary key, owner integer NOT NULL "
      "references users, foreign key (owner) references users (id))";
  subject.finally = {
      {"SELECT count(*) FROM pragma_foreign_key_list('orders') WHERE \"from\" = 'user_id'", "2"}};
  return subject;
}

/// Two changes of one file replace both columns of an index.
Case both_of_an_index() {
  return {.name = "rename_column both of an index",
          .engines = kBoth,
          .setup = {"CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL, mail text)",
                    "CREATE INDEX users_both ON users (name, mail)",
                    "CREATE UNIQUE INDEX users_one ON users (mail, lower(name))",
                    "INSERT INTO users VALUES (1, 'one', 'a'), (2, 'two', NULL), (3, 'x', 'c')"},
          .migrations = {rename("users", "name", "full_name") + rename("users", "mail", "address")},
          .old_writes = {"INSERT INTO users (id, name, mail) VALUES ({n}, 'n{n}', 'm{n}')",
                         "UPDATE users SET name = 'old {n}' WHERE id = 1",
                         "UPDATE users SET mail = 'old {n}' WHERE id = 2"},
          .new_writes = {"INSERT INTO users (id, full_name, address) VALUES "
                         "({n} + 5000, 'f{n}', 'a{n}')",
                         "UPDATE users SET full_name = 'v{n}', address = 'w{n}' WHERE id = 2"},
          .repaired = {}};
}

}  // namespace

std::vector<Case> rename_cases() {
  return {
      renamed("plain", {"CREATE TABLE users (id integer PRIMARY KEY, name text)", kRows}),
      nulls(),
      renamed("NOT NULL",
              {"CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL)", kRows}),
      constant_default(),
      on_postgres(volatile_default()),
      on_postgres(described()),
      renamed("with an index", {"CREATE TABLE users (id integer PRIMARY KEY, name text)",
                                "CREATE INDEX users_name ON users (name)",
                                "CREATE INDEX users_some ON users (id) WHERE name > 'm'", kRows}),
      on_postgres(indexed_postgres()),
      checked(),
      described_on_sqlite(),
      on_postgres(unique()),
      referencing(),
      referencing_as_typed(),
      both_of_an_index()};
}

}  // namespace zdm::tests
