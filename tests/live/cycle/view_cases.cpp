#include "case.hpp"
#include "words.hpp"

namespace zdm::tests {

namespace {

std::string view(std::string_view kind, std::string_view name, std::string_view query) {
  return fmt::format("[[change]]\nkind = \"{}\"\nname = '{}'\nquery = '''{}'''\n", kind, name,
                     query);
}

constexpr const char* kUsers =
    "CREATE TABLE users (id integer PRIMARY KEY, name text, active boolean NOT NULL DEFAULT true)";

/// What a view may read; both releases write it.
Case over_users(std::string name, std::vector<migrations::Engine> engines, std::string migration) {
  return {.name = std::move(name),
          .engines = std::move(engines),
          .setup = {kUsers, "CREATE TABLE orders (id integer PRIMARY KEY, owner integer)",
                    "CREATE INDEX users_name ON users (name)",
                    "INSERT INTO users VALUES (1, 'a', true), (2, NULL, false), (3, 'c', true)",
                    "INSERT INTO orders VALUES (1, 1), (2, 2)"},
          .migrations = {std::move(migration)},
          .old_writes = {"INSERT INTO users (id, name) VALUES ({n}, 'old')",
                         "UPDATE users SET name = 'u{n}' WHERE id = 1"},
          .new_writes = {"INSERT INTO users (id, name, active) VALUES ({n} + 5000, 'new', false)"},
          .repaired = {}};
}

std::vector<Case> created() {
  auto nested = over_users("create_view over a join and a view", kBoth,
                           view("create_view", "busy",
                                "WITH few AS (SELECT owner FROM orders WHERE id > 0) "
                                "SELECT a.id, (SELECT count(*) FROM users) AS of_all "
                                "FROM active_users AS a JOIN few ON few.owner = a.id"));
  nested.setup.emplace_back("CREATE VIEW active_users AS SELECT id, name FROM users WHERE active");
  nested.new_writes.emplace_back("SELECT of_all FROM busy");
  auto plain = over_users(
      "create_view", kBoth,
      view("create_view", "active_users", "SELECT id, name FROM users WHERE active -- all"));
  plain.new_writes.emplace_back("SELECT id, name FROM active_users");
  auto awkward = over_users("create_view with an awkward name", kBoth,
                            view("create_view", "\"my view\"", "SELECT id FROM users"));
  awkward.new_writes.emplace_back("SELECT id FROM \"my view\"");
  return {plain, nested, awkward};
}

/// The old release reads id and name of active_users, the next one state as well.
Case replaced(const std::string& name, std::vector<migrations::Engine> engines) {
  auto subject = over_users("replace_view " + name, std::move(engines),
                            view("replace_view", "active_users",
                                 "SELECT id, name, 'on' AS state FROM users WHERE active"));
  subject.setup.emplace_back("CREATE VIEW active_users AS SELECT id, name FROM users WHERE active");
  subject.old_writes.emplace_back("SELECT id, name FROM active_users");
  subject.finally = {{"SELECT DISTINCT state FROM active_users", "on"}};
  return subject;
}

/// Columns in another order and of another type: what CREATE OR REPLACE VIEW cannot do.
Case replaced_in_another_order() {
  auto subject = replaced("by another order of columns", kPostgres);
  subject.migrations = {view("replace_view", "active_users",
                             "SELECT 'on' AS state, name::varchar AS name, id::bigint AS id "
                             "FROM users WHERE active")};
  return subject;
}

/// Everything that stands on a view beside its query.
Case described() {
  auto subject = replaced("with privileges, options and comments", kPostgres);
  for (const char* sql :
       {"ALTER VIEW active_users SET (security_barrier = true, check_option = local)",
        "COMMENT ON VIEW active_users IS 'who''s here'",
        "COMMENT ON COLUMN active_users.name IS 'of birth'",
        "GRANT SELECT ON active_users TO pg_monitor WITH GRANT OPTION",
        "GRANT SELECT (id), UPDATE (name) ON active_users TO PUBLIC",
        "ALTER VIEW active_users ALTER name SET DEFAULT 'nobody'"}) {
    subject.setup.emplace_back(sql);
  }
  subject.old_writes.emplace_back("INSERT INTO active_users (id) VALUES ({n} + 30000)");
  subject.old_writes.emplace_back(
      "SET ROLE pg_read_all_settings; UPDATE active_users SET name = 'r' WHERE id = 1; RESET ROLE");
  subject.new_writes.emplace_back("INSERT INTO active_users (id) VALUES ({n} + 40000)");
  subject.finally.insert(
      subject.finally.end(),
      {{"SELECT count(*) FROM users WHERE id > 30000 AND name IS DISTINCT FROM 'nobody'", "0"},
       {"SELECT obj_description('active_users'::regclass)", "who's here"},
       {"SELECT col_description('active_users'::regclass, 2)", "of birth"},
       {"SELECT has_column_privilege('pg_read_all_settings', 'active_users', 'name', 'UPDATE')",
        "t"},
       {"SELECT reloptions FROM pg_class WHERE oid = 'active_users'::regclass",
        "{security_barrier=true,check_option=local}"}});
  return subject;
}

/// What is written through the view, and what reads it, up to views on views.
Case depended_upon() {
  auto subject = replaced("with triggers, rules and all that depends on it", kPostgres);
  for (const char* sql :
       {"CREATE SCHEMA app",
        "CREATE FUNCTION enter() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO users "
        "(id, name) VALUES (NEW.id, NEW.name || TG_ARGV[0]); RETURN NEW; END $$",
        "CREATE TRIGGER \"the entry\" INSTEAD OF INSERT ON active_users FOR EACH ROW EXECUTE "
        "FUNCTION enter(' ON users FOR EACH ROW EXECUTE FUNCTION f()')",
        "CREATE RULE \"no end\" AS ON DELETE TO active_users DO INSTEAD UPDATE users SET active = "
        "false WHERE id = OLD.id",
        "CREATE VIEW app.named WITH (security_barrier = true, check_option = cascaded) AS SELECT "
        "id "
        "AS number, name FROM active_users WHERE name <> ''",
        "COMMENT ON VIEW app.named IS 'with a name'", "GRANT UPDATE (name) ON app.named TO PUBLIC",
        "ALTER VIEW app.named ALTER name SET DEFAULT 'x'",
        "CREATE VIEW counted AS SELECT count(*) AS of_all FROM app.named",
        "CREATE MATERIALIZED VIEW kept AS SELECT number FROM app.named",
        "CREATE VIEW joined AS SELECT a.id, n.name FROM active_users AS a JOIN app.named AS n ON "
        "n.number = a.id"}) {
    subject.setup.emplace_back(sql);
  }
  subject.old_writes.emplace_back("INSERT INTO active_users VALUES ({n} + 50000, 'in')");
  subject.old_writes.emplace_back("DELETE FROM active_users WHERE id = {n} + 50000");
  subject.old_writes.emplace_back("REFRESH MATERIALIZED VIEW kept");
  subject.new_writes.emplace_back("INSERT INTO active_users (id, name) VALUES ({n} + 60000, 'in')");
  subject.new_writes.emplace_back("DELETE FROM active_users WHERE id = {n} + 60000");
  subject.finally.insert(
      subject.finally.end(),
      {{"SELECT count(DISTINCT ev_class) FROM pg_depend JOIN pg_rewrite r ON r.oid = objid WHERE "
        "refobjid = 'active_users'::regclass AND ev_class <> refobjid",
        "2"},
       {"SELECT count(*) > 0 AND bool_and(NOT active) FROM users WHERE id BETWEEN 60000 AND 70000",
        "t"},
       {"SELECT obj_description('app.named'::regclass)", "with a name"},
       {"SELECT reloptions FROM pg_class WHERE oid = 'app.named'::regclass",
        "{security_barrier=true,check_option=cascaded}"}});
  return subject;
}

std::vector<Case> replaced_on_postgres() {
  auto awkward = over_users(
      "replace_view with an awkward name", kPostgres,
      view("replace_view", "app.\"my view\"", "SELECT id, name AS \"a name\" FROM users"));
  awkward.setup.emplace_back("CREATE SCHEMA app");
  awkward.setup.emplace_back("CREATE VIEW app.\"my view\" AS SELECT id FROM users");
  return {replaced("plain", kPostgres), replaced_in_another_order(), described(), depended_upon(),
          awkward};
}

/// A column goes from beneath views that the same migration turns to what takes its place.
std::vector<Case> replaced_with_its_column() {
  auto renamed =
      over_users("replace_view with a rename_column beneath it", kPostgres,
                 "[[change]]\nkind = \"rename_column\"\ntable = \"users\"\nfrom = \"name\"\n"
                 "to = \"full_name\"\n" +
                     view("replace_view", "active_users",
                          "SELECT u.id, u.full_name AS name FROM users AS u WHERE u.active") +
                     view("replace_view", "\"my \"\"view\"",
                          "SELECT full_name FROM users JOIN orders ON owner = users.id"));
  renamed.setup.emplace_back("CREATE VIEW active_users AS SELECT id, name FROM users WHERE active");
  renamed.setup.emplace_back(
      "CREATE VIEW counted AS SELECT count(name) AS named FROM active_users");
  renamed.setup.emplace_back(
      "CREATE VIEW \"my \"\"view\" AS SELECT name AS full_name FROM users "
      "JOIN orders ON owner = users.id");
  for (auto* writes : {&renamed.old_writes, &renamed.new_writes}) {
    writes->emplace_back("SELECT id, name FROM active_users");
    writes->emplace_back("SELECT full_name FROM \"my \"\"view\"");
    writes->emplace_back("UPDATE active_users SET name = 'v{n}' WHERE id = 3");
  }
  renamed.new_writes.front() =
      "INSERT INTO users (id, full_name, active) VALUES ({n} + 5000, 'new', false)";
  renamed.finally = {
      {"SELECT named = (SELECT count(full_name) FROM users WHERE active) FROM counted", "t"}};
  auto dropped =
      over_users("replace_view with a drop_column beneath it", kPostgres,
                 "[[change]]\nkind = \"drop_column\"\ntable = \"users\"\ncolumn = \"name\"\n" +
                     view("replace_view", "active_users", "SELECT id FROM users WHERE active"));
  dropped.setup.emplace_back(
      "CREATE VIEW active_users AS SELECT id FROM users WHERE active AND name IS DISTINCT FROM "
      "'-'");
  dropped.new_writes.front() = "INSERT INTO users (id, active) VALUES ({n} + 5000, false)";
  dropped.new_writes.emplace_back("SELECT id FROM active_users");
  return {renamed, dropped};
}

/// A view and those on it are replaced in one file, in either order; what reads several of them
/// follows each.
Case replaced_in_a_chain(const std::string& order, const std::vector<std::string>& views) {
  auto subject = over_users("replace_view of views on each other, " + order, kPostgres, "");
  subject.migrations.front().clear();
  for (const auto& each : views) subject.migrations.front() += each;
  for (const char* sql :
       {"CREATE VIEW active_users AS SELECT id, name FROM users WHERE active",
        "CREATE VIEW of_each WITH (security_barrier = true) AS SELECT id, name FROM "
        "active_users",
        "COMMENT ON VIEW of_each IS 'of each'",
        "CREATE VIEW \"my view\" AS SELECT t.id, a.name FROM of_each AS t JOIN active_users AS "
        "a USING (id)",
        "CREATE VIEW joined AS SELECT t.id, m.name FROM active_users AS a JOIN of_each AS t "
        "USING (id) JOIN \"my view\" AS m USING (id)"}) {
    subject.setup.emplace_back(sql);
  }
  for (auto* writes : {&subject.old_writes, &subject.new_writes}) {
    writes->emplace_back("SELECT id, name FROM joined");
    writes->emplace_back("SELECT id, name FROM of_each");
  }
  subject.finally = {
      {"SELECT count(*) = (SELECT count(*) FROM users WHERE active) FROM joined", "t"},
      {"SELECT obj_description('of_each'::regclass)", "of each"},
      {"SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class WHERE relkind = 'v' AND "
       "relnamespace = 'public'::regnamespace",
       "active_users, joined, my view, of_each"}};
  return subject;
}

std::vector<Case> replaced_in_chains() {
  const auto lowest = view("replace_view", "active_users",
                           "SELECT 'on' AS state, id, name FROM users WHERE active");
  const auto middle = view("replace_view", "of_each",
                           "SELECT id, name || '' AS name "
                           "FROM active_users");
  const auto top = view("replace_view", "\"my view\"",
                        "SELECT a.id, coalesce(t.name, a.name) AS name FROM active_users AS a JOIN "
                        "of_each AS t ON t.id = a.id");
  return {replaced_in_a_chain("the lowest first", {lowest, middle, top}),
          replaced_in_a_chain("the lowest last", {top, middle, lowest}),
          replaced_in_a_chain("the lowest in between", {middle, lowest, top})};
}

/// The triggers through which a view of SQLite takes writes outlive its replacement.
Case replaced_on_sqlite() {
  auto subject = replaced("with a trigger", kSqlite);
  subject.setup.emplace_back(
      "CREATE TRIGGER through INSTEAD OF INSERT ON active_users BEGIN "
      "INSERT INTO users (id, name) VALUES (NEW.id, NEW.name); END");
  subject.setup.emplace_back("CREATE VIEW named AS SELECT name FROM active_users");
  subject.old_writes.emplace_back("SELECT name FROM named");
  subject.new_writes.emplace_back("SELECT name FROM named");
  subject.old_writes.emplace_back("INSERT INTO active_users (id, name) VALUES ({n} + 7000, 't')");
  subject.new_writes.emplace_back("INSERT INTO active_users (id, name) VALUES ({n} + 8000, 't')");
  return subject;
}

}  // namespace

std::vector<Case> view_cases() {
  auto all = created();
  for (auto& each : replaced_on_postgres()) all.push_back(std::move(each));
  for (auto& each : replaced_with_its_column()) all.push_back(std::move(each));
  for (auto& each : replaced_in_chains()) all.push_back(std::move(each));
  all.push_back(replaced("on SQLite", kSqlite));
  all.push_back(replaced_on_sqlite());
  return all;
}

}  // namespace zdm::tests
