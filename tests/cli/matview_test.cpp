#include <algorithm>

#include "cli/sandbox.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"

namespace zdm::tests {
namespace {

Finished run_on(const Database& database, const Sandbox& box, std::vector<std::string> words) {
  auto command = box.command(std::move(words));
  command.environment["DATABASE_URL"] = database.url().text.reveal();
  return run(command);
}

Json json_of(const Database& database, const Sandbox& box, std::vector<std::string> words) {
  words.insert(words.end(), {"--format", "json"});
  const auto finished = run_on(database, box, words);
  INFO(finished.out << finished.err);
  auto object = Json::parse(finished.out, nullptr, false);
  REQUIRE(object.is_object());
  CHECK(object["exit_code"] == finished.code);
  CHECK(object["schema"] == "zdm.matview/1");
  return object;
}

Json view(const Json& object, const std::string& name) {
  for (const auto& each : object["views"]) {
    if (each["name"] == name) return each;
  }
  FAIL("no view " << name << " in " << object.dump(2));
  return {};
}

}  // namespace

TEST_CASE("materialized views are listed and refreshed by their policies", "[cli][live]") {
  TestDatabase database;
  database.exec(
      "CREATE TABLE orders AS SELECT i AS id, i AS amount FROM generate_series(1, 100) i");
  database.exec("CREATE MATERIALIZED VIEW totals AS SELECT id, amount FROM orders");
  database.exec("CREATE UNIQUE INDEX ON totals (id)");
  database.exec("CREATE MATERIALIZED VIEW bare AS SELECT sum(amount) AS amount FROM orders");
  const Sandbox box;
  box.write("zdm.toml",
            "[matview.totals]\nevery = \"1h\"\nmethod = \"swap\"\n"
            "[matview.\"public.bare\"]\nafter = [\"totals\"]\n");
  auto list = json_of(database, box, {"matview", "list"});
  CHECK(view(list, "public.totals")["state"] == "due");
  CHECK(view(list, "public.totals")["every_ms"] == 3'600'000);
  CHECK(view(list, "public.bare")["after"] == Json::array({"public.totals"}));
  CHECK(view(list, "public.bare")["concurrently"] == false);
  CHECK(contains(view(list, "public.bare")["create_index"].get<std::string>(),
                 "CREATE UNIQUE INDEX CONCURRENTLY bare_zdm_key ON public.bare (amount)"));

  database.exec("INSERT INTO orders VALUES (101, 1)");
  auto refreshed = json_of(database, box, {"matview", "refresh"});
  CHECK(refreshed["exit_code"] == 3);
  CHECK(contains(refreshed["error"]["message"].get<std::string>(), "1 of 2 materialized views"));
  const auto totals = view(refreshed, "public.totals");
  CHECK(totals["method"] == "swap");
  CHECK(totals["state"] == "done");
  CHECK(totals["rows"] == 101);
  CHECK(totals["waited_for"].is_null());
  CHECK(totals["duration_ms"].is_number_integer());
  CHECK(view(refreshed, "public.bare")["state"] == "refused");
  CHECK(view(refreshed, "public.bare")["method"].is_null());

  refreshed = json_of(database, box, {"matview", "refresh", "--due"});
  CHECK(refreshed["exit_code"] == 0);
  CHECK(refreshed["views"].size() == 1);
  CHECK(view(refreshed, "public.totals")["state"] == "skipped");
  list = json_of(database, box, {"matview", "list", "totals"});
  CHECK(list["views"].size() == 1);
  CHECK(view(list, "public.totals")["state"] == "fresh");
  CHECK(view(list, "public.totals")["last_refresh"].is_string());
}

TEST_CASE("a name in zdm.toml that means no view, or one view twice, is told", "[cli][live]") {
  TestDatabase database;
  database.exec("CREATE MATERIALIZED VIEW a AS SELECT 1 AS id");
  database.exec("CREATE UNIQUE INDEX ON a (id)");
  const Sandbox box;
  box.write("zdm.toml", "[matview.a]\nafter = [\"b\"]\n\n[matview.c]\nevery = \"1h\"\n");
  auto refreshed = json_of(database, box, {"matview", "refresh"});
  CHECK(refreshed["exit_code"] == 3);
  CHECK(view(refreshed, "public.a")["state"] == "done");
  const auto b = view(refreshed, "b");
  CHECK(b["state"] == "refused");
  CHECK(contains(b["error"]["hint"].get<std::string>(), "out of after of a"));
  CHECK(b["error"]["line"] == 1);
  CHECK(contains(view(refreshed, "c")["error"]["hint"].get<std::string>(), "its table out of"));

  box.write("zdm.toml", "[matview.a]\nevery = \"1h\"\n[matview.\"public.a\"]\nevery = \"2h\"\n");
  const auto twice = run_on(database, box, {"matview", "refresh"});
  CHECK(twice.code == 2);
  CHECK(contains(twice.err, "a and public.a are the same materialized view"));
  CHECK(contains(twice.err, "zdm.toml:3"));
}

TEST_CASE("the metrics of a refresh are those of every view", "[cli][live]") {
  TestDatabase database;
  database.exec("CREATE MATERIALIZED VIEW good AS SELECT 1 AS id");
  database.exec("CREATE UNIQUE INDEX ON good (id)");
  database.exec("CREATE MATERIALIZED VIEW \"b\"\"ad\" AS SELECT 1 AS id");
  const Sandbox box;
  box.write("zdm.toml", "[matview.good]\nevery = \"15min\"\n");
  const auto finished =
      run_on(database, box, {"matview", "refresh", "--metrics-file", box.path("zdm.prom")});
  CHECK(finished.code == 3);
  const auto text = box.read("zdm.prom");
  INFO(text);
  CHECK(contains(text, "view=\"public.good\"} 900"));
  CHECK(contains(text, "view=\"public.good\"} 1\n"));
  CHECK(contains(text, "zdm_matview_last_success_timestamp_seconds{"));
  CHECK_FALSE(contains(text, "ad\\\""));  // it never had a run
}

TEST_CASE("a refresh is told to a terminal and to a pipe", "[cli][live]") {
  TestDatabase database;
  database.exec("CREATE MATERIALIZED VIEW good AS SELECT 1 AS id");
  database.exec("CREATE UNIQUE INDEX ON good (id)");
  database.exec("CREATE MATERIALIZED VIEW bare AS SELECT 1 AS id");
  const Sandbox box;
  auto finished = run_on(database, box, {"matview", "refresh"});
  INFO(finished.out << finished.err);
  CHECK(contains(finished.out, "public.good  done"));
  CHECK(contains(finished.out, "concurrently"));
  CHECK(contains(finished.out, "public.bare  refused"));
  CHECK(contains(finished.err, "--create-index"));
  finished = run_on(database, box, {"matview", "list"});
  CHECK(contains(finished.out, "VIEW"));
  CHECK(contains(finished.out, "cannot be refreshed concurrently: it has no unique index"));
  CHECK(finished.code == 0);
}

TEST_CASE("SQLite has no materialized views, and zdm says so", "[cli]") {
  const Sandbox box;
  box.sqlite("CREATE TABLE t (id int)");
  for (const auto* verb : {"list", "refresh"}) {
    const auto finished = box.zdm({"matview", verb});
    CHECK(finished.code == 3);
    CHECK(contains(finished.err, "SQLite has no materialized views"));
  }
}

TEST_CASE("what zdm matview cannot do is a usage error", "[cli]") {
  const Sandbox box;
  box.sqlite("CREATE TABLE t (id int)");
  CHECK(box.zdm({"matview", "refresh", "--jobs", "0"}).code == 2);
  CHECK(box.zdm({"matview", "refresh", "--jobs", "many"}).code == 2);
  const auto method = box.zdm({"matview", "refresh", "--method", "swop"});
  CHECK(method.code == 2);
  CHECK(contains(method.err, "swap"));
  box.write("zdm.toml", "[matview.\"a.b.c\"]\nevery = \"1h\"\n");
  CHECK(box.zdm({"matview", "list", "--database", "postgresql:///x"}).code == 2);
  box.write("zdm.toml", "[matview.v]\nmethod = \"sometimes\"\n");
  CHECK(box.zdm({"matview", "list", "--database", "postgresql:///x"}).code == 2);
}

}  // namespace zdm::tests
