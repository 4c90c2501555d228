#include <csignal>
#include <optional>

#include "cli/sandbox.hpp"
#include "support/catch.hpp"

namespace zdm::tests {
namespace {

constexpr auto kMigration = "migrations/0001_users_full_name.toml";

void write_migration(const Sandbox& box, const std::string& phase) {
  box.write(kMigration, "phase = \"" + phase +
                            "\"\n[[change]]\nkind = \"rename_column\"\ntable = \"users\"\n"
                            "from = \"name\"\nto = \"full_name\"\n");
}

void start(const Sandbox& box) {
  box.sqlite(
      "create table users (id integer primary key, name text not null);"
      "insert into users (name) values ('Ada'), ('Grace'), ('Barbara')");
  write_migration(box, "expand");
}

/// Cuts a release and applies all that it ships.
Json deploy(const Sandbox& box, const std::string& release, const std::string& phase) {
  write_migration(box, phase);
  auto cut = box.json({"release", "cut", release});
  CHECK(cut["release"] == release);
  return box.json({"apply", "--phase", "all"});
}

}  // namespace

TEST_CASE("an SQLite file that another process keeps to itself is busy: exit 6", "[cli]") {
  const Sandbox box;
  start(box);
  for (const auto& arguments : {std::vector<std::string>{"apply", "--phase", "expand"},
                                std::vector<std::string>{"plan"},
                                {"status"}}) {
    const WriteLock lock(box, true);
    const Finished finished = box.zdm(arguments);
    INFO(arguments[0] << ": " << finished.err);
    CHECK(finished.code == 6);
    CHECK(contains(finished.err, "database is locked"));
    CHECK(contains(finished.err, "another process is in a transaction on this file"));
  }
  CHECK(box.query("select count(*) from sqlite_master") == "1");
  CHECK(box.zdm({"apply", "--phase", "expand"}).code == 0);
}

TEST_CASE("a rename is carried through three releases on SQLite", "[cli]") {
  const Sandbox box;
  start(box);
  CHECK(deploy(box, "0", "expand")["exit_code"] == 0);

  auto first = deploy(box, "1", "switch");
  CHECK(first["schema"] == "zdm.apply/1");
  CHECK(first["exit_code"] == 0);
  CHECK(first["release"] == "1");
  REQUIRE(first["migrations"].size() == 2);
  for (auto& migration : first["migrations"]) {
    CHECK(migration["id"] == "0001_users_full_name");
    CHECK(migration["target"] == "");
    CHECK(migration["state"] == "done");
    for (auto& step : migration["steps"]) {
      for (const auto* key : {"id", "state", "attempts", "duration_ms", "rows"}) {
        CHECK(step.contains(key));
      }
    }
  }
  CHECK(box.query("select full_name from users where id = 2") == "Grace");
  box.query("update users set name = 'Ada L.' where id = 1");
  CHECK(box.query("select full_name from users where id = 1") == "Ada L.");

  auto same = box.json({"apply", "--phase", "all"});
  CHECK(same["exit_code"] == 0);

  auto verified = box.json({"verify"});
  CHECK(verified["schema"] == "zdm.verify/1");
  REQUIRE(verified["migrations"].size() == 1);
  CHECK(verified["migrations"][0]["rows"] == 3);
  CHECK(verified["migrations"][0]["differing"] == 0);

  // Contract waits until the release that shipped switch is live.
  auto early = deploy(box, "2", "contract");
  CHECK(early["exit_code"] == 0);
  REQUIRE_FALSE(early["migrations"].empty());
  CHECK(early["migrations"].back()["state"] == "skipped");
  CHECK(early["migrations"].back()["reason"].is_string());
  auto named = box.json({"apply", "--phase", "contract"});
  CHECK(named["exit_code"] == 3);
  CHECK(named["error"]["code"] == 3);

  CHECK(contains(box.zdm({"status"}).out, "once 1 is live"));
  auto live = box.json({"release", "live", "1"});
  CHECK(live["schema"] == "zdm.release/1");
  CHECK(live["exit_code"] == 0);
  CHECK_FALSE(contains(box.zdm({"status"}).out, "is live"));
  auto done = box.json({"apply", "--phase", "contract"});
  INFO(done.dump(2));
  CHECK(done["exit_code"] == 0);
  CHECK(box.query("select group_concat(name) from pragma_table_info('users')") == "id,full_name");

  auto status = box.json({"status"});
  CHECK(status["migrations"][0]["phase"] == "contract");
  CHECK(status["migrations"][0]["next_phase"].is_null());
  // The release that shipped switch reads the new shape alone; the one before does not.
  CHECK(box.zdm({"release", "floor"}).out == "1\n");
  CHECK(box.zdm({"release", "check", "--to", "1"}).code == 0);
  CHECK(box.zdm({"release", "check", "--to", "0"}).code == 3);
  CHECK(box.zdm({"rollback"}).code == 3);
}

TEST_CASE("status says where things stand and what comes next", "[cli]") {
  const Sandbox box;
  start(box);
  auto before = box.json({"status"});
  CHECK(before["schema"] == "zdm.status/1");
  REQUIRE(before["migrations"].size() == 1);
  auto& migration = before["migrations"][0];
  CHECK(migration["phase"].is_null());
  CHECK(migration["next_phase"] == "expand");
  CHECK(migration["target_phase"] == "expand");
  CHECK(migration["state"] == "pending");
  CHECK(migration["backfill"].is_null());
  CHECK(box.zdm({"status", "--exit-code"}).code == 4);
  const auto text = box.zdm({"status"});
  CHECK(contains(text.out, "zdm apply --phase expand 0001_users_full_name"));
  CHECK(box.json({"apply", "--phase", "expand", "--release", "7"})["exit_code"] == 0);
  CHECK(box.zdm({"status", "--exit-code"}).code == 0);
  auto after = box.json({"status"});
  CHECK(after["migrations"][0]["phase"] == "expand");
  CHECK(after["migrations"][0]["release"] == "7");
  CHECK(contains(box.zdm({"status"}).out, "phase = \"backfill\""));
}

TEST_CASE("rollback takes back the last phase, or all of them", "[cli]") {
  const Sandbox box;
  start(box);
  deploy(box, "1", "backfill");
  auto dry = box.json({"rollback", "--dry-run"});
  CHECK(dry["schema"] == "zdm.rollback/1");
  CHECK(dry["dry_run"] == true);
  CHECK(box.query("select full_name from users where id = 1") == "Ada");
  auto last = box.json({"rollback"});
  INFO(last.dump(2));
  CHECK(last["exit_code"] == 0);
  auto held = box.json({"status"});
  CHECK(held["migrations"][0]["phase"] == "expand");
  CHECK(held["migrations"][0]["state"] == "held");
  auto passed = box.json({"apply", "--phase", "all"});
  CHECK(passed["exit_code"] == 0);
  CHECK(box.json({"apply", "--resume", "0001_users_full_name"})["exit_code"] == 0);
  CHECK(box.json({"status"})["migrations"][0]["phase"] == "backfill");
  const auto rest = box.zdm({"rollback", "--to", "none"});
  CHECK(rest.code == 0);
  CHECK(contains(rest.out, "expand: undone"));
  CHECK(box.query("select group_concat(name) from pragma_table_info('users')") == "id,name");
}

TEST_CASE("a dry run shows exactly what would run and changes nothing", "[cli]") {
  const Sandbox box;
  start(box);
  auto dry = box.json({"apply", "--phase", "expand", "--dry-run"});
  CHECK(dry["exit_code"] == 0);
  REQUIRE(dry["migrations"].size() == 1);
  CHECK_FALSE(dry["migrations"][0]["sql"].empty());
  CHECK(box.query("select count(*) from sqlite_schema where name like 'zdm%'") == "0");
  const auto text = box.zdm({"apply", "--phase", "expand", "--dry-run"});
  CHECK(contains(text.out, "ALTER TABLE"));
}

TEST_CASE("a plan on SQLite shows four phases, and which of them this checkout may do", "[cli]") {
  const Sandbox box;
  start(box);
  auto plan = box.json({"plan"});
  CHECK(plan["database"] == "sqlite");
  CHECK(plan["assumed"] == false);
  REQUIRE(plan["migrations"][0]["phases"].size() == 4);
  CHECK(box.zdm({"plan", "--exit-code"}).code == 4);
  CHECK(box.json({"apply", "--phase", "all", "--release", "1"})["exit_code"] == 0);
  CHECK(box.zdm({"plan", "--exit-code"}).code == 0);
  CHECK(box.json({"plan"})["migrations"][0]["phases"][0]["state"] == "done");
}

TEST_CASE("status --watch draws again until Ctrl-C", "[cli]") {
  const Sandbox box;
  start(box);
  Process process(box.command({"status", "--watch"}));
  REQUIRE(process.wait_for("next:", std::chrono::minutes(2)));
  process.signal(SIGINT);
  const auto finished = process.wait(std::chrono::minutes(2));
  CHECK(finished.code == 130);
  CHECK(box.zdm({"status", "--watch", "--format", "json"}).code == 2);
}

TEST_CASE("contract asks a person, and no one else", "[cli]") {
  const Sandbox box;
  start(box);
  deploy(box, "1", "switch");
  box.zdm({"release", "live", "1"});
  write_migration(box, "contract");
  REQUIRE(box.zdm({"release", "cut", "2"}).code == 0);
  auto command = box.command({"apply", "--phase", "all"});
  command.terminal = true;
  command.input = "n\n";
  const auto no = run(command);
  INFO(no.err);
  CHECK(no.code == 3);
  CHECK(contains(no.err, "cannot be undone"));
  CHECK(box.query("select count(*) from pragma_table_info('users')") == "3");
  command.words.emplace_back("--no-input");
  const auto silent = run(command);
  CHECK(silent.code == 2);
  CHECK(contains(silent.err, "add --yes"));
  command.words.back() = "-q";
  command.input = "yes\n";
  const auto yes = run(command);
  INFO(yes.err);
  CHECK(yes.code == 0);
  CHECK(box.query("select count(*) from pragma_table_info('users')") == "2");
}

TEST_CASE("a file that is no database, and one that is not there, are told apart from bugs",
          "[cli]") {
  const Sandbox box;
  start(box);
  auto missing = box.json({"status", "--database", "sqlite:nowhere.db"});
  CHECK(missing["exit_code"] == 7);
  CHECK_FALSE(box.has("nowhere.db"));
}

TEST_CASE("the flag --timeout ends the waiting for another writer with exit 6", "[cli]") {
  const Sandbox box;
  start(box);
  REQUIRE(box.json({"apply", "--phase", "all", "--release", "1"})["exit_code"] == 0);
  write_migration(box, "backfill");
  {
    const WriteLock held(box);
    const std::vector<std::string> command = {"apply", "--phase",   "all", "--timeout",
                                              "100ms", "--release", "1"};
    auto stopped = box.json(command);
    CHECK(stopped["exit_code"] == 6);
    CHECK(contains(stopped["error"]["message"], "--timeout is spent"));
  }
  CHECK(box.json({"status"})["migrations"][0]["phase"] == "expand");
  CHECK(box.json({"apply", "--phase", "all", "--release", "1"})["exit_code"] == 0);
  CHECK(box.query("select count(*) from users where full_name is not name") == "0");
}

TEST_CASE("another writer of the file is waited for within the lock budget", "[cli]") {
  const Sandbox box;
  start(box);
  std::optional<WriteLock> held(std::in_place, box);
  const auto spent = box.zdm({"apply", "--phase", "all", "--release", "1", "--lock-timeout", "50ms",
                              "--lock-budget", "1s"});
  INFO(spent.err);
  CHECK(spent.code == 6);
  CHECK(contains(spent.err, "others keep the ledger locked"));
  CHECK(contains(spent.err, "nothing was changed"));
  held.reset();
  CHECK(box.query("select count(*) from sqlite_schema where name like '%zdm%'") == "0");
  CHECK(box.zdm({"apply", "--phase", "all", "--release", "1"}).code == 0);
}

TEST_CASE("a brake that this version does not have refuses the run by name", "[cli]") {
  const Sandbox box;
  start(box);
  box.write("zdm.toml",
            box.read("zdm.toml") + "\n[backfill]\nhealth_url = \"http://127.0.0.1/\"\n");
  const auto refused = box.zdm({"apply", "--phase", "all", "--release", "1"});
  CHECK(refused.code == 3);
  CHECK(contains(refused.err, "backfill.health_url (zdm.toml:"));
  CHECK(box.query("SELECT count(*) FROM pragma_table_info('users') WHERE name = 'full_name'") ==
        "0");
}

TEST_CASE("plan shows what can be planned, and what cannot", "[cli]") {
  const Sandbox box;
  start(box);
  const auto rename = [&](const std::string& file, const std::string& from) {
    box.write(file,
              "phase = \"expand\"\n[[change]]\nkind = \"rename_column\"\ntable = \"users\"\n"
              "from = \"" +
                  from + "\"\nto = \"" + from + "_2\"\n");
  };
  rename("migrations/0002_gone.toml", "gone");
  box.sqlite("alter table users add column nick text");
  rename("migrations/0004_nick.toml", "nick");
  const auto text = box.zdm({"plan"});
  CHECK(text.code == 3);
  CHECK(contains(text.out, "0001_users_full_name"));
  CHECK(contains(text.out, "0004_nick"));
  CHECK(contains(text.err, "gone"));
  auto json = box.json({"plan"});
  CHECK(json["exit_code"] == 3);
  CHECK(json["error"]["code"] == 3);
  CHECK(json["migrations"].size() == 2);
  CHECK(box.zdm({"plan", "0004_nick"}).code == 0);
  auto alone = box.json({"plan", "0002_gone"});
  CHECK(alone["exit_code"] == 3);
  CHECK_FALSE(alone.contains("migrations"));
}

}  // namespace zdm::tests
