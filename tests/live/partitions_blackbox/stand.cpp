#include "stand.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "support/catch.hpp"

namespace zdm::tests {
namespace {

std::vector<std::string> column(Database& database, const std::string& sql) {
  std::vector<std::string> values;
  for (const auto& row : database.rows(sql)) values.push_back(row.front().value_or("NULL"));
  return values;
}

void make(Database& database, const std::string& unit, const std::string& pattern, int first,
          int last, int rows) {
  database.exec(R"sql(
    SET TimeZone = 'UTC';
    CREATE TABLE events (
      id bigint GENERATED ALWAYS AS IDENTITY,
      occurred_at timestamptz NOT NULL DEFAULT now(),
      note text,
      PRIMARY KEY (id, occurred_at)
    ) PARTITION BY RANGE (occurred_at);
    CREATE INDEX events_by_note ON events (note))sql");
  database.exec(fmt::format(R"sql(
    DO $$
    DECLARE lower timestamptz; upper timestamptz;
    BEGIN
      FOR i IN {1}..{2} LOOP
        lower := date_trunc('{0}', now()) + i * interval '1 {0}';
        upper := date_trunc('{0}', now()) + (i + 1) * interval '1 {0}';
        EXECUTE format('CREATE TABLE events_%s PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
                       to_char(lower, '{3}'), lower, upper);
        INSERT INTO events (occurred_at, note)
          SELECT lower + j * interval '1 second', 'note ' || j FROM generate_series(1, {4}) j;
      END LOOP;
    END $$)sql",
                            unit, first, last, pattern, rows));
}

std::vector<std::string> ranges(Database& database, const std::string& unit, int first, int last) {
  return column(database, fmt::format(R"sql(
    SELECT format('FROM (%L) TO (%L)', lower::timestamptz, (lower + interval '1 {0}')::timestamptz)
    FROM (SELECT date_trunc('{0}', now() AT TIME ZONE 'UTC') + i * interval '1 {0}' AS lower
          FROM generate_series({1}, {2}) i) range ORDER BY lower)sql",
                                      unit, first, last));
}

}  // namespace

std::string sql_name(const std::string& name) {
  std::string text = "\"";
  for (const char each : name) text += each == '"' ? std::string("\"\"") : std::string(1, each);
  return text + '"';
}

std::string toml_key(const std::string& key) {
  std::string text = "\"";
  for (const char each : key) {
    if (each == '"' || each == '\\') text += '\\';
    text += each;
  }
  return text + '"';
}

void Stand::policy(const std::string& sets) const {
  box.write("zdm.toml", "[database]\nurl = \"${DATABASE_URL}\"\n" + sets);
}

Command Stand::command(std::vector<std::string> words) const {
  words.insert(words.begin(), "partition");
  auto what = box.command(std::move(words));
  what.environment["DATABASE_URL"] = database.url().text.reveal();
  what.environment["PGTZ"] = "Pacific/Apia";  // nobody's time zone counts but the set's
  for (const auto& [name, value] : environment) what.environment[name] = value;
  return what;
}

Finished Stand::partition(std::vector<std::string> words) const {
  return run(command(std::move(words)));
}

Finished Stand::rotate(std::vector<std::string> words) const {
  words.insert(words.begin(), "rotate");
  return partition(std::move(words));
}

Json Stand::rotated(const std::string& table) const {
  const auto finished = rotate({"--format", "json"});
  INFO(finished.out << finished.err);
  auto object = Json::parse(finished.out, nullptr, false);
  REQUIRE(object.is_object());
  CHECK(object["schema"] == "zdm.partition/1");
  CHECK(object["exit_code"] == finished.code);
  for (auto& set : object["sets"]) {
    if (set["table"] == table) return set;
  }
  FAIL("no set " << table << " in " << object.dump(2));
  return {};
}

void make_months(Database& database, int first, int last, int rows) {
  make(database, "month", "\"y\"YYYY\"m\"MM", first, last, rows);
}

void make_days(Database& database, int first, int last, int rows) {
  make(database, "day", "YYYYMMDD", first, last, rows);
}

std::vector<std::string> bounds_of(Database& database, const std::string& table) {
  database.exec("SET TimeZone = 'UTC'");
  return column(database, fmt::format(R"sql(
    SELECT replace(bound, 'FOR VALUES ', '')
    FROM (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = '{}'::regclass) child
    ORDER BY bound = 'DEFAULT', bound COLLATE "C")sql",
                                      table));
}

