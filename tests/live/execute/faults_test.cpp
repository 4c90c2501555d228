#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "rig.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Connection;
using migrations::Engine;
using migrations::Result;
using migrations::Rows;
using migrations::Text;
using planner::Error;
using planner::ErrorCode;
using planner::Phase;

namespace {

enum class Fault {
  refused_by_server,  ///< an error that no retry mends
  lost_before,        ///< the server process dies, then the statement is sent
  lost_after,         ///< the statement ran, its answer is lost with the connection
};

void kill_backend(Rig& rig, Connection& connection) {
  rig.exec(fmt::format("SELECT pg_terminate_backend({})", connection.backend_pid()));
}

Error lost(std::string_view sql) {
  return {.code = ErrorCode::cannot_connect,
          .message = "the connection was lost",
          .sqlstate = "08006",
          .statement = std::string(sql),
          .in_doubt = sql == "COMMIT"};
}

/// Does the fault at the n-th statement; `struck` says whether there was one.
void strike(Rig& rig, int n, Fault fault, bool& struck) {
  auto count = std::make_shared<int>(0);
  rig.spy->run = [&rig, &struck, count, n, fault](
                     Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    if (++*count != n) return connection.run(sql, parameters);
    struck = true;
    switch (fault) {
      case Fault::refused_by_server:
        // A ROLLBACK is never refused.
        if (sql == "ROLLBACK") return connection.run(sql, parameters);
        return planner::fail(Error{.code = ErrorCode::failed,
                                   .message = "made up by the test",
                                   .sqlstate = "XX000",
                                   .statement = std::string(sql)});
      case Fault::lost_before:
        kill_backend(rig, connection);
        return connection.run(sql, parameters);
      case Fault::lost_after: {
        static_cast<void>(connection.run(sql, parameters));
        kill_backend(rig, connection);
        return planner::fail(lost(sql));
      }
    }
    return connection.run(sql, parameters);
  };
}

void check_complete(Rig& rig) {
  REQUIRE(rig.has_column("users", "full_name"));
  CHECK(rig.value("SELECT count(*) FROM users WHERE full_name IS DISTINCT FROM name") == "0");
  rig.exec("INSERT INTO users (id, name) VALUES (1001, 'old')");
  CHECK(rig.value("SELECT full_name FROM users WHERE id = 1001") == "old");
  const std::string prefix = rig.sqlite() ? "zdm_" : "zdm.";
  CHECK(rig.value("SELECT count(*) FROM " + prefix + "phase WHERE state = 'done'") == "3");
  CHECK(rig.value("SELECT count(*) FROM " + prefix + "step WHERE state <> 'done'") == "0");
  if (!rig.sqlite()) {
    CHECK(rig.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "0");
  }
}

/// One apply with the fault at its n-th statement, and if that ended it, a second one. False when
/// the first had fewer statements.
bool survives(Engine engine, Fault fault, int n) {
  Rig rig(engine);
  make_users(rig, 50);
  const auto file = rename_users_name(Phase::switch_);
  bool struck = false;
  strike(rig, n, fault, struck);
  auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  rig.spy->run = nullptr;
  INFO("statement " << n << ", first run: " << text_of(outcome.error));
  if (fault != Fault::refused_by_server) CHECK(!outcome.error);
  if (outcome.error) outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO("second run: " << text_of(outcome.error));
  REQUIRE(!outcome.error);
  check_complete(rig);
  return struck;
}

/// Every statement where ZDM_TEST_EVERY is 1; by default every 11th, from a different one per
/// fault.
void go_through(Engine engine, Fault fault) {
  const char* every = std::getenv("ZDM_TEST_EVERY");
  const int stride = every != nullptr ? std::max(std::atoi(every), 1) : 11;
  int n = stride == 1 ? 1 : 2 + static_cast<int>(fault);
  while (survives(engine, fault, n)) n += stride;
  CHECK(n > 100);
}

}  // namespace

TEST_CASE("an apply stopped by an error at any statement is finished by the next (PostgreSQL)",
          "[live][execute][faults]") {
  go_through(Engine::postgresql, Fault::refused_by_server);
}

TEST_CASE("an apply stopped by an error at any statement is finished by the next (SQLite)",
          "[live][execute][faults]") {
  go_through(Engine::sqlite, Fault::refused_by_server);
}

TEST_CASE("an apply carries on when its connection dies before any statement",
          "[live][execute][faults]") {
  go_through(Engine::postgresql, Fault::lost_before);
}

TEST_CASE("an apply carries on when the answer to any statement is lost",
          "[live][execute][faults]") {
  go_through(Engine::postgresql, Fault::lost_after);
}
