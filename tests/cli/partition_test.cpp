#include "cli/sandbox.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"

namespace zdm::tests {
namespace {

constexpr auto kSet =
    "[partition.\"public.events\"]\ncolumn = \"at\"\ninterval = \"1 day\"\nahead = 2\n";

void write_config(const Sandbox& box, const std::string& url) {
  box.write("zdm.toml", "[database]\nurl = \"" + url + "\"\n" + kSet);
}

}  // namespace

TEST_CASE("partitions are refused on SQLite by name", "[cli][partitions]") {
  const Sandbox box;
  box.sqlite("create table events (at text)");
  write_config(box, "sqlite:shop.db");
  for (const auto* verb : {"list", "plan", "rotate"}) {
    const auto finished = box.zdm({"partition", verb});
    CHECK(finished.code == 3);
    CHECK(contains(finished.err, "public.events: SQLite has no partitions"));
  }
}

TEST_CASE("the flag --now is for rehearsals, and a set must be one of zdm.toml",
          "[cli][partitions]") {
  const Sandbox box;
  write_config(box, "postgresql:///nowhere");
  const auto now = box.zdm({"partition", "rotate", "--now", "2026-01-01"});
  CHECK(now.code == 2);
  CHECK(contains(now.err, "--dry-run"));
  const auto unknown = box.zdm({"partition", "list", "public.event"});
  CHECK(unknown.code == 2);
  CHECK(contains(unknown.err, "public.events"));
  box.write("zdm.toml", "");
  CHECK(box.zdm({"partition", "list"}).code == 2);
  box.write("zdm.toml", std::string(kSet) + "name = \"{table}\"\n");
  CHECK(box.zdm({"partition", "list"}).code == 2);
  box.write("zdm.toml", std::string(kSet) + "anchor = \"soon\"\n");
  CHECK(box.zdm({"partition", "list"}).code == 2);
}

TEST_CASE("a dry run shows what rotate does, and rotate does it", "[cli][live][partitions]") {
  TestDatabase database;
  database.exec("CREATE TABLE events (at timestamptz NOT NULL) PARTITION BY RANGE (at)");
  const Sandbox box;
  write_config(box, "${SHOP_URL}");
  const auto zdm = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "partition");
    auto command = box.command(words);
    command.environment["SHOP_URL"] = database.url().text.reveal();
    return run(command);
  };
  const auto json = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--format", "json"});
    const auto finished = zdm(words);
    INFO(finished.out << finished.err);
    auto object = Json::parse(finished.out, nullptr, false);
    REQUIRE(object.is_object());
    CHECK(object["schema"] == "zdm.partition/1");
    CHECK(object["exit_code"] == finished.code);
    return object;
  };
  CHECK(json({"list"})["sets"][0]["current_missing"] == true);
  const auto dry = json({"rotate", "--dry-run"});
  CHECK(dry["sets"][0]["state"] == "pending");
  CHECK(database.value("SELECT to_regnamespace('zdm') IS NULL") == "t");
  const auto done = json({"rotate", "events"});
  CHECK(done["exit_code"] == 0);
  CHECK(done["sets"][0]["created"] == dry["sets"][0]["created"]);
  CHECK(done["sets"][0]["created"].size() == 3);
  CHECK(json({"plan"})["sets"][0]["steps"].empty());
  CHECK(json({"plan", "--now", "2030-01-01T00:00:00Z"})["sets"][0]["created"][0] ==
        "public.events_20300101");
  CHECK(contains(zdm({"list"}).out, "current"));
  const auto metrics = zdm({"rotate", "--metrics-file", box.path("zdm.prom")});
  CHECK(metrics.code == 0);
  CHECK(contains(box.read("zdm.prom"), "table=\"public.events\"} 3\n"));
  CHECK(contains(box.read("zdm.prom"), "zdm_partition_created_total{"));
}

}  // namespace zdm::tests
