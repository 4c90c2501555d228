#include "case.hpp"
#include "words.hpp"

namespace zdm::tests {

namespace {

/// orders gets the column state; the old release does not write it.
Case added(const std::string& name, std::vector<migrations::Engine> engines,
           const std::string& more) {
  return {.name = "add_column " + name,
          .engines = std::move(engines),
          .setup = {"CREATE TABLE users (id integer PRIMARY KEY)",
                    "CREATE TABLE orders (id integer PRIMARY KEY, paid integer)",
                    "INSERT INTO users VALUES (0), (1), (2)",
                    "INSERT INTO orders VALUES (1, 1), (2, 0), (3, NULL)"},
          .migrations = {change("add_column", "orders", "name = 'state'\n" + more)},
          .old_writes = {"INSERT INTO orders (id, paid) VALUES ({n}, 1)",
                         "UPDATE orders SET paid = 1 - paid WHERE id = 1"},
          .new_writes = {"INSERT INTO orders (id, paid, state) VALUES ({n} + 5000, 1, {n} + 5000)",
                         "UPDATE orders SET state = {n} + 9000 WHERE id = 2"},
          .repaired = {}};
}

Case referencing() {
  auto subject = added("that references", kPostgres,
                       "type = 'integer'\nreferences = {table = 'users', columns = ['id'], "
                       "on_delete = 'set null'}");
  subject.new_writes = {"INSERT INTO orders (id, state) VALUES ({n} + 5000, 1)",
                        "UPDATE orders SET state = 2 WHERE id = 2"};
  return subject;
}

Case everything() {
  auto subject = added("with every key", kPostgres,
                       "type = 'integer'\nup = 'coalesce(paid, 0) + id'\nnot_null = true\n"
                       "default = '7'\ncheck = 'state >= 0'\ncomment = 'how far it is'");
  subject.finally = {
      {"SELECT col_description('orders'::regclass, attnum) FROM pg_attribute "
       "WHERE attrelid = 'orders'::regclass AND attname = 'state'",
       "how far it is"}};
  return subject;
}

Case dropped(const std::string& name, std::vector<migrations::Engine> engines,
             const std::string& column, const std::string& more) {
  return {.name = "drop_column " + name,
          .engines = std::move(engines),
          .setup = {"CREATE TABLE orders (id integer PRIMARY KEY, note " + column + ")",
                    "CREATE INDEX orders_id_desc ON orders (id DESC)",
                    "INSERT INTO orders (id, note) VALUES (1, 'a'), (2, 'b')"},
          .migrations = {change("drop_column", "orders", "column = 'note'\n" + more)},
          .old_writes = {"INSERT INTO orders (id, note) VALUES ({n}, 'old {n}')",
                         "UPDATE orders SET note = 'old {n}' WHERE id = 1"},
          .new_writes = {},
          .repaired = {}};
}

Case with_down(std::vector<migrations::Engine> engines) {
  auto subject =
      dropped("with down", std::move(engines), "text NOT NULL", "down = \"'none of ' || id\"");
  subject.new_writes = {"INSERT INTO orders (id) VALUES ({n} + 5000)"};
  return subject;
}

}  // namespace

std::vector<Case> column_cases() {
  return {added("plain", kBoth, "type = 'integer'"),
          added("with a constant default", kBoth, "type = 'integer'\ndefault = '7'"),
          added("NOT NULL with a constant default", kBoth,
                "type = 'integer'\ndefault = '7'\nnot_null = true"),
          added("NOT NULL with a volatile default", kPostgres,
                "type = 'integer'\ndefault = '(random() * 100)::integer'\nnot_null = true"),
          added("with up", kBoth, "type = 'integer'\nup = 'paid + 1'"),
          added("with up and NOT NULL", kPostgres,
                "type = 'integer'\nup = 'coalesce(paid, 0) + 1'\nnot_null = true"),
          added("with a check", kPostgres, "type = 'integer'\ncheck = 'state > 0'"),
          added("unique", kPostgres, "type = 'integer'\nup = 'id + 1000000'\nunique = true"),
          added("with a comment", kPostgres, "type = 'integer'\ncomment = 'how far'"),
          referencing(),
          everything(),
          dropped("without down", kBoth, "text", ""),
          dropped("NOT NULL without down", kPostgres, "text NOT NULL", ""),
          dropped("NOT NULL with a default", kBoth, "text NOT NULL DEFAULT 'x'", ""),
          with_down(kBoth)};
}

}  // namespace zdm::tests
