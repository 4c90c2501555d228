#include <sys/stat.h>

#include "cli/sandbox.hpp"
#include "support/catch.hpp"

namespace zdm::tests {

TEST_CASE("init writes what a project needs, and never overwrites", "[cli]") {
  const Sandbox box;
  const auto first = box.zdm({"init", "--template", "deploy-script", "example"});
  INFO(first.err);
  CHECK(first.code == 0);
  CHECK(box.has("zdm.toml"));
  CHECK(box.has("migrations/0001_users_full_name.toml"));
  struct stat info {};
  REQUIRE(::stat(box.path("scripts/deploy").c_str(), &info) == 0);
  CHECK((info.st_mode & S_IXUSR) != 0);
  const auto before = box.read("zdm.toml");
  const auto again = box.zdm({"init"});
  CHECK(again.code == 2);
  CHECK(contains(again.err, "zdm.toml is there already"));
  CHECK(box.read("zdm.toml") == before);
  const auto plan = box.zdm({"plan", "--database", "none"});
  INFO(plan.err);
  CHECK(plan.code == 0);
}

TEST_CASE("init names the templates when one is unknown, and writes nothing", "[cli]") {
  const Sandbox box;
  const auto finished = box.zdm({"init", "--template", "ansible"});
  CHECK(finished.code == 2);
  CHECK(contains(finished.err,
                 "alerts, cron, deploy-script, example, git-hook, github-actions, gitlab-ci, "
                 "kubernetes, systemd"));
  CHECK_FALSE(box.has("zdm.toml"));
  CHECK_FALSE(box.has("migrations"));
}

TEST_CASE("new writes a migration that loads, numbered after the last", "[cli]") {
  const Sandbox box;
  box.zdm({"init"});
  auto first = box.json({"new", "rename_column", "users_full_name", "table=users", "from=name",
                         "to=full_name", "description=a \"better\" name"});
  CHECK(first["schema"] == "zdm.new/1");
  CHECK(first["path"] == "migrations/0001_users_full_name.toml");
  CHECK(first["missing"].empty());
  CHECK(contains(box.read("migrations/0001_users_full_name.toml"), "a \\\"better\\\" name"));
  box.write("migrations/00041_x.toml",
            "phase = \"expand\"\n[[change]]\nkind = \"rename_column\"\ntable = \"t\"\nfrom = "
            "\"a\"\nto = \"b\"\n");
  const auto second = box.zdm({"new", "rename_column", "b", "table=users", "from=a", "to=b",
                               "up=upper(a)", "down=lower(b)"});
  INFO(second.err);
  CHECK(second.out == "wrote migrations/00042_b.toml\n");
  auto plan = box.json({"plan", "--database", "none", "42"});
  CHECK(plan["migrations"].size() == 1);
}

TEST_CASE("new leaves required keys as comments, so that the file does not load by accident",
          "[cli]") {
  const Sandbox box;
  box.zdm({"init"});
  const auto finished = box.zdm({"new", "rename_column", "half", "table=users"});
  CHECK(finished.code == 0);
  CHECK(contains(finished.err, "fill in from, to"));
  const auto plan = box.zdm({"plan", "--database", "none"});
  CHECK(plan.code == 2);
  CHECK(contains(plan.err, "0001_half.toml"));
}

TEST_CASE("new refuses what it cannot write down", "[cli]") {
  const Sandbox box;
  box.zdm({"init"});
  const auto unknown = box.zdm({"new", "rename_column", "x", "tabel=users"});
  CHECK(unknown.code == 2);
  CHECK(contains(unknown.err, "did you mean table?"));
  CHECK(box.zdm({"new", "rename_colum", "x"}).code == 2);
  CHECK(box.zdm({"new", "rename_column", "../x", "table=t"}).code == 2);
  CHECK(box.zdm({"new", "rename_column", "x", "table=a", "table=b"}).code == 2);
  const auto bad = box.zdm({"new", "rename_column", "x", "table=a..b", "from=a", "to=b"});
  CHECK(bad.code == 2);
  CHECK_FALSE(box.has("migrations/0001_x.toml"));
}

TEST_CASE("config shows every setting with its source, and no secret", "[cli]") {
  const Sandbox box;
  box.write("zdm.toml", "[database]\nurl = \"${DATABASE_URL}\"\n[locks]\ntimeout = \"250ms\"\n");
  auto command = box.command({"config", "--lock-budget", "3min"});
  command.environment["DATABASE_URL"] = "postgresql://app:hunter2@db/shop";
  const auto text = run(command);
  INFO(text.err);
  CHECK(text.code == 0);
  CHECK(contains(text.out, "zdm.toml"));
  CHECK(contains(text.out, "--lock-budget"));
  CHECK_FALSE(contains(text.out + text.err, "hunter2"));
  command.words.insert(command.words.end(), {"--format", "json"});
  const auto json = run(command);
  CHECK_FALSE(contains(json.out, "hunter2"));
  auto object = Json::parse(json.out);
  CHECK(object["schema"] == "zdm.config/1");
  bool timeout = false;
  for (auto& setting : object["settings"]) {
    if (setting["key"] != "locks.timeout") continue;
    timeout = true;
    CHECK(setting["value"] == "250ms");
  }
  CHECK(timeout);
}

TEST_CASE("an error in zdm.toml is shown with its line and a caret", "[cli]") {
  const Sandbox box;
  box.write("zdm.toml", "[locks]\ntimeot = \"250ms\"\n");
  const auto finished = box.zdm({"config"});
  CHECK(finished.code == 2);
  CHECK(contains(finished.err, "zdm: error: "));
  CHECK(contains(finished.err, "zdm.toml:2:1"));
  CHECK(contains(finished.err, "  2 | timeot = \"250ms\""));
  CHECK(contains(finished.err, "\n      ^"));
  CHECK(contains(finished.err, "timeout"));
  auto json = box.json({"config"});
  CHECK(json["error"]["line"] == 2);
  CHECK(json["error"]["column"] == 1);
}

TEST_CASE("a plan without a database says what it assumed", "[cli]") {
  const Sandbox box;
  box.zdm({"init", "--template", "example"});
  const auto text = box.zdm({"plan", "--database", "none"});
  INFO(text.err);
  CHECK(text.code == 0);
  CHECK(contains(text.err, "no database was looked at"));
  CHECK(contains(text.out, "ACCESS EXCLUSIVE"));
  CHECK(contains(text.out, "later: ships with the release that says phase = \"backfill\""));
  auto json = box.json({"plan", "--database", "none"});
  CHECK(json["schema"] == "zdm.plan/1");
  CHECK(json["database"] == "postgresql");
  REQUIRE(json["migrations"].size() == 1);
  auto& migration = json["migrations"][0];
  CHECK(migration["id"] == "0001_users_full_name");
  CHECK(migration["target"] == "");
  REQUIRE(migration["phases"].size() == 4);
  auto& step = migration["phases"][0]["steps"][0];
  for (const auto* key : {"id", "kind", "sql", "locks", "in_transaction", "destructive", "rewrites",
                          "scans", "note"}) {
    CHECK(step.contains(key));
  }
  const auto sql = box.zdm({"plan", "--database", "none", "--format", "sql", "-q"});
  CHECK(sql.err.empty());
  CHECK(contains(sql.out, "-- 0001_users_full_name"));
  CHECK(box.zdm({"plan", "--database", "none", "--exit-code"}).code == 4);
  auto one = box.json({"plan", "--database", "none", "--phase", "backfill"});
  REQUIRE(one["migrations"][0]["phases"].size() == 1);
  CHECK(box.zdm({"plan", "--database", "none", "0002_nothing"}).code == 2);
  CHECK(box.zdm({"status", "--database", "none"}).code == 2);
}

TEST_CASE("templates are added to a project that has its zdm.toml", "[cli]") {
  const Sandbox box;
  box.write("zdm.toml", "# ours\n");
  const auto added = box.zdm({"init", "--template", "github-actions", "gitlab-ci"});
  INFO(added.err);
  CHECK(added.code == 0);
  CHECK(box.read("zdm.toml") == "# ours\n");
  CHECK(contains(box.read(".github/workflows/zdm.yml"), "zdm check --format github"));
  CHECK(contains(box.read(".gitlab/zdm.yml"), "zdm check --format gitlab"));
  CHECK(box.zdm({"init", "--template", "gitlab-ci"}).code == 2);
  CHECK(box.zdm({"init"}).code == 2);
}

TEST_CASE("the pre-commit hook stops a commit that the gate rejects", "[cli][check]") {
  const Sandbox box;
  REQUIRE(box.zdm({"init", "--template", "git-hook"}).code == 0);
  const auto git = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-c", "user.name=n", "-c", "user.email=n@example.org"});
    auto command = box.command(std::move(words));
    command.words.front() = "/usr/bin/env";
    return run(command);
  };
  // the hook finds the program through PATH
  const std::string program = ZDM_PROGRAM;
  box.write("bin/zdm", "#!/bin/sh\nexec " + program + " \"$@\"\n");
  auto hook = box.read(".githooks/pre-commit");
  hook.replace(hook.find("exec zdm"), 8, "exec sh bin/zdm");
  box.write(".githooks/pre-commit", hook);
  REQUIRE(git({"init", "-q", "."}).code == 0);
  REQUIRE(git({"config", "core.hooksPath", ".githooks"}).code == 0);
  box.write("migrations/1.sql", "DROP TABLE users;\n");
  REQUIRE(git({"add", "-A"}).code == 0);
  const auto stopped = git({"commit", "-qm", "1"});
  INFO(stopped.out << stopped.err);
  CHECK(stopped.code != 0);
  CHECK(contains(stopped.out + stopped.err, "error[drop-table]"));
  box.write("migrations/1.sql", "CREATE TABLE users (id int);\n");
  REQUIRE(git({"add", "-A"}).code == 0);
  const auto passed = git({"commit", "-qm", "1"});
  INFO(passed.out << passed.err);
  CHECK(passed.code == 0);
}

}  // namespace zdm::tests
