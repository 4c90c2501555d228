#include <string>
#include <vector>

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

namespace {

/// A database with tables by the day, and zdm.toml.
struct Sets {
  explicit Sets(const std::vector<std::string>& names) {
    std::string config = "[database]\nurl = \"${SHOP_URL}\"\n";
    for (const auto& name : names) {
      database.exec("CREATE TABLE " + name + " (at timestamptz NOT NULL) PARTITION BY RANGE (at)");
      config += set(name, "UTC");
    }
    box.write("zdm.toml", config);
  }
  static std::string set(const std::string& name, const std::string& zone) {
    return "[partition.'public." + name + "']\ncolumn = \"at\"\ninterval = \"1 day\"\n" +
           "timezone = \"" + zone + "\"\nahead = 2\n";
  }
  [[nodiscard]] Finished zdm(std::vector<std::string> words, const std::string& user = {}) const {
    words.insert(words.begin(), "partition");
    auto command = box.command(words);
    command.environment["SHOP_URL"] = database.url().text.reveal();
    if (!user.empty()) command.environment["PGOPTIONS"] = "-c role=" + user;
    return run(command);
  }

  TestDatabase database;
  Sandbox box;
};

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("each set without a partition for now has a line with the word for it",
          "[cli][live][partitions]") {
  Sets sets({"a", "b"});
  // What the partitions of now were to be called is taken.
  for (const auto* name : {"a", "b"}) {
    sets.database.exec(std::string("DO $$ BEGIN EXECUTE format('CREATE VIEW ") + name +
                       "_%s AS SELECT 1', to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')); END $$");
  }
  const auto finished = sets.zdm({"rotate", "-q"});
  INFO(finished.err);
  CHECK(finished.code == 3);
  CHECK(count_of(finished.err, "missing-current-partition: public.a has no partition") == 1);
  CHECK(count_of(finished.err, "missing-current-partition: public.b has no partition") == 1);
  CHECK(contains(finished.err, "now (name-taken: "));
  CHECK(contains(finished.err, "warning: public.b: name-taken: "));
}

TEST_CASE("a time zone that is none concerns its set alone", "[cli][live][partitions]") {
  Sets sets({"a", "b"});
  sets.box.write("zdm.toml", "[database]\nurl = \"${SHOP_URL}\"\n" + Sets::set("a", "Berln") +
                                 Sets::set("b", "Europe/Berlin"));
  const auto finished = sets.zdm({"rotate"});
  INFO(finished.out << finished.err);
  CHECK(finished.code == 2);
  CHECK(contains(finished.err,
                 "public.a takes as timezone one that the server knows, not \"Berln\""));
  CHECK(contains(finished.err, "zdm.toml:3"));
  CHECK(contains(finished.err, "pg_timezone_names"));
  CHECK_FALSE(contains(finished.err, "jsonb"));
  CHECK(contains(finished.out, "created 3: public.b_"));
}

TEST_CASE("a run that fails leaves in the metrics what they said of each set",
          "[cli][live][partitions]") {
  Sets sets({"a", "b"});
  const std::string file = sets.box.path("zdm.prom");
  CHECK(sets.zdm({"rotate", "--metrics-file", file}).code == 0);
  const auto before = sets.box.read("zdm.prom");
  CHECK(count_of(before, "zdm_partition_horizon_partitions{") == 2);
  CHECK(sets.zdm({"rotate", "public.b", "--metrics-file", file}).code == 0);
  CHECK(count_of(sets.box.read("zdm.prom"), "zdm_partition_horizon_partitions{") == 2);
  const auto config = sets.box.read("zdm.toml");
  sets.box.write("zdm.toml", config + "colum = 1\n");
  CHECK(sets.zdm({"rotate", "--metrics-file", file}).code == 2);
  CHECK(count_of(sets.box.read("zdm.prom"), "zdm_partition_horizon_partitions{") == 2);
  CHECK(count_of(sets.box.read("zdm.prom"), "zdm_last_success_timestamp_seconds{database=") == 1);
  CHECK(contains(sets.box.read("zdm.prom"), "command=\"partition rotate\"} 2\n"));
}

TEST_CASE("a set that never was rotated well has a time of success that alerts",
          "[cli][live][partitions]") {
  Sets sets({"a"});
  sets.database.exec(
      "DO $$ BEGIN EXECUTE format('CREATE VIEW a_%s AS SELECT 1', "
      "to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')); END $$");
  CHECK(sets.zdm({"rotate", "--metrics-file", sets.box.path("zdm.prom")}).code == 3);
  const auto text = sets.box.read("zdm.prom");
  INFO(text);
  CHECK(contains(text, "zdm_partition_last_success_timestamp_seconds{"));
  CHECK(contains(text, "table=\"public.a\"} 0\n"));
}

TEST_CASE("a role without privileges on zdm's record is told which statements grant them",
          "[cli][live][partitions]") {
  Sets sets({"a"});
  CHECK(sets.zdm({"rotate"}).code == 0);
  auto& database = sets.database;
  const std::string role = "cron_" + database.name();
  database.exec("CREATE ROLE " + role);
  database.exec("GRANT USAGE, CREATE ON SCHEMA public TO " + role);
  database.exec("ALTER TABLE a OWNER TO " + role);
  for (const auto* verb : {"list", "plan", "rotate"}) {
    const auto finished = sets.zdm({verb}, role);
    INFO(verb << finished.err);
    CHECK(finished.code == 1);
    CHECK(contains(finished.err, "hint: GRANT USAGE ON SCHEMA zdm TO " + role + "; "));
    CHECK_FALSE(contains(finished.err, "statement:"));
  }
  const auto finished = sets.zdm({"list"}, role);
  const std::string hint = "hint: ";
  const auto at = finished.err.find(hint) + hint.size();
  database.exec(finished.err.substr(at, finished.err.find('\n', at) - at));
  database.exec("CREATE TABLE b (at timestamptz NOT NULL) PARTITION BY RANGE (at)");
  database.exec("ALTER TABLE b OWNER TO " + role);
  sets.box.write("zdm.toml", sets.box.read("zdm.toml") + Sets::set("b", "UTC"));
  for (const auto* verb : {"list", "plan", "rotate"}) {
    const auto granted = sets.zdm({verb}, role);
    INFO(verb << granted.err);
    CHECK(granted.code == 0);
  }
  database.exec("DROP OWNED BY " + role + " CASCADE");
  database.exec("DROP ROLE " + role);
}

TEST_CASE("a list says of a half detached partition that its rows are not seen",
          "[cli][live][partitions]") {
  Sets sets({"a"});
  auto& database = sets.database;
  if (std::stoi(database.value("SHOW server_version_num")) < 140000) return;
  database.exec(
      "CREATE TABLE a_old PARTITION OF a FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')");
  auto reader = database.connect();
  REQUIRE(reader->run("BEGIN"));
  REQUIRE(reader->run("SELECT count(*) FROM a"));
  auto other = database.connect();
  REQUIRE(other->run("SET lock_timeout = 0"));
  REQUIRE(other->run("SET statement_timeout = '300ms'"));
  CHECK_FALSE(other->run("ALTER TABLE a DETACH PARTITION a_old CONCURRENTLY"));
  const auto finished = sets.zdm({"list"});
  CHECK(contains(finished.out,
                 "public.a_old is half detached: its rows are not seen through public.a"));
  CHECK(contains(finished.out, "zdm partition rotate finishes it"));
}

}  // namespace zdm::tests
