#include <string>

#include "fake_host.hpp"
#include "files/project.hpp"
#include "support/catch.hpp"

using namespace zdm;
using migrations::Config;
using migrations::ConfigRequest;
using migrations::Setting;
using planner::ErrorCode;
using std::chrono::milliseconds;
using tests::FakeHost;
using tests::Folder;

namespace {

using Environment = std::map<std::string, std::string>;

struct Given {
  std::string toml;
  Environment environment;
  std::map<std::string, std::string> flags;
};

planner::Result<Config> load(const Given& given) {
  const Folder folder;
  folder.write("zdm.toml", given.toml);
  const FakeHost host(given.environment);
  return migrations::load_config(host, ConfigRequest{folder.path(), std::nullopt, given.flags});
}

Config good(const Given& given) {
  auto config = load(given);
  INFO((config ? "" : config.error().message));
  REQUIRE(config);
  return *config;
}

planner::Error bad(const Given& given) {
  auto config = load(given);
  INFO(given.toml);
  REQUIRE_FALSE(config);
  CHECK(config.error().code == ErrorCode::usage);
  return config.error();
}

Setting setting(const Config& config, const std::string& key) {
  for (const auto& one : config.settings) {
    if (one.key == key) return one;
  }
  return {key, "(none)", "(none)"};
}

constexpr const char* kComplete = R"(
[database]
url = "sqlite:shop.db"
[migrations]
dir = "db/changes"
search_path = "app, public"
[release]
live = "assumed"
[locks]
timeout = "100ms"
budget = "2min"
[backfill]
workers = 2
batch_target = "20ms"
duty = "50%"
max_replica_lag = "1s"
pause_when = ["select count(*) > 80 from pg_stat_activity where state = 'active'"]
health_url = "http://u:p@127.0.0.1:8080/health"
[gate]
apart = "every"
postgres = 14
[gate.rules]
drop-index = "warning"
[partition."public.events"]
column = "occurred_at"
interval = "1 month"
ahead = 4
keep = "24 months"
expire = "archive"
schema = "old"
timezone = "Europe/Berlin"
[partition."public.logs"]
column = "id"
step = 1000000
keep = 5000000
[matview."public.order_revenue_by_month"]
every = "15min"
after = ["public.orders_daily"]
)";

}  // namespace