std::vector<std::string> months(Database& database, int first, int last) {
  database.exec("SET TimeZone = 'UTC'");
  return ranges(database, "month", first, last);
}

std::vector<std::string> days(Database& database, int first, int last) {
  database.exec("SET TimeZone = 'UTC'");
  return ranges(database, "day", first, last);
}

bool months_are_covered(Database& database, const std::string& table, int ahead) {
  database.exec("SET TimeZone = 'UTC'");
  // A walk from now along upper bounds; every step is longer than nothing, so it ends.
  return database.value(fmt::format(R"sql(
    WITH RECURSIVE bound AS (
      SELECT CASE WHEN m[1] = 'MINVALUE' THEN '-infinity' ELSE m[1]::timestamptz END AS lower,
             CASE WHEN m[2] = 'MAXVALUE' THEN 'infinity' ELSE trim(m[2], $q$'$q$)::timestamptz END AS upper
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
           regexp_match(pg_get_expr(c.relpartbound, c.oid),
                        $q$FROM \('?([^')]*)'?\) TO \(('?[^')]*'?)\)$q$) m
      WHERE i.inhparent = '{}'::regclass AND m IS NOT NULL),
    walk AS (
      SELECT now() AS at
      UNION
      SELECT upper FROM walk JOIN bound ON lower <= at AND at < upper)
    SELECT max(at) >= date_trunc('month', now()) + interval '{} months' FROM walk)sql",
                                    table, ahead + 1)) == "t";
}

std::string monthly(const std::string& table, const std::string& more) {
  return "[partition." + toml_key(table) + "]\ncolumn = \"occurred_at\"\ninterval = \"1 month\"\n" +
         more;
}

std::string pending(Database& database) {
  return database.value("SELECT count(*) FROM pg_inherits WHERE inhdetachpending");
}

std::vector<std::string> state_of(Database& database) {
  database.exec("SET TimeZone = 'UTC'");
  auto state = column(database, R"sql(
    WITH mine AS (
      SELECT c.*, n.nspname, format('%I.%I', n.nspname, c.relname) AS name
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname NOT IN ('zdm', 'information_schema') AND n.nspname NOT LIKE 'pg\_%')
    SELECT format('relation %s %s owner %s options %s identity %s security %s %s privileges %s', relkind,
                  name, relowner::regrole, reloptions, relreplident, relrowsecurity,
                  relforcerowsecurity, relacl) FROM mine
    UNION ALL
    SELECT format('partition %s of %s %s pending %s', name, i.inhparent::regclass,
                  pg_get_expr(m.relpartbound, m.oid), i.inhdetachpending)
      FROM mine m JOIN pg_inherits i ON i.inhrelid = m.oid WHERE relkind IN ('r', 'p')
    UNION ALL
    SELECT format('column %s.%s %s not null %s default %s identity %s', name, attname,
                  format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid),
                  attidentity)
      FROM mine m JOIN pg_attribute a ON a.attrelid = m.oid AND attnum > 0 AND NOT attisdropped
      LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
      WHERE relkind IN ('r', 'p')
    UNION ALL
    SELECT format('constraint %s on %s: %s valid %s', conname, name,
                  pg_get_constraintdef(k.oid), convalidated)
      FROM mine m JOIN pg_constraint k ON k.conrelid = m.oid
    UNION ALL
    SELECT format('trigger %s on %s', tgname, name)
      FROM mine m JOIN pg_trigger t ON t.tgrelid = m.oid WHERE NOT tgisinternal
    UNION ALL
    SELECT format('comment on %s: %s', name, description)
      FROM mine m JOIN pg_description d ON d.objoid = m.oid AND classoid = 'pg_class'::regclass
    UNION ALL
    SELECT format('schema %s', nspname) FROM pg_namespace
      WHERE nspname NOT IN ('zdm', 'information_schema') AND nspname NOT LIKE 'pg\_%')sql");
  for (const auto& table : column(database, R"sql(
      SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname NOT IN ('zdm', 'information_schema')
        AND n.nspname NOT LIKE 'pg\_%')sql")) {
    for (const auto& row : column(database, "SELECT t::text FROM " + table + " t")) {
      state.push_back("row of " + table + ": " + row);
    }
  }
  std::sort(state.begin(), state.end());
  return state;
}

}  // namespace zdm::tests
