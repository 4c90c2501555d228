#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "bed.hpp"
#include "support/catch.hpp"
#include "support/wait.hpp"

using namespace zdm;
using namespace zdm::tests;
using namespace std::chrono_literals;
using planner::ErrorCode;

namespace {

constexpr const char* kLag =
    "SELECT coalesce(max(extract(epoch FROM replay_lag)), 0) > 0.5 FROM pg_stat_replication";

const std::vector<std::string> kSetup = {"CREATE TABLE t AS SELECT i FROM generate_series(1, 5) i",
                                         "CREATE MATERIALIZED VIEW kept AS SELECT i FROM t",
                                         "CREATE UNIQUE INDEX ON kept (i)"};

/// A primary and its standby, which can be kept from replaying.
class Pair final {
 public:
  Pair() : standby_(PostgresServer::standby_of(primary)), bed(kSetup, primary) {
    options.policies = {{.name = {"public", "kept"},
                         .every = {},
                         .after = {},
                         .max_replica_lag = 500ms,
                         .where = {}}};
    REQUIRE(eventually([&] { return replaying() == "streaming"; }));
  }

  void pause() { on_standby("SELECT pg_wal_replay_pause()"); }
  void resume() { on_standby("SELECT pg_wal_replay_resume()"); }
  /// Writes until the primary knows that the standby is behind.
  void fall_behind() {
    REQUIRE(eventually([&] {
      bed.exec("INSERT INTO t SELECT max(i) + 1 FROM t");
      return bed.value(kLag) == "t";
    }));
  }
  [[nodiscard]] bool told_of_waiting() {
    return bed.told(
        [](const auto& event) { return event.throttled.starts_with("standby standby, "); });
  }

  PostgresServer primary;

 private:
  std::string replaying() {
    return bed.value("SELECT coalesce(max(state), 'none') FROM pg_stat_replication");
  }
  void on_standby(const std::string& sql) {
    const migrations::DatabaseUrl url{migrations::Secret(standby_->url("postgres"))};
    auto connection = migrations::open(url, {});
    REQUIRE(connection);
    REQUIRE((*connection)->run(sql));
  }

  std::unique_ptr<PostgresServer> standby_;

 public:
  Bed bed;
  migrations::MatviewRefreshOptions options;
};

}  // namespace

TEST_CASE("a refresh waits while a standby is further behind than max_replica_lag",
          "[live][matviews]") {
  Pair pair;
  auto& bed = pair.bed;
  SECTION("one that is not behind keeps nobody waiting") {
    const auto outcome = bed.refresh(pair.options);
    INFO(text_of(outcome.error));
    REQUIRE(outcome.report.views.size() == 1);
    CHECK(outcome.report.views.front().state == "done");
    CHECK(outcome.report.views.front().waited_for.empty());
  }
  SECTION("and goes on once it has caught up") {
    pair.pause();
    pair.fall_behind();
    const auto before = bed.value("SELECT count(*) FROM kept");
    std::atomic<bool> ended = false;
    migrations::MatviewRefreshOutcome outcome;
    std::jthread refresh([&] {
      outcome = bed.refresh(pair.options);
      ended = true;
    });
    REQUIRE(eventually([&] { return pair.told_of_waiting(); }));
    std::this_thread::sleep_for(1500ms);
    CHECK_FALSE(ended);
    CHECK(bed.value("SELECT count(*) FROM kept") == before);
    pair.resume();
    refresh.join();
    INFO(text_of(outcome.error));
    REQUIRE(outcome.report.views.size() == 1);
    const auto& report = outcome.report.views.front();
    CHECK(report.state == "done");
    CHECK(report.waited_for.find("standby standby, ") == 0);
    CHECK(bed.value("SELECT count(*) FROM kept") == bed.value("SELECT count(*) FROM t"));
  }
  SECTION("an end asked for meanwhile ends it, with nothing changed") {
    pair.pause();
    pair.fall_behind();
    std::jthread stopper([&] {
      CHECK(eventually([&] { return pair.told_of_waiting(); }));
      bed.stop.request_stop();
    });
    const auto outcome = bed.refresh(pair.options);
    REQUIRE(outcome.error);
    CHECK(outcome.error->code == ErrorCode::interrupted);
    CHECK(bed.value("SELECT count(*) FROM kept") == "5");
    CHECK(leftovers(bed.database) == "none");
  }
}

TEST_CASE("a role that may not see the standbys is refused max_replica_lag by name",
          "[live][matviews]") {
  Pair pair;
  auto& bed = pair.bed;
  bed.exec("CREATE ROLE blind NOSUPERUSER");
  bed.exec("GRANT CREATE ON DATABASE " + bed.database.name() + " TO blind");
  bed.exec("ALTER TABLE t OWNER TO blind");
  bed.exec("GRANT CREATE ON SCHEMA public TO blind");
  bed.exec("ALTER MATERIALIZED VIEW kept OWNER TO blind");
  const auto open = bed.database.opener();
  bed.open_work =
      bed.open_control = [open]() -> migrations::Result<std::unique_ptr<migrations::Connection>> {
    ZDM_TRY(auto connection, open());
    ZDM_CHECK(connection->run("SET SESSION AUTHORIZATION blind"));
    return connection;
  };
  const auto outcome = bed.refresh(pair.options);
  REQUIRE(outcome.report.views.size() == 1);
  const auto& report = outcome.report.views.front();
  INFO(text_of(report.error));
  REQUIRE(report.error);
  CHECK(report.error->code == ErrorCode::refused);
  CHECK(report.error->message.find("max_replica_lag") == 0);
  CHECK(report.error->hint.find("pg_monitor") != std::string::npos);
  bed.exec("GRANT pg_monitor TO blind");
  const auto again = bed.refresh(pair.options);
  INFO(text_of(again.error));
  CHECK_FALSE(again.error);
}
