#include "case.hpp"
#include "words.hpp"

namespace zdm::tests {

namespace {

/// A value cannot be taken away again: the undo says so, and the second expand finds it there.
Case enum_value(const std::string& name, std::string type, std::string more) {
  const std::string say =
      fmt::format("value 'returned' of enum type {}: PostgreSQL cannot take it away", type);
  return {
      .name = "add_enum_value " + name,
      .engines = kPostgres,
      .setup = {"CREATE SCHEMA app", fmt::format("CREATE TYPE {} AS ENUM ('new', 'sent')", type),
                fmt::format("CREATE TABLE orders (id integer PRIMARY KEY, state {} "
                            "DEFAULT 'new')",
                            type),
                "INSERT INTO orders VALUES (1, 'new'), (2, 'sent')"},
      .migrations = {fmt::format("[[change]]\nkind = \"add_enum_value\"\ntype = '{}'\n"
                                 "value = 'returned'\n{}\n",
                                 type, more)},
      .old_writes = {"INSERT INTO orders (id, state) VALUES ({n}, 'sent')",
                     "UPDATE orders SET state = 'new' WHERE id = 1"},
      .new_writes = {"INSERT INTO orders (id, state) VALUES ({n} + 5000, 'returned')"},
      .repaired = {},
      .kept = {say}};
}

std::string sql(std::string_view more) {
  return fmt::format("[[change]]\nkind = \"sql\"\n{}\n", more);
}

/// Statements of every phase, with the way back from each.
Case own_statements(std::vector<migrations::Engine> engines, std::string migration) {
  return {.name = "sql with every key",
          .engines = std::move(engines),
          .setup = {"CREATE TABLE users (id integer PRIMARY KEY, name text)",
                    "INSERT INTO users VALUES (1, 'a'), (2, NULL)"},
          .migrations = {std::move(migration)},
          .old_writes = {"INSERT INTO users (id, name) VALUES ({n}, 'old')",
                         "UPDATE users SET name = 'u{n}' WHERE id = 1"},
          .new_writes = {"INSERT INTO users (id, name) VALUES ({n} + 5000, 'new')"},
          .repaired = {},
          .finally = {{"SELECT CASE WHEN count(*) > 0 THEN 'noted' END FROM notes WHERE id > 2",
                       "noted"},
                      {"SELECT count(*) FROM notes WHERE id = 2", "1"}},
          .gone = {"notes_old"}};
}

Case on_postgres() {
  return own_statements(kPostgres, sql(R"toml(
expand = '''
CREATE TABLE notes (id integer, text text);
CREATE TABLE notes_old (id integer);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO notes VALUES (NEW.id, 'it''s; here'); RETURN NULL;
END $$'''
undo_expand = "DROP FUNCTION note(); DROP TABLE notes; DROP TABLE notes_old"
backfill = "INSERT INTO notes SELECT id, name FROM users WHERE id < 3"
undo_backfill = "DELETE FROM notes"
switch = "CREATE TRIGGER noted AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION note()"
undo_switch = "DROP TRIGGER noted ON users"
contract = "DROP TABLE notes_old")toml"));
}

Case on_sqlite() {
  auto subject = own_statements(kSqlite, sql(R"toml(
expand = '''
CREATE TABLE notes (id integer, text text);
CREATE TABLE notes_old (id integer);'''
undo_expand = "DROP TABLE notes; DROP TABLE notes_old"
backfill = "INSERT INTO notes SELECT id, name FROM users WHERE id < 3"
undo_backfill = "DELETE FROM notes"
switch = '''
CREATE TRIGGER noted AFTER INSERT ON users BEGIN
  INSERT INTO notes VALUES (NEW.id, 'it''s; here');
END'''
undo_switch = "DROP TRIGGER noted"
contract = "DROP TABLE notes_old")toml"));
  subject.gone = {"\"notes_old\""};
  return subject;
}

}  // namespace

std::vector<Case> other_cases() {
  return {enum_value("at the end", "state", ""),
          enum_value("before", "app.\"My State\"", "before = 'new'"),
          enum_value("after", "state", "after = 'new'"), on_postgres(), on_sqlite()};
}

}  // namespace zdm::tests
