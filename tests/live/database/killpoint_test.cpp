#include "database/killpoint.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "support/catch.hpp"
#include "support/database.hpp"

using namespace zdm::migrations;
using zdm::tests::Database;
using zdm::tests::make_database;

namespace {

/// Two inserts, in a child that dies at the given point. True when it was killed.
bool killed_at(const Database& database, KillPoint point) {
  const pid_t child = fork();
  if (child == 0) {
    const auto points = std::make_shared<KillPoints>(point);
    const auto connection = KillPoints::wrap(points, database.opener())();
    for (const char* sql : {"INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"}) {
      static_cast<void>((*connection)->run(sql));
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

}  // namespace

TEST_CASE("a kill point is read as number and moment, or not at all", "[database]") {
  CHECK(parse_kill_point("12:sent")->statement == 12);
  CHECK(parse_kill_point("12:sent")->moment == KillMoment::sent);
  CHECK_FALSE(parse_kill_point("0:before"));
  CHECK_FALSE(parse_kill_point("3"));
  CHECK_FALSE(parse_kill_point("3:now"));
}

TEST_CASE("a process dies at the chosen statement and moment", "[live][database]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto database = make_database(engine);
  database->exec("CREATE TABLE t (a integer)");

  CHECK_FALSE(killed_at(*database, {3, KillMoment::before}));
  CHECK(database->value("SELECT count(*) FROM t") == "2");

  CHECK(killed_at(*database, {2, KillMoment::before}));
  CHECK(database->value("SELECT count(*) FROM t") == "3");

  CHECK(killed_at(*database, {2, KillMoment::after}));
  CHECK(database->value("SELECT count(*) FROM t") == "5");
}

TEST_CASE("a statement that was sent is carried out though its sender is dead",
          "[live][database]") {
  zdm::tests::TestDatabase database;
  database.exec("CREATE TABLE t (a integer)");
  CHECK(killed_at(database, {1, KillMoment::sent}));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (database.value("SELECT count(*) FROM t") == "0" &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(database.value("SELECT count(*) FROM t") == "1");
}
