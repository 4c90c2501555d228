#include <fmt/format.h>

#include "stand.hpp"
#include "support/catch.hpp"

namespace zdm::tests {
namespace {

const std::vector<std::string>& hostile() {
  static const std::vector<std::string> names = {"Events",
                                                 "my events",
                                                 "a.b",
                                                 "say \"hi\"",
                                                 "it's",
                                                 "back\\slash",
                                                 "ereignisse_zähler",
                                                 "日付",
                                                 "select",
                                                 "%s %I {} $$",
                                                 std::string(63, 'x'),
                                                 std::string(61, 'y') + "é",
                                                 "-- drop",
                                                 "tab\there"};
  return names;
}

std::string literal(const std::string& text) {
  std::string result = "E'";
  for (const char each : text) {
    if (each == '\'' || each == '\\') result += each;
    result += each;
  }
  return result + "'";
}

}  // namespace

TEST_CASE("names of schema, table and column may be anything that PostgreSQL allows",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  std::string policy;
  const std::vector<std::string> schemas = {"public", "Other \"schema\".x"};
  for (const auto& schema : schemas) {
    database.exec("CREATE SCHEMA IF NOT EXISTS " + sql_name(schema));
    for (const auto& name : hostile()) {
      const auto table = sql_name(schema) + "." + sql_name(name);
      database.exec(
          fmt::format("CREATE TABLE {} ({} timestamptz NOT NULL, id int) PARTITION BY RANGE ({})",
                      table, sql_name(name), sql_name(name)));
      database.exec("CREATE INDEX ON " + table + " (id)");
      // In TOML a key of the table as SQL writes it; the column as it is.
      auto column = toml_key(sql_name(name));
      policy += "[partition." + toml_key(table) + "]\ncolumn = " + column +
                "\ninterval = \"1 month\"\nahead = 2\n";
    }
  }
  for (auto at = policy.find('\t'); at != std::string::npos; at = policy.find('\t')) {
    policy.replace(at, 1, "\\t");
  }
  stand.policy(policy);
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 0);
  for (const auto& schema : schemas) {
    for (const auto& name : hostile()) {
      const auto table = sql_name(schema) + "." + sql_name(name);
      INFO(table);
      auto quoted = table;
      for (std::size_t at = 0; (at = quoted.find('\'', at)) != std::string::npos; at += 2) {
        quoted.insert(at, 1, '\'');
      }
      CHECK(bounds_of(database, quoted) == months(database, 0, 2));
      // They live beside their table, each with a name of its own that was not cut by the server.
      CHECK(database.value("SELECT count(*) FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid "
                           "WHERE inhparent = " +
                           literal(table) + "::regclass AND relnamespace = " +
                           literal(sql_name(schema)) + "::regnamespace") == "3");
    }
  }
}

TEST_CASE("a set is chosen by its name, and one that is not in zdm.toml is an error",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -1, 0);
  database.exec(
      "CREATE SCHEMA app; CREATE TABLE app.events (LIKE public.events) PARTITION BY RANGE "
      "(occurred_at)");
  stand.policy(monthly("public.events", "ahead = 1\n") + monthly("app.events", "ahead = 1\n"));
  const auto unknown = stand.rotate({"public.event"});
  INFO(unknown.err);
  CHECK(unknown.code == 2);
  CHECK(contains(unknown.err, "public.events"));
  CHECK(bounds_of(database, "events").size() == 2);
  const auto one = stand.rotate({"app.events"});
  INFO(one.out << one.err);
  CHECK(one.code == 0);
  CHECK(bounds_of(database, "events").size() == 2);
  CHECK(bounds_of(database, "app.events") == months(database, 0, 1));
}

TEST_CASE("a policy that says nothing sensible is an error with its place, never a success",
          "[live][partitions]") {
  Stand stand;
  make_months(stand.database, -1, 0);
  const auto state = state_of(stand.database);
  stand.policy("");
  CHECK(stand.rotate().code != 0);
  for (const std::string line :
       {"interval = \"10\"", "interval = \"1 fortnight\"", "interval = \"0 months\"",
        "interval = \"-1 month\"", "interval = \"1 month\"\nkeep = \"10\"",
        "interval = \"1 month\"\nkeep = \"0 months\"",
        "interval = \"1 month\"\nkeep = \"-3 months\"", "interval = \"1 month\"\nahead = -1",
        "interval = \"1 month\"\nexpire = \"delete\"",
        "interval = \"1 month\"\nexpire = \"archive\"", "interval = \"1 month\"\nstep = 10",
        "interval = \"1 month\"\ntimezone = \"Mars/Olympus\"",
        "interval = \"1 month\"\nkep = \"1 year\"", "step = 1000", ""}) {
    stand.policy("[partition.\"public.events\"]\ncolumn = \"occurred_at\"\n" + line + "\n");
    const auto finished = stand.rotate();
    INFO(line << "\n" << finished.out << finished.err);
    CHECK((finished.code == 2 || finished.code == 3));
    CHECK(state_of(stand.database) == state);
  }
  stand.policy("[partition.\"public.events\"]\ncolumn = \"note\"\ninterval = \"1 month\"\n");
  const auto column = stand.rotate();
  INFO(column.out << column.err);
  CHECK((column.code == 2 || column.code == 3));
  CHECK(contains(column.err, "occurred_at"));
  CHECK(state_of(stand.database) == state);
}

}  // namespace zdm::tests