TEST_CASE("every key of zdm.toml is read", "[unit][files]") {
  const Config config = good({kComplete, {}, {}});
  CHECK(config.database.text.reveal() == "sqlite:" + config.root + "/shop.db");
  CHECK(config.migrations_dir == config.root + "/db/changes");
  CHECK(config.search_path == "app, public");
  CHECK(config.assume_live);
  CHECK(config.lock_timeout == milliseconds(100));
  CHECK(config.lock_budget == milliseconds(120'000));
  CHECK(config.workers == 2);
  CHECK(config.batch_target == milliseconds(20));
  CHECK(config.duty_percent == 50);
  CHECK(config.max_replica_lag == milliseconds(1000));
  CHECK(config.pause_when.size() == 1);
  CHECK(config.gate_every_apart);
  CHECK(config.gate_postgres == 14);
  CHECK(config.gate_rules.at("drop-index") == "warning");
  REQUIRE(config.partitions.size() == 2);
  CHECK(config.partitions[0].values.at("keep") == "24 months");
  CHECK(config.partitions[1].values.at("keep") == "5000000");
  CHECK(config.partitions[1].values.at("expire") == "drop");
  REQUIRE(config.matviews.size() == 1);
  CHECK(config.matviews[0].lists.at("after") == std::vector<std::string>{"public.orders_daily"});
}

TEST_CASE("every setting is listed with its value and where it came from", "[unit][files]") {
  const Config config = good({kComplete, {}, {}});
  CHECK(std::is_sorted(config.settings.begin(), config.settings.end(),
                       [](const auto& a, const auto& b) { return a.key < b.key; }));
  CHECK(setting(config, "locks.timeout").source == "zdm.toml:10");
  CHECK(setting(config, "backfill.health_url").value == "http://***@127.0.0.1:8080/health");
  CHECK(setting(config, "partition.\"public.logs\".timezone").value == "UTC");
  CHECK(setting(config, "partition.\"public.logs\".timezone").source == "default");
  CHECK(setting(config, "matview.\"public.order_revenue_by_month\".after").value ==
        "[\"public.orders_daily\"]");
  CHECK(setting(config, "gate.rules.drop-index").source == "zdm.toml:23");
}

TEST_CASE("a file that says nothing gives the defaults", "[unit][files]") {
  for (const char* toml : {"", "# only a comment\n", "[locks]\n"}) {
    const Config config = good({toml, {}, {}});
    CHECK(config.lock_timeout == milliseconds(500));
    CHECK(config.lock_budget == milliseconds(600'000));
    CHECK(config.batch_target == milliseconds(10));
    CHECK(config.duty_percent == 100);
    CHECK(config.workers == 1);
    CHECK_FALSE(config.assume_live);
    CHECK(config.database.text.empty());
    CHECK(config.migrations_dir == config.root + "/migrations");
    CHECK(setting(config, "locks.timeout").source == "default");
  }
}

TEST_CASE("flag wins over environment, environment over file, file over default", "[unit][files]") {
  Given given{"[locks]\ntimeout = \"1s\"\n", {}, {}};
  CHECK(good(given).lock_timeout == milliseconds(1000));
  given.environment["ZDM_LOCKS_TIMEOUT"] = "2s";
  CHECK(good(given).lock_timeout == milliseconds(2000));
  CHECK(setting(good(given), "locks.timeout").source == "environment ZDM_LOCKS_TIMEOUT");
  given.flags["locks.timeout"] = "3s";
  CHECK(good(given).lock_timeout == milliseconds(3000));
  CHECK(setting(good(given), "locks.timeout").source == "flag --lock-timeout");
}

TEST_CASE("an empty environment variable counts as unset", "[unit][files]") {
  CHECK(good({"", {{"ZDM_LOCKS_TIMEOUT", ""}}, {}}).lock_timeout == milliseconds(500));
}

TEST_CASE("ZDM_DATABASE_URL goes before DATABASE_URL, both before the file", "[unit][files]") {
  Given given{"[database]\nurl = \"postgresql://file/x\"\n", {}, {}};
  CHECK(good(given).database.text.reveal() == "postgresql://file/x");
  given.environment["DATABASE_URL"] = "postgresql://general/x";
  CHECK(good(given).database.text.reveal() == "postgresql://general/x");
  given.environment["ZDM_DATABASE_URL"] = "postgresql://ours/x";
  CHECK(good(given).database.text.reveal() == "postgresql://ours/x");
  given.flags["database.url"] = "postgresql://flag/x";
  CHECK(good(given).database.text.reveal() == "postgresql://flag/x");
}

TEST_CASE("the database's password is in no setting", "[unit][files]") {
  const Config config =
      good({"[database]\nurl = \"postgresql://app:${PW}@db/shop\"\n", {{"PW", "hunter2"}}, {}});
  CHECK(config.database.text.reveal() == "postgresql://app:hunter2@db/shop");
  for (const auto& one : config.settings) {
    CHECK(one.value.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("variables are expanded in the database table only", "[unit][files]") {
  const Environment environment = {{"NAME", "shop"}, {"EMPTY", ""}};
  const auto url = [&](const std::string& text) {
    return good({"[database]\nurl = '" + text + "'\n", environment, {}}).database.text.reveal();
  };
  CHECK(url("postgresql:///${NAME}${EMPTY}") == "postgresql:///shop");
  CHECK(url("postgresql://a:p$$w@h/x") == "postgresql://a:p$w@h/x");
  CHECK(url("postgresql://a:p$w@h/$$${NAME}") == "postgresql://a:p$w@h/$shop");
  const Config config = good({"[migrations]\ndir = \"${NAME}\"\n", environment, {}});
  CHECK(config.migrations_dir == config.root + "/${NAME}");
}

TEST_CASE("an unset variable is an error where it stands, unless another source wins",
          "[unit][files]") {
  const std::string toml = "[database]\nurl = \"postgresql://${NOWHERE}/x\"\n";
  const auto error = bad({toml, {}, {}});
  CHECK(error.message == "the environment variable NOWHERE is not set");
  REQUIRE(error.where);
  CHECK(error.where->line == 2);
  CHECK(error.where->column == 21);
  CHECK(good({toml, {{"DATABASE_URL", "postgresql:///x"}}, {}}).database.text.reveal() ==
        "postgresql:///x");
  bad({"[database]\nurl = \"${NOWHERE\"\n", {}, {}});
  bad({"[database]\nurl = \"${}\"\n", {}, {}});
  bad({"[database]\nurl = \"${1A}\"\n", {}, {}});
}

TEST_CASE("unknown tables and keys are errors with a suggestion", "[unit][files]") {
  struct Case {
    const char* toml;
    const char* message;
    int line;
    int column;
  };
  const std::vector<Case> cases = {
      {"[locks]\ntimout = \"1s\"", "unknown key timout in [locks]; did you mean timeout?", 2, 1},
      {"[lock]\n", "unknown table [lock]; did you mean locks?", 1, 2},
      {"url = \"x\"", "unknown key url", 1, 1},
      {"[migrations]\nd1r = 1", "unknown key d1r in [migrations]; did you mean dir?", 2, 1},
      {"[partition.\"a\"]\ncolum = \"x\"",
       "unknown key colum in [partition.\"a\"]; did you mean column?", 2, 1},
      {"[gate]\nrule = {}", "unknown key rule in [gate]", 2, 1},
      {"[database]\nhost = 'x'", "unknown key host in [database]", 2, 1},
  };
  for (const auto& one : cases) {
    INFO(one.toml);
    const auto error = bad({one.toml, {}, {}});
    CHECK(error.message == one.message);
    REQUIRE(error.where);
    CHECK(error.where->file == "zdm.toml");
    CHECK(error.where->line == one.line);
    CHECK(error.where->column == one.column);
  }
}

TEST_CASE("values of the wrong type, unit or range are refused where they stand", "[unit][files]") {
  for (const char* toml : {
           "[locks]\ntimeout = 500",
           "[locks]\ntimeout = \"500\"",
           "[locks]\ntimeout = \"0ms\"",
           "[locks]\ntimeout = \"-1s\"",
           "[locks]\ntimeout = \"2h\"",
           "[locks]\nbudget = \"10m\"",
           "[locks]\nbudget = [\"10min\"]",
           "[locks]\nbudget = 1.5",
           "locks = 1",
           "[[locks]]\n",
           "[backfill]\nduty = 100",
           "[backfill]\nduty = \"100\"",
           "[backfill]\nduty = \"0%\"",
           "[backfill]\nduty = \"101%\"",
           "[backfill]\nworkers = 0",
           "[backfill]\nworkers = \"2\"",
           "[backfill]\npause_when = \"select true\"",
           "[backfill]\npause_when = [1]",
           "[release]\nlive = \"Recorded\"",
           "[release]\nlive = true",
           "[gate]\napart = \"all\"",
           "[gate]\npostgres = 9",
           "[gate.rules]\nx = \"fatal\"",
           "[gate]\nrules = 1",
           "[migrations]\ndir = \"\"",
           "[database]\nurl = 1",
           "[partition]\nx = 1",
           "[partition.a]\ninterval = \"1 month\"",
           "[partition.a]\ncolumn = \"c\"",
           "[partition.a]\ncolumn = \"c\"\ninterval = \"1 month\"\nstep = 5",
           "[partition.a]\ncolumn = \"c\"\ninterval = \"1 moon\"",
           "[partition.a]\ncolumn = \"c\"\ninterval = \"month\"",
           "[partition.a]\ncolumn = \"c\"\ninterval = \"1 month\"\nkeep = 24",
           "[partition.a]\ncolumn = \"c\"\ninterval = \"1 month\"\nkeep = \"24\"",
           "[partition.a]\ncolumn = \"c\"\nstep = 5\nkeep = \"24 months\"",
           "[partition.a]\ncolumn = \"c\"\nstep = 0",
           "[partition.a]\ncolumn = \"c\"\nstep = 5\nexpire = \"archive\"",
           "[partition.a]\ncolumn = \"c\"\nstep = 5\nschema = \"old\"",
           "[matview.a]\nevery = \"15\"",
           "[matview.a]\nafter = \"b\"",
       }) {
    const auto error = bad({toml, {}, {}});
    REQUIRE(error.where);
    CHECK(error.where->line >= 1);
  }
  CHECK(bad({"[locks]\ntimeout = 500", {}, {}}).message ==
        "locks.timeout takes a duration with its unit in quotes, such as \"500ms\", not the "
        "number 500");
  CHECK(bad({"", {{"ZDM_LOCKS_TIMEOUT", "5"}}, {}}).message.starts_with("ZDM_LOCKS_TIMEOUT takes"));
  CHECK(bad({"", {}, {{"locks.budget", "5"}}}).message.starts_with("--lock-budget takes"));
}

TEST_CASE("a password of a wrongly typed or broken URL is not repeated", "[unit][files]") {
  CHECK(
      bad({"[database]\nurl = [\"postgresql://a:hunter2@h/x\"]", {}, {}}).message.find("hunter2") ==
      std::string::npos);
}

TEST_CASE("zdm.toml is found upward, and paths are relative to it", "[unit][files]") {
  const Folder folder;
  folder.write("zdm.toml", "[database]\nurl = \"sqlite:data/x.db\"\n");
  folder.write("a/b/c.txt", "");
  const FakeHost host;
  const auto config = migrations::load_config(host, {folder.path("a/b"), std::nullopt, {}});
  REQUIRE(config);
  CHECK(config->file == folder.path("zdm.toml"));
  CHECK(config->root == folder.path());
  CHECK(config->migrations_dir == folder.path("migrations"));
  CHECK(config->database.sqlite_path() == folder.path("data/x.db"));
  CHECK(setting(*config, "database.url").source == "../../zdm.toml:2");
}

TEST_CASE("paths of flags and environment are relative to the working directory", "[unit][files]") {
  const Folder folder;
  folder.write("zdm.toml", "");
  folder.write("a/x", "");
  const auto load_there = [&](const Environment& environment,
                              const std::map<std::string, std::string>& flags) {
    const FakeHost host(environment);
    return migrations::load_config(host, {folder.path("a"), std::nullopt, flags}).value();
  };
  CHECK(load_there({}, {{"database.url", "sqlite:x.db"}}).database.sqlite_path() ==
        folder.path("a/x.db"));
  CHECK(load_there({{"ZDM_MIGRATIONS_DIR", "m/"}}, {}).migrations_dir == folder.path("a/m"));
  CHECK(load_there({}, {{"database.url", "sqlite:/x.db"}}).database.sqlite_path() == "/x.db");
  CHECK(load_there({}, {{"database.url", "sqlite::memory:"}}).database.sqlite_path() == ":memory:");
}

TEST_CASE("the flag --config names a file that must be there, or none", "[unit][files]") {
  const Folder folder;
  folder.write("zdm.toml", "[locks]\ntimeout = \"1s\"\n");
  folder.write("other/ours.toml", "[locks]\ntimeout = \"2s\"\n");
  const FakeHost host;
  const auto timeout = [&](const std::string& file) {
    return migrations::load_config(host, {folder.path(), file, {}}).value().lock_timeout;
  };
  CHECK(timeout("none") == milliseconds(500));
  CHECK(timeout("other/ours.toml") == milliseconds(2000));
  CHECK(timeout(folder.path("other/ours.toml")) == milliseconds(2000));
  const auto missing = migrations::load_config(host, {folder.path(), "missing.toml", {}});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "there is no file missing.toml");
  const auto directory = migrations::load_config(host, {folder.path(), "other", {}});
  REQUIRE_FALSE(directory);
  CHECK(directory.error().code == ErrorCode::usage);
}

TEST_CASE("durations carry units", "[unit][files]") {
  using migrations::parse_duration;
  CHECK(parse_duration("500ms") == milliseconds(500));
  CHECK(parse_duration("1s") == milliseconds(1000));
  CHECK(parse_duration("10min") == milliseconds(600'000));
  CHECK(parse_duration("10 min") == milliseconds(600'000));
  CHECK(parse_duration("2h") == milliseconds(7'200'000));
  CHECK(parse_duration("3d") == milliseconds(259'200'000));
  CHECK(parse_duration("0ms") == milliseconds(0));
  for (const char* text : {"", "500", "ms", "-1s", "1.5s", "1m", "1 ", " 1s", "1s ", "1S", "+1s",
                           "99999999999999999999ms", "9999999999999d", "1  s"}) {
    INFO(text);
    const auto duration = parse_duration(text);
    REQUIRE_FALSE(duration);
    CHECK(duration.error().code == ErrorCode::usage);
  }
}
