#include "case.hpp"
#include "words.hpp"

namespace zdm::tests {

namespace {

std::string matview(std::string_view kind, std::string_view name, std::string_view query,
                    std::string_view more) {
  return fmt::format("[[change]]\nkind = \"{}\"\nname = '{}'\nquery = '''{}'''\n{}\n", kind, name,
                     query, more);
}

constexpr std::string_view kKey =
    "indexes = [{name = 'revenue_key', columns = ['day'], unique = true}]";

constexpr const char* kOrders =
    "CREATE TABLE orders (id integer PRIMARY KEY, day date NOT NULL, amount integer NOT NULL)";
constexpr const char* kHundredOrders =
    "INSERT INTO orders SELECT i, date '2026-01-01' + i % 5, i FROM generate_series(1, 100) i";

/// What a materialized view may read; both releases write it.
Case over_orders(std::string name, std::string migration) {
  return {.name = std::move(name),
          .engines = kPostgres,
          .setup = {kOrders, "CREATE INDEX orders_day ON orders (day)",
                    "CREATE TABLE days (day date PRIMARY KEY, name text)", kHundredOrders,
                    "INSERT INTO days SELECT DISTINCT day, 'day ' || day FROM orders"},
          .migrations = {std::move(migration)},
          .old_writes = {"INSERT INTO orders VALUES ({n}, '2026-02-01', 10)",
                         "UPDATE orders SET amount = amount + 1 WHERE id = 1"},
          .new_writes = {"INSERT INTO orders VALUES ({n} + 5000, '2026-02-02', 20)"},
          .repaired = {}};
}

std::vector<Case> created() {
  auto plain = over_orders(
      "create_matview",
      matview("create_matview", "revenue",
              "SELECT day, sum(amount) AS amount FROM orders GROUP BY day; -- all", kKey));
  plain.new_writes.emplace_back("REFRESH MATERIALIZED VIEW CONCURRENTLY revenue");
  plain.new_writes.emplace_back("SELECT day, amount FROM revenue");
  plain.finally = {
      {"SELECT count(*) FROM (SELECT day, sum(amount) AS amount FROM orders GROUP BY day EXCEPT "
       "SELECT * FROM revenue) AS differing",
       "0"}};
  auto full = over_orders(
      "create_matview with every key",
      matview("create_matview", "app.\"my revenue\"",
              "SELECT n.day, n.name AS \"a name\", o.amount FROM named_days AS n JOIN split AS o "
              "USING (day)",
              "indexes = [{name = '\"my key\"', columns = ['day', 'amount desc', '\"a name\"'], "
              "unique = true, method = 'btree', with = 'fillfactor = 80'}, {name = 'my_lower', "
              "columns = ['lower(\"a name\")'], include = ['day'], where = 'amount > 1'}]\n"
              "with = 'fillfactor = 70, autovacuum_enabled = false'\ntablespace = 'pg_default'"));
  for (const char* sql :
       {"CREATE SCHEMA app",
        "CREATE TABLE split (day date, amount integer) PARTITION BY RANGE (day)",
        "CREATE TABLE split_1 PARTITION OF split FOR VALUES FROM ('2026-01-01') TO ('2026-01-03')",
        "CREATE TABLE split_2 PARTITION OF split DEFAULT",
        "INSERT INTO split SELECT day, sum(amount) FROM orders GROUP BY day",
        "CREATE VIEW all_days AS SELECT day, name FROM days",
        "CREATE VIEW named_days AS SELECT day, name FROM all_days WHERE name IS NOT NULL"}) {
    full.setup.emplace_back(sql);
  }
  full.new_writes.emplace_back("REFRESH MATERIALIZED VIEW CONCURRENTLY app.\"my revenue\"");
  full.finally = {{"SELECT count(*) FROM app.\"my revenue\"", "5"}};
  auto empty = over_orders(
      "create_matview without data",
      matview("create_matview", "revenue", "SELECT * FROM orders", "with_data = false"));
  empty.finally = {{"SELECT relispopulated FROM pg_class WHERE oid = 'revenue'::regclass", "f"}};
  return {plain, full, empty};
}

/// The old release reads day and amount of revenue, the next one orders as well.
Case replaced(const std::string& name, std::string_view more) {
  auto subject = over_orders("replace_matview " + name,
                             matview("replace_matview", "revenue",
                                     "SELECT day, sum(amount) AS amount, count(*) AS orders FROM "
                                     "orders GROUP BY day",
                                     more));
  subject.setup.emplace_back(
      "CREATE MATERIALIZED VIEW revenue AS SELECT day, sum(amount) AS amount FROM orders GROUP BY "
      "day");
  subject.setup.emplace_back("CREATE UNIQUE INDEX revenue_key ON revenue (day)");
  subject.old_writes.emplace_back("SELECT day, amount FROM revenue");
  // A cron job of the old release goes on.
  subject.old_writes.emplace_back("REFRESH MATERIALIZED VIEW revenue");
  subject.old_writes.emplace_back("REFRESH MATERIALIZED VIEW CONCURRENTLY revenue");
  subject.new_writes.emplace_back("REFRESH MATERIALIZED VIEW CONCURRENTLY revenue");
  subject.finally = {
      {"SELECT count(*) FROM (SELECT day, sum(amount), count(*) FROM orders GROUP BY day EXCEPT "
       "SELECT day, amount, orders FROM revenue) AS differing",
       "0"},
      {"SELECT count(*) FROM pg_index WHERE indrelid = 'revenue'::regclass AND "
       "indexrelid = 'revenue_key'::regclass AND indisunique",
       "1"}};
  return subject;
}

/// Columns in another order and of another type, and other indexes, one of them of the same name.
Case with_other_indexes() {
  auto subject = replaced("with other indexes", "");
  subject.migrations = {matview(
      "replace_matview", "revenue",
      "SELECT count(*) AS orders, sum(amount)::numeric AS amount, day::timestamp AS day FROM "
      "orders "
      "GROUP BY orders.day",
      "indexes = [{name = 'revenue_key', columns = ['day'], unique = true}, {name = "
      "'revenue_orders', columns = ['orders desc'], where = 'orders > 1'}]\nwith = 'fillfactor = "
      "80'\ncompatible = 'the old release takes either type'")};
  subject.setup.emplace_back("CREATE INDEX revenue_amount ON revenue (amount)");
  subject.finally.emplace_back("SELECT to_regclass('revenue_amount') IS NULL", "t");
  subject.finally.emplace_back("SELECT reloptions FROM pg_class WHERE oid = 'revenue'::regclass",
                               "{fillfactor=80}");
  return subject;
}

/// No unique index: REFRESH … CONCURRENTLY cannot be used.
Case without_unique_index() {
  auto subject = replaced("without a unique index", "");
  std::erase_if(subject.setup, [](const auto& sql) { return sql.find("revenue_key") != sql.npos; });
  std::erase_if(subject.old_writes, [](const auto& sql) { return sql.find("CONC") != sql.npos; });
  subject.new_writes.pop_back();
  subject.new_writes.emplace_back("REFRESH MATERIALIZED VIEW revenue");
  subject.finally.pop_back();
  return subject;
}

/// Everything that stands on a materialized view beside its query.
Case described() {
  auto subject = replaced("with all that stands on it", "");
  for (const char* sql :
       {"ALTER MATERIALIZED VIEW revenue SET (fillfactor = 70, toast.autovacuum_enabled = false)",
        "ALTER MATERIALIZED VIEW revenue OWNER TO pg_monitor",
        "GRANT CREATE ON SCHEMA public TO pg_monitor", "GRANT SELECT ON orders TO pg_monitor",
        "COMMENT ON MATERIALIZED VIEW revenue IS 'who''s paid'",
        "COMMENT ON COLUMN revenue.amount IS 'in cents'",
        "COMMENT ON INDEX revenue_key IS 'a row for each day'",
        "GRANT SELECT ON revenue TO pg_read_all_settings WITH GRANT OPTION",
        "GRANT SELECT (day) ON revenue TO PUBLIC",
        "ALTER MATERIALIZED VIEW revenue ALTER day SET STATISTICS 250",
        "ALTER MATERIALIZED VIEW revenue ALTER day SET (n_distinct = 5)",
        "ALTER MATERIALIZED VIEW revenue CLUSTER ON revenue_key"}) {
    subject.setup.emplace_back(sql);
  }
  subject.finally.insert(
      subject.finally.end(),
      {{"SELECT obj_description('revenue'::regclass)", "who's paid"},
       {"SELECT col_description('revenue'::regclass, 2)", "in cents"},
       {"SELECT obj_description('revenue_key'::regclass)", "a row for each day"},
       {"SELECT relowner::regrole FROM pg_class WHERE oid = 'revenue'::regclass", "pg_monitor"},
       {"SELECT has_column_privilege('pg_read_all_stats', 'revenue', 'day', 'SELECT')", "t"},
       {"SELECT has_column_privilege('pg_read_all_stats', 'revenue', 'amount', 'SELECT')", "f"},
       {"SELECT has_table_privilege('pg_read_all_settings', 'revenue', 'SELECT WITH GRANT OPTION')",
        "t"},
       {"SELECT reloptions FROM pg_class WHERE oid = 'revenue'::regclass", "{fillfactor=70}"},
       {"SELECT attstattarget FROM pg_attribute WHERE attrelid = 'revenue'::regclass AND "
        "attname = 'day'",
        "250"},
       {"SELECT indisclustered FROM pg_index WHERE indexrelid = 'revenue_key'::regclass", "t"}});
  return subject;
}

/// Views, rules and policies read it; those above them are left alone.
Case with_dependents() {
  auto subject = replaced("with all that depends on it", "");
  for (const char* sql :
       {"CREATE SCHEMA app",
        "CREATE VIEW app.\"best days\" WITH (security_barrier = true) AS SELECT r.day, d.name, "
        "r.amount AS \"the amount\" FROM revenue AS r JOIN days AS d USING (day) "
        "WHERE r.amount > 100",
        "COMMENT ON VIEW app.\"best days\" IS 'the best'",
        "GRANT SELECT (day) ON app.\"best days\" TO PUBLIC",
        "CREATE VIEW best AS SELECT name FROM app.\"best days\"",
        "CREATE VIEW besides AS SELECT revenue.day FROM revenue JOIN best ON true",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO days "
        "VALUES (NEW.day, NEW.name); RETURN NEW; END $$",
        "CREATE TRIGGER noted INSTEAD OF INSERT ON app.\"best days\" FOR EACH ROW EXECUTE FUNCTION "
        "note()",
        "CREATE TABLE seen (day date, amount bigint)", "CREATE TABLE asked (day date)",
        "CREATE RULE answer AS ON INSERT TO asked DO ALSO INSERT INTO seen SELECT day, amount FROM "
        "revenue WHERE revenue.day = NEW.day",
        "ALTER TABLE asked ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY known ON asked USING (day IN (SELECT day FROM revenue)) WITH CHECK "
        "(EXISTS (SELECT FROM revenue AS r WHERE r.day = asked.day))"}) {
    subject.setup.emplace_back(sql);
  }
  subject.old_writes.emplace_back("SELECT name, \"the amount\" FROM app.\"best days\"");
  subject.new_writes.emplace_back("SELECT name, \"the amount\" FROM app.\"best days\"");
  subject.finally.insert(
      subject.finally.end(),
      {{"SELECT count(*) FROM pg_depend WHERE refobjid = 'revenue'::regclass AND refobjsubid = 1 "
        "AND classid IN ('pg_rewrite'::regclass, 'pg_policy'::regclass) AND deptype = 'n'",
        "5"},
       {"SELECT obj_description('app.\"best days\"'::regclass)", "the best"},
       {"SELECT count(*) FROM pg_trigger WHERE tgrelid = 'app.\"best days\"'::regclass", "1"},
       {"SELECT reloptions FROM pg_class WHERE oid = 'app.\"best days\"'::regclass",
        "{security_barrier=true}"}});
  return subject;
}

Case awkward() {
  auto subject = over_orders(
      "replace_matview with an awkward name",
      matview("replace_matview", "app.\"My revenue, of all the days there are in this very year\"",
              "SELECT * FROM orders", ""));
  const std::string name = "app.\"My revenue, of all the days there are in this very year\"";
  for (const auto& sql :
       {std::string("CREATE SCHEMA app"),
        fmt::format("CREATE MATERIALIZED VIEW {} AS SELECT id FROM orders", name),
        fmt::format("CREATE UNIQUE INDEX \"The key of the revenue of all the days there are in a "
                    "year\" ON {} (id)",
                    name)}) {
    subject.setup.push_back(sql);
  }
  subject.new_writes.emplace_back("REFRESH MATERIALIZED VIEW CONCURRENTLY " + name);
  subject.finally = {{"SELECT count(*) - (SELECT count(*) FROM orders) FROM " + name, "0"}};
  return subject;
}

/// A view on the materialized one is replaced by the same file, before it or after it.
Case with_a_view_on_it(bool view_first) {
  const auto lower =
      matview("replace_matview", "revenue",
              "SELECT day, sum(amount) AS amount, count(*) AS sales FROM orders GROUP BY day", "");
  const auto upper = matview("replace_view", "best",
                             "SELECT day, amount + 0 AS amount FROM revenue WHERE amount > 0", "");
  auto subject = over_orders(
      fmt::format("replace_matview with a replace_view on it {}", view_first ? "first" : "last"),
      view_first ? upper + lower : lower + upper);
  for (const char* sql :
       {"CREATE MATERIALIZED VIEW revenue AS SELECT day, sum(amount) AS amount FROM orders GROUP "
        "BY day",
        "CREATE UNIQUE INDEX revenue_key ON revenue (day)",
        "CREATE VIEW best AS SELECT day, amount FROM revenue"}) {
    subject.setup.emplace_back(sql);
  }
  for (auto* writes : {&subject.old_writes, &subject.new_writes}) {
    writes->emplace_back("REFRESH MATERIALIZED VIEW CONCURRENTLY revenue");
    writes->emplace_back("SELECT day, amount FROM best");
  }
  subject.finally = {
      {"SELECT count(*) = (SELECT count(*) FROM revenue WHERE sales > 0) FROM best", "t"}};
  return subject;
}

}  // namespace

std::vector<Case> matview_cases() {
  auto all = created();
  for (auto&& each : {replaced("plain", kKey), replaced("with the indexes it had", ""),
                      with_other_indexes(), without_unique_index(), described(), with_dependents(),
                      awkward(), with_a_view_on_it(true), with_a_view_on_it(false)}) {
    all.push_back(each);
  }
  return all;
}

}  // namespace zdm::tests
