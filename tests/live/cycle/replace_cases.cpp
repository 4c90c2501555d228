#include "case.hpp"
#include "words.hpp"

namespace zdm::tests {

namespace {

Case other_type(const std::string& name, std::vector<migrations::Engine> engines,
                const std::string& more) {
  return {.name = "change_column " + name,
          .engines = std::move(engines),
          .setup = {"CREATE TABLE orders (id integer PRIMARY KEY, amount integer NOT NULL)",
                    "CREATE INDEX orders_amount ON orders (amount)",
                    "INSERT INTO orders VALUES (1, 10), (2, 20), (3, 30)"},
          .migrations = {change("change_column", "orders", "column = 'amount'\n" + more)},
          .old_writes = {"INSERT INTO orders (id, amount) VALUES ({n}, {n})",
                         "UPDATE orders SET amount = {n} WHERE id = 1"},
          .new_writes = {},
          .repaired = {}};
}

Case new_name() {
  auto subject = other_type("under a new name", kBoth,
                            "name = 'cents'\ntype = 'bigint'\nup = 'amount * 100'\n"
                            "down = 'cents / 100'");
  subject.new_writes = {"INSERT INTO orders (id, cents) VALUES ({n} + 5000, {n} * 100)",
                        "UPDATE orders SET cents = {n} * 100 WHERE id = 2"};
  return subject;
}

bool is_index(const std::string& sql) {
  return sql.starts_with("CREATE INDEX");
}

Case same_name(std::vector<migrations::Engine> engines, const std::string& reason) {
  auto subject = other_type("under the same name", std::move(engines),
                            "type = 'bigint'\nup = 'amount'\ndown = 'amount'\n" + reason);
  // Under the same name both releases write alike, whichever column stands behind it.
  subject.new_writes = {"INSERT INTO orders (id, amount) VALUES ({n} + 5000, {n})",
                        "UPDATE orders SET amount = {n} WHERE id = 2"};
  if (subject.engines == kSqlite) std::erase_if(subject.setup, is_index);
  return subject;
}

/// `up` forgets the seconds, `down` the case: what a release wrote must stay as it wrote it.
Case lossy() {
  Case subject{.name = "change_column with a lossy pair",
               .engines = kBoth,
               .setup = {"CREATE TABLE users (id integer PRIMARY KEY, email text)",
                         "INSERT INTO users VALUES (1, 'One@A'), (2, 'TWO@b'), (3, NULL)"},
               .migrations = {change("change_column", "users",
                                     "column = 'email'\nname = 'address'\ntype = 'text'\n"
                                     "up = 'lower(email)'\ndown = 'upper(address)'")},
               .old_writes = {"INSERT INTO users (id, email) VALUES ({n}, 'Old{n}@C')",
                              "UPDATE users SET email = 'OldAgain{n}@C' WHERE id = 1"},
               .new_writes = {"INSERT INTO users (id, address) VALUES ({n} + 5000, 'New{n}@d')",
                              "UPDATE users SET address = 'NewAgain{n}@d' WHERE id = 2"},
               .repaired = {}};
  return subject;
}

Case split(migrations::Engine engine) {
  const bool sqlite = engine == migrations::Engine::sqlite;
  const std::string first =
      sqlite ? "substr(name, 1, instr(name, ' ') - 1)" : "split_part(name, ' ', 1)";
  const std::string last =
      sqlite ? "substr(name, instr(name, ' ') + 1)" : "split_part(name, ' ', 2)";
  return {.name = "split_column",
          .engines = {engine},
          .setup = {"CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL)",
                    "INSERT INTO users VALUES (1, 'Ada L'), (2, 'Bob M'), (3, 'Cy N')"},
          .migrations = {change("split_column", "users",
                                fmt::format("column = 'name'\nto = [{{name = \"first\", type = "
                                            "\"text\", up = \"{}\"}}, {{name = \"last\", type = "
                                            "\"text\", up = \"{}\"}}]\n"
                                            "down = \"first || ' ' || last\"",
                                            first, last))},
          .old_writes = {"INSERT INTO users (id, name) VALUES ({n}, 'Old N{n}')",
                         "UPDATE users SET name = 'Older N{n}' WHERE id = 1"},
          .new_writes = {"INSERT INTO users (id, first, last) VALUES ({n} + 5000, 'New', 'N{n}')",
                         "UPDATE users SET last = 'Newer{n}' WHERE id = 2"},
          .repaired = {}};
}

Case merge(migrations::Engine engine) {
  const bool sqlite = engine == migrations::Engine::sqlite;
  const std::string first =
      sqlite ? "substr(name, 1, instr(name, ' ') - 1)" : "split_part(name, ' ', 1)";
  const std::string last =
      sqlite ? "substr(name, instr(name, ' ') + 1)" : "split_part(name, ' ', 2)";
  return {.name = "merge_columns",
          .engines = {engine},
          .setup = {"CREATE TABLE users (id integer PRIMARY KEY, first text NOT NULL, "
                    "last text NOT NULL)",
                    "INSERT INTO users VALUES (1, 'Ada', 'L'), (2, 'Bob', 'M')"},
          .migrations = {change("merge_columns", "users",
                                fmt::format("columns = ['first', 'last']\n"
                                            "to = {{name = \"name\", type = \"text\"}}\n"
                                            "up = \"first || ' ' || last\"\n"
                                            "down = {{first = \"{}\", last = \"{}\"}}",
                                            first, last))},
          .old_writes = {"INSERT INTO users (id, first, last) VALUES ({n}, 'Old', 'N{n}')",
                         "UPDATE users SET last = 'Older{n}' WHERE id = 1"},
          .new_writes = {"INSERT INTO users (id, name) VALUES ({n} + 5000, 'New N{n}')",
                         "UPDATE users SET name = 'Newer N{n}' WHERE id = 2"},
          .repaired = {}};
}

}  // namespace

std::vector<Case> replace_cases() {
  return {new_name(),
          same_name(kPostgres, ""),
          same_name(kSqlite, "compatible = 'SQLite reads any integer'"),
          lossy(),
          split(migrations::Engine::postgresql),
          split(migrations::Engine::sqlite),
          merge(migrations::Engine::postgresql),
          merge(migrations::Engine::sqlite)};
}

}  // namespace zdm::tests
