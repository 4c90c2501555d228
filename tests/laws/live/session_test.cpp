// Laws 6 and 7 over a whole operation.
#include <fmt/format.h>

#include "live/execute/rig.hpp"
#include "support/catch.hpp"
#include "support/pooler.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Connection;
using migrations::Engine;
using migrations::Result;
using migrations::Rows;
using migrations::Text;
using planner::ErrorCode;
using planner::Phase;

namespace {

bool changes_something(std::string_view sql) {
  return sql.find("ALTER TABLE") != std::string_view::npos ||
         sql.find("TRIGGER") != std::string_view::npos;
}

/// The steps of a phase are in the ledger.
bool planned(Rig& rig) {
  const bool there =
      rig.sqlite() ? rig.value("SELECT count(*) FROM sqlite_schema WHERE name = 'zdm_step'") == "1"
                   : rig.value("SELECT to_regclass('zdm.step') IS NOT NULL") == "t";
  return there && rig.value(rig.sqlite() ? "SELECT count(*) FROM zdm_step"
                                         : "SELECT count(*) FROM zdm.step") != "0";
}

}  // namespace

TEST_CASE(
    "behind a transaction pooler every transaction has the settings, and no session keeps them",
    "[live][laws][law7][law6]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 20);
  Pooler pooler;
  const migrations::DatabaseUrl url{
      migrations::Secret(pooler.url(rig.value("SELECT current_database()")))};
  const migrations::Opener opener = [&] { return migrations::open(url, {}); };
  int seen = 0;
  rig.spy->run = [&](Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    if (connection.in_transaction() && changes_something(sql)) {
      const auto settings = connection.run(
          "SELECT current_setting('row_security'), current_setting('lock_timeout') <> '0', "
          "current_setting('idle_in_transaction_session_timeout') <> '0'");
      REQUIRE(settings);
      CHECK(settings->first(0) == "off");
      CHECK(settings->first(1) == "t");
      CHECK(settings->first(2) == "t");
      ++seen;
    }
    return connection.run(sql, parameters);
  };
  auto around = rig.environment();
  around.url = url;
  around.open_control = opener;
  around.open_work = [&]() -> Result<std::unique_ptr<Connection>> {
    ZDM_TRY(auto inner, opener());
    return std::unique_ptr<Connection>(new SpiedConnection(std::move(inner), rig.spy));
  };
  const auto outcome = migrations::apply(around, {rename_users_name(Phase::switch_)}, {},
                                         options_for(std::nullopt, "r1"), {});
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(seen > 0);
  // Whoever gets these sessions next finds the server's own defaults.
  std::vector<std::unique_ptr<Connection>> others;
  for (int i = 0; i < 2; ++i) {
    others.push_back(opener().value());
    REQUIRE(others.back()->pooled());
    REQUIRE(others.back()->run("BEGIN"));
    const auto settings = others.back()->run(
        "SELECT current_setting('row_security') || current_setting('lock_timeout')");
    REQUIRE(settings);
    CHECK(settings->first() == "on0");
  }
}

TEST_CASE("a zdm that lost its lease changes nothing any more", "[live][laws][law7]") {
  Rig rig(GENERATE(Engine::postgresql, Engine::sqlite));
  make_users(rig, 20);
  const std::string lease = rig.sqlite() ? "zdm_lease" : "zdm.lease";
  bool taken = false;
  rig.spy->run = [&](Connection& connection, std::string_view sql,
                     std::span<const Text> parameters) -> Result<Rows> {
    auto result = connection.run(sql, parameters);
    // The plan is stored: what comes next are the steps.
    if (!taken && result && sql == "COMMIT" && planned(rig)) {
      taken = true;
      rig.exec("UPDATE " + lease + " SET fence = fence + 1, holder = 'another'");
    }
    return result;
  };
  const auto outcome =
      rig.apply({rename_users_name(Phase::expand)}, options_for(std::nullopt, "r1"));
  CHECK(taken);
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::busy);
  CHECK(!rig.has_column("users", "full_name"));
}
