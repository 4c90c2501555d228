#include "case.hpp"
#include "words.hpp"

namespace zdm::tests {

namespace {

/// orders with what constraints can be about; both releases write rows that meet all of them.
Case of_orders(std::string name, std::string migration) {
  return {.name = std::move(name),
          .engines = kPostgres,
          .setup = {"CREATE TABLE users (id integer PRIMARY KEY, email text)",
                    "CREATE INDEX users_email ON users (email)",
                    "CREATE TABLE orders (id integer PRIMARY KEY, user_id integer, amount integer "
                    "DEFAULT 5, state text NOT NULL DEFAULT 'new', code text, "
                    "CONSTRAINT positive CHECK (amount > 0), "
                    "CONSTRAINT orders_code UNIQUE (code), "
                    "CONSTRAINT ordered FOREIGN KEY (user_id) REFERENCES users (id))",
                    "CREATE INDEX orders_amount ON orders (amount)",
                    "COMMENT ON CONSTRAINT positive ON orders IS 'never free'",
                    "COMMENT ON TABLE orders IS 'what was ordered'",
                    "INSERT INTO users VALUES (1, 'a'), (2, 'b')",
                    "INSERT INTO orders (id, user_id, amount, code) VALUES (1, 1, 1, 'x'), "
                    "(2, 2, 2, 'y')"},
          .migrations = {std::move(migration)},
          .old_writes = {"INSERT INTO orders (id, user_id, amount, code) VALUES "
                         "({n}, 1, {n}, 'c{n}')",
                         "UPDATE orders SET amount = {n}, state = 'old' WHERE id = 1"},
          .new_writes = {"INSERT INTO orders (id, user_id, amount, code) VALUES "
                         "({n} + 5000, 2, {n}, 'd{n}')",
                         "UPDATE orders SET amount = {n}, state = 'new' WHERE id = 2"},
          .repaired = {}};
}

Case repaired() {
  auto subject = of_orders("set_not_null with up",
                           change("set_not_null", "orders", "column = 'amount'\nup = '3'"));
  subject.setup.emplace_back("INSERT INTO orders (id, amount) VALUES (3, NULL), (4, NULL)");
  subject.old_writes.emplace_back("INSERT INTO orders (id, amount) VALUES ({n} + 7000, NULL)");
  subject.old_writes.emplace_back("UPDATE orders SET code = 'e{n}' WHERE id = 3");
  subject.repaired = {"orders.amount"};
  subject.finally = {{"SELECT count(*) FROM orders WHERE amount IS NULL", "0"},
                     {"SELECT amount FROM orders WHERE id = 4", "3"}};
  return subject;
}

std::string index(std::string_view kind, std::string_view more) {
  return change(kind, "orders", more);
}

std::string without_table(std::string_view kind, std::string_view more) {
  return fmt::format("[[change]]\nkind = \"{}\"\n{}\n", kind, more);
}

std::vector<Case> constraints() {
  return {
      of_orders("set_not_null without up", change("set_not_null", "orders", "column = 'amount'")),
      repaired(),
      of_orders("drop_not_null", change("drop_not_null", "orders", "column = 'state'")),
      of_orders("add_check",
                change("add_check", "orders", "name = 'small'\ncheck = 'amount < 1000000'")),
      of_orders("add_foreign_key",
                change("add_foreign_key", "orders",
                       "name = 'again'\ncolumns = ['user_id']\nreferences = {table = 'users', "
                       "columns = ['id'], on_delete = 'cascade', on_update = 'cascade'}")),
      of_orders("add_unique",
                change("add_unique", "orders", "name = 'one_each'\ncolumns = ['code', 'id']")),
      of_orders("drop_constraint of a check",
                change("drop_constraint", "orders", "name = 'positive'")),
      of_orders("drop_constraint of a foreign key",
                change("drop_constraint", "orders", "name = 'ordered'")),
      of_orders("drop_constraint of a unique one",
                change("drop_constraint", "orders", "name = 'orders_code'")),
      of_orders("drop_constraint of a primary key",
                change("drop_constraint", "orders", "name = 'orders_pkey'"))};
}

std::vector<Case> catalog_alone() {
  return {
      of_orders("set_default", change("set_default", "orders", "column = 'amount'\ndefault = '6'")),
      of_orders("set_default where there was none",
                change("set_default", "orders", "column = 'code'\ndefault = 'clock_timestamp()'")),
      of_orders("drop_default", change("drop_default", "orders", "column = 'amount'")),
      of_orders("set_comment of a table",
                change("set_comment", "orders", "comment = 'orders of today'")),
      of_orders("set_comment of a column",
                change("set_comment", "orders", "column = 'amount'\ncomment = \"it's\"")),
      of_orders("create_index",
                index("create_index",
                      "name = 'wide'\ncolumns = ['lower(code)', 'amount desc nulls last']\n"
                      "include = ['state']\nwhere = 'amount > 1'\nwith = 'fillfactor = 80'")),
      of_orders("create_index unique",
                index("create_index", "name = 'sole'\ncolumns = ['code']\nunique = true")),
      of_orders("create_index with a method",
                index("create_index", "name = 'b'\ncolumns = ['amount']\nmethod = 'brin'")),
      of_orders("drop_index", without_table("drop_index", "name = 'orders_amount'")),
      of_orders("replace_index", index("replace_index",
                                       "from = 'orders_amount'\nname = 'better'\n"
                                       "columns = ['amount', 'id']"))};
}

std::vector<Case> of_sqlite() {
  auto create =
      of_orders("create_index", index("create_index",
                                      "name = 'wide'\ncolumns = ['lower(code)', 'amount desc']\n"
                                      "where = 'amount > 1'"));
  auto drop = of_orders("drop_index", without_table("drop_index", "name = 'orders_amount'"));
  auto replace = of_orders("replace_index", index("replace_index",
                                                  "from = 'orders_amount'\nname = 'better'\n"
                                                  "columns = ['amount', 'id']"));
  std::vector<Case> all = {create, drop, replace};
  for (auto& each : all) {
    each.engines = kSqlite;
    std::erase_if(each.setup, [](const auto& sql) { return sql.starts_with("COMMENT"); });
  }
  return all;
}

}  // namespace

std::vector<Case> guarantee_cases() {
  auto all = constraints();
  for (auto& each : catalog_alone()) all.push_back(std::move(each));
  for (auto& each : of_sqlite()) all.push_back(std::move(each));
  return all;
}

}  // namespace zdm::tests
