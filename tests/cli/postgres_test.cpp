#include <csignal>

#include "cli/sandbox.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"

namespace zdm::tests {

TEST_CASE("a rename is carried through three releases on PostgreSQL", "[cli][live]") {
  TestDatabase database;
  database.exec(R"(
      create table users (id bigint generated always as identity primary key, name text not null);
      create index users_by_name on users (name);
      insert into users (name) select 'user ' || i from generate_series(1, 5000) i)");
  const Sandbox box;
  box.write("zdm.toml", "[database]\nurl = \"${SHOP_URL}\"\n");
  const auto zdm = [&](const std::string& phase, std::vector<std::string> words) {
    box.write("migrations/0001_users_full_name.toml",
              "phase = \"" + phase +
                  "\"\n[[change]]\nkind = \"rename_column\"\ntable = \"users\"\n"
                  "from = \"name\"\nto = \"full_name\"\n");
    words.insert(words.end(), {"--format", "json"});
    auto command = box.command(words);
    command.environment["SHOP_URL"] = database.url().text.reveal();
    const auto finished = run(command);
    INFO(finished.out << finished.err);
    auto object = Json::parse(finished.out, nullptr, false);
    REQUIRE(object.is_object());
    CHECK(object["exit_code"] == finished.code);
    return object;
  };
  auto plan = zdm("switch", {"plan"});
  CHECK(plan["database"] == "postgresql");
  auto& expand = plan["migrations"][0]["phases"][0];
  CHECK(expand["steps"][0]["locks"][0]["relation"] == "public.users");
  CHECK(expand["steps"][0]["locks"][0]["mode"] == "ACCESS EXCLUSIVE");

  auto applied = zdm("switch", {"apply", "--phase", "all", "--release", "1"});
  INFO(applied.dump(2));
  REQUIRE(applied["exit_code"] == 0);
  database.exec("insert into users (full_name) values ('Ada')");
  CHECK(database.value("select name from users where full_name = 'Ada'") == "Ada");
  auto verified = zdm("switch", {"verify"});
  CHECK(verified["migrations"][0]["rows"] == 5001);
  CHECK(verified["migrations"][0]["differing"] == 0);

  CHECK(zdm("contract", {"apply", "--phase", "contract", "--release", "2"})["exit_code"] == 3);
  CHECK(zdm("contract", {"release", "live", "1"})["exit_code"] == 0);
  CHECK(zdm("contract", {"apply", "--phase", "all", "--release", "2"})["exit_code"] == 0);
  CHECK(database.value("select string_agg(attname, ',' order by attnum) from pg_attribute where "
                       "attrelid = 'users'::regclass and attnum > 0 and not attisdropped") ==
        "id,full_name");
  CHECK(zdm("contract", {"status"})["migrations"][0]["phase"] == "contract");
}

TEST_CASE("who blocks is named to the root, and the exit code is 6", "[cli][live]") {
  TestDatabase database;
  database.exec("create table users (id bigint primary key, name text)");
  const Sandbox box;
  box.write("zdm.toml", "[database]\nurl = \"${SHOP_URL}\"\n");
  box.write("migrations/0001_users_full_name.toml",
            "phase = \"expand\"\n[[change]]\nkind = \"rename_column\"\ntable = \"users\"\n"
            "from = \"name\"\nto = \"full_name\"\n");
  auto command = box.command({"apply", "--phase", "all", "--lock-budget", "2s", "--lock-timeout",
                              "100ms", "--format", "json"});
  command.environment["SHOP_URL"] = database.url().text.reveal();
  database.exec("begin");
  database.exec("select * from users");
  const auto finished = run(command);
  database.exec("rollback");
  INFO(finished.out << finished.err);
  CHECK(finished.code == 6);
  auto object = Json::parse(finished.out, nullptr, false);
  REQUIRE(object.is_object());
  REQUIRE(object["error"]["blockers"].size() >= 1);
  CHECK(object["error"]["blockers"][0]["pid"].is_number());
  CHECK(contains(finished.err, "blocked by pid"));
  CHECK(contains(finished.err, "idle in transaction"));
}

TEST_CASE("a second Ctrl-C cancels the statement, and the same command carries on", "[cli][live]") {
  TestDatabase database;
  database.exec("create table users (id bigint primary key, name text)");
  database.exec("create index users_by_name on users (name)");
  const Sandbox box;
  box.write("zdm.toml", "[database]\nurl = \"${SHOP_URL}\"\n");
  box.write("migrations/0001_users_full_name.toml",
            "phase = \"switch\"\n[[change]]\nkind = \"rename_column\"\ntable = \"users\"\n"
            "from = \"name\"\nto = \"full_name\"\n");
  auto command = box.command({"apply", "--phase", "all", "--release", "1"});
  command.environment["SHOP_URL"] = database.url().text.reveal();
  // CREATE INDEX CONCURRENTLY waits for every older snapshot, without a lock_timeout.
  database.exec("begin isolation level repeatable read");
  database.exec("select 1 from pg_class limit 1");
  Process process(command);
  const bool waits = process.wait_for("waiting for transactions", std::chrono::minutes(2));
  process.signal(SIGINT);
  const bool asked = process.wait_for("next safe point", std::chrono::minutes(2));
  process.signal(SIGINT);
  const auto stopped = process.wait(std::chrono::minutes(2));
  database.exec("rollback");
  INFO(stopped.out << stopped.err);
  CHECK(waits);
  CHECK(asked);
  CHECK(stopped.code == 130);
  CHECK(contains(stopped.err, "cancelling the running statement"));
  const auto again = run(command);
  INFO(again.out << again.err);
  CHECK(again.code == 0);
  CHECK(database.value("select count(*) from pg_index where not indisvalid") == "0");
}

TEST_CASE("Ctrl-C stops a backfill at a safe point, and the same command carries on",
          "[cli][live]") {
  TestDatabase database;
  database.exec("create table users (id bigint primary key, name text)");
  database.exec("insert into users select i, 'user ' || i from generate_series(1, 500) i");
  const Sandbox box;
  box.write("zdm.toml", "[database]\nurl = \"${SHOP_URL}\"\n");
  box.write("migrations/0001_users_full_name.toml",
            "phase = \"backfill\"\n[[change]]\nkind = \"rename_column\"\ntable = \"users\"\n"
            "from = \"name\"\nto = \"full_name\"\n");
  const auto apply = [&](const std::string& phase) {
    auto command = box.command({"apply", "--phase", phase, "--release", "1"});
    command.environment["SHOP_URL"] = database.url().text.reveal();
    return command;
  };
  REQUIRE(run(apply("expand")).code == 0);
  const auto holder = database.connect();
  const auto hold = [&](const char* sql) { REQUIRE(holder->run(sql)); };
  for (const auto& [number, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    // No backfill ends while one of its rows is locked.
    hold("begin");
    hold("select 1 from users where id = 250 for update");
    Process process(apply("all"));
    const bool begun = process.wait_for("fill existing rows", std::chrono::minutes(2));
    process.signal(number);
    const auto stopped = process.wait(std::chrono::minutes(2));
    hold("rollback");
    INFO(stopped.out << stopped.err);
    CHECK(begun);
    CHECK(stopped.code == code);
    CHECK(contains(stopped.err, "stopping at the next safe point"));
  }
  const auto again = run(apply("all"));
  INFO(again.out << again.err);
  CHECK(again.code == 0);
  CHECK(database.value("select count(*) from users where full_name is distinct from name") == "0");
}

TEST_CASE("check asks a database what the files do not say", "[cli][live][check]") {
  TestDatabase database;
  database.exec(R"(
      create table users (id bigint primary key, name varchar(20), nick varchar(20), email text,
                          constraint named check (name is not null));
      create unique index users_email on users (email);
      insert into users select i, 'user ' || i, '', repeat('x', 100) || i
      from generate_series(1, 20000) i;
      create view names as select name from users;
      create table tiny (a int, b varchar(20) check (b <> ''));
      analyze)");
  const Sandbox box;
  const auto check = [&](const std::string& sql, bool asked) {
    box.write("a.sql", sql);
    std::vector<std::string> words = {"check", "a.sql"};
    if (asked) words.insert(words.end(), {"--database", database.url().text.reveal()});
    return box.zdm(words);
  };
  for (const std::string sql :
       {"ALTER TABLE users ALTER name SET NOT NULL;\n", "CREATE INDEX i ON tiny (a);\n",
        "CREATE INDEX i ON public.tiny (a);\n", "ALTER TABLE users ALTER nick TYPE text;\n",
        "ALTER TABLE tiny ALTER b TYPE text;\n", "UPDATE tiny SET a = 1;\n"}) {
    INFO(sql);
    CHECK(check(sql, false).code == 3);
    const auto asked = check(sql, true);
    INFO(asked.out << asked.err);
    CHECK(asked.code == 0);
  }
  CHECK(check("CREATE INDEX i ON users (name);\n", true).code == 3);
  // the CHECK is checked again
  CHECK(check("ALTER TABLE users ALTER name TYPE text;\n", true).code == 3);
  CHECK(check("ALTER TABLE users ALTER email SET NOT NULL;\n", true).code == 3);
  for (const std::string name : {"users_email", "public.users_email"}) {
    const auto sql = "DROP INDEX CONCURRENTLY " + name + ";\n";
    CHECK(check(sql, false).code == 0);
    CHECK(contains(check(sql, true).out, "error[drop-index]"));
  }
  const auto dropped = check("ALTER TABLE users DROP COLUMN name;\n", true);
  CHECK(contains(dropped.out, "names"));
  const auto unreachable =
      box.zdm({"check", "a.sql", "--database", "postgresql://127.0.0.1:1/x?connect_timeout=2"});
  CHECK(unreachable.code == 7);
}

}  // namespace zdm::tests
