#include "ledger/lease.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <latch>
#include <thread>

#include "ledger/ledger.hpp"
#include "ledger/schema.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"
#include "support/pooler.hpp"
#include "support/wait.hpp"

namespace zdm::migrations {
namespace {

using namespace std::chrono_literals;
using tests::make_database;

/// A host that is the machine's own but for its name and pid.
class OtherHost final : public Host {
 public:
  OtherHost(std::string name, std::int64_t pid) : name_(std::move(name)), pid_(pid) {}
  [[nodiscard]] std::chrono::system_clock::time_point now() const override { return real_.now(); }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
    return real_.steady();
  }
  void sleep(std::chrono::nanoseconds duration, const std::stop_token& stop) override {
    real_.sleep(duration, stop);
  }
  [[nodiscard]] std::optional<std::string> environment(const std::string& name) const override {
    return real_.environment(name);
  }
  [[nodiscard]] std::string hostname() const override { return name_; }
  [[nodiscard]] std::string user() const override { return real_.user(); }
  [[nodiscard]] std::int64_t pid() const override { return pid_; }
  [[nodiscard]] bool process_alive(std::int64_t pid) const override {
    return real_.process_alive(pid);
  }
  [[nodiscard]] double random() override { return real_.random(); }

 private:
  RealHost real_;
  std::string name_;
  std::int64_t pid_;
};

/// One zdm: two connections, and the lease once it has it.
struct Worker {
  explicit Worker(const Opener& opener) : control(opener().value()), work(opener().value()) {}

  Result<Lease> take(std::chrono::milliseconds lapse = 30s, std::chrono::milliseconds orphan = 10s,
                     const std::string& holder = "zdm 0.1.0 apply by deploy") {
    auto taken = take_lease(*control, *work, host,
                            {.target = "", .holder = holder, .lapse = lapse, .orphan = orphan});
    if (taken) {
      lease = *taken;
    }
    return taken;
  }

  RealHost host;
  std::unique_ptr<Connection> control;
  std::unique_ptr<Connection> work;
  Lease lease;
};

struct Fixture {
  explicit Fixture(Engine engine) : database(make_database(engine)) {
    auto connection = database->connect();
    REQUIRE(Ledger("", "0.1.0").ensure(*connection));
  }
  [[nodiscard]] Worker worker() const { return Worker(database->opener()); }
  void age(const std::string& seconds) const {
    database->exec(
        database->engine() == Engine::postgresql
            ? "UPDATE zdm.lease SET heartbeat = heartbeat - " + seconds + " * interval '1 second'"
            : "UPDATE zdm_lease SET heartbeat = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-" +
                  seconds + " seconds')");
  }
  void terminate(const Connection& connection) const {
    static_cast<void>(database->value("SELECT pg_terminate_backend(" +
                                      std::to_string(connection.backend_pid()) + ")"));
    while (database->value("SELECT count(*) FROM pg_stat_activity WHERE pid = " +
                           std::to_string(connection.backend_pid())) != "0") {
      std::this_thread::sleep_for(5ms);
    }
  }
  std::unique_ptr<tests::Database> database;
};

void begin(Connection& connection) {
  REQUIRE(connection.run("BEGIN"));
}

/// A statement that runs until it is cancelled, at work when this returns; the sqlstate it ended
/// with.
std::future<std::string> work_hard(tests::Database& database, Connection& connection) {
  auto running = std::async(std::launch::async, [&connection] {
    const auto slept = connection.run("SELECT pg_sleep(600)");
    return slept ? std::string("done") : slept.error().sqlstate;
  });
  REQUIRE(tests::eventually([&] {
    return database.value(
               "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' "
               "AND pid = " +
               std::to_string(connection.backend_pid())) == "1";
  }));
  return running;
}

}  // namespace

TEST_CASE("the fence grows with every taking", "[live][lease]") {
  const Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  Worker one = with.worker();
  REQUIRE(one.take());
  CHECK(one.lease.fence == 1);
  REQUIRE(heartbeat(*one.control, one.lease));
  REQUIRE(check_fence(*one.work, one.lease));
  REQUIRE(lease_backends(*one.control, *one.work, one.lease));
  REQUIRE(release_lease(*one.control, one.lease));
  CHECK_FALSE(check_fence(*one.work, one.lease));
  Worker two = with.worker();
  REQUIRE(two.take());
  CHECK(two.lease.fence == 2);
  REQUIRE(release_lease(*one.control, one.lease));  // not its own any more
  CHECK(check_fence(*two.work, two.lease));
}

TEST_CASE("who is at work is named to the one that comes second", "[live][lease]") {
  const Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  Worker one = with.worker();
  REQUIRE(one.take());
  Worker two = with.worker();
  const auto refused = two.take();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::busy);
  CHECK(refused.error().message.find("zdm 0.1.0 apply by deploy on " + one.host.hostname() +
                                     " (pid " + std::to_string(one.host.pid()) + "), heartbeat ") !=
        std::string::npos);
}

TEST_CASE("targets have leases of their own", "[live][lease]") {
  const Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  Worker one = with.worker();
  REQUIRE(one.take());
  Worker two = with.worker();
  REQUIRE(take_lease(*two.control, *two.work, two.host, {.target = "b", .holder = "zdm"}));
}

TEST_CASE("what one scope's holder does leaves the leases of the others alone", "[live][lease]") {
  const Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  Worker migrating = with.worker();
  REQUIRE(migrating.take());
  Worker rotating = with.worker();
  const LeaseRequest request{
      .target = "", .scope = LeaseScope::partitions, .holder = "zdm 0.1.0 rotate by cron"};
  auto rotation = take_lease(*rotating.control, *rotating.work, rotating.host, request);
  REQUIRE(rotation);
  Worker second = with.worker();
  const auto refused = take_lease(*second.control, *second.work, second.host, request);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("rotate by cron") != std::string::npos);
  REQUIRE(heartbeat(*rotating.control, *rotation));
  REQUIRE(lease_backends(*rotating.control, *rotating.work, *rotation));
  REQUIRE(release_lease(*migrating.control, migrating.lease));
  CHECK_FALSE(check_fence(*migrating.work, migrating.lease));
  CHECK(check_fence(*rotating.work, *rotation));
}

TEST_CASE("of many that come at once exactly one gets the lease", "[live][lease]") {
  const Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  constexpr int kTakers = 6;
  for (int round = 0; round < 3; ++round) {
    std::deque<Worker> workers;
    for (int i = 0; i < kTakers; ++i) {
      workers.emplace_back(with.database->opener());
    }
    std::atomic<int> got = 0;
    std::latch ready(kTakers);
    {
      std::vector<std::jthread> threads;
      for (Worker& worker : workers) {
        threads.emplace_back([&] {
          ready.arrive_and_wait();
          got += worker.take() ? 1 : 0;
        });
      }
    }
    CHECK(got == 1);
    for (Worker& worker : workers) {
      if (worker.lease.fence != 0) {
        REQUIRE(release_lease(*worker.control, worker.lease));
      }
    }
  }
}

TEST_CASE("a holder whose backends are gone is dead at once", "[live][lease]") {
  const Fixture with(Engine::postgresql);
  Worker one = with.worker();
  REQUIRE(one.take());
  with.terminate(*one.control);
  with.terminate(*one.work);
  Worker two = with.worker();
  REQUIRE(two.take(1h, 1h));  // waits for neither
}

TEST_CASE("backends that end a moment after their process was killed are waited for",
          "[live][lease]") {
  const Fixture with(Engine::postgresql);
  Worker one = with.worker();
  REQUIRE(one.take());
  const std::jthread ends([&] {
    std::this_thread::sleep_for(50ms);
    with.terminate(*one.control);
    with.terminate(*one.work);
  });
  REQUIRE(with.worker().take(1h, 1h));
}

TEST_CASE("a backend with the holder's pid that began later is not the holder", "[live][lease]") {
  const Fixture with(Engine::postgresql);
  Worker one = with.worker();
  REQUIRE(one.take());
  with.database->exec(
      "UPDATE zdm.lease SET work_start = work_start - interval '1 day', "
      "control_start = control_start - interval '1 day'");
  begin(*one.work);  // a stranger's, as far as the lease can tell: nobody may end it
  CHECK(with.worker().take(1h, 0ms));
  CHECK(one.work->run("COMMIT"));
}

TEST_CASE("the orphaned backend of a dead holder is cancelled first", "[live][lease]") {
  const Fixture with(Engine::postgresql);
  Worker one = with.worker();
  REQUIRE(one.take());
  auto working = work_hard(*with.database, *one.work);
  with.terminate(*one.control);
  SECTION("once it was alone for long enough") {
    auto taking = std::async(std::launch::async, [&] { return with.worker().take(1h, 300ms); });
    CHECK(taking.get());
    CHECK(working.wait_for(60s) == std::future_status::ready);
    one.work->cancel();  // had it not ended, it would go on for ten minutes
    CHECK(working.get() == "57014");
  }
  SECTION("but not while the holder may be connecting again") {
    auto taking = std::async(std::launch::async, [&] { return with.worker().take(1h, 2min); });
    std::this_thread::sleep_for(500ms);
    one.control = with.database->connect();
    REQUIRE(heartbeat(*one.control, one.lease));
    const auto refused = taking.get();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::busy);
    CHECK(working.wait_for(0s) == std::future_status::timeout);
    one.work->cancel();
  }
}

TEST_CASE("after kill -9 in the middle of a statement the lease is taken once it is cancelled",
          "[live][lease]") {
  const Fixture with(Engine::postgresql);
  const pid_t child = fork();
  if (child == 0) {
    Worker victim = with.worker();
    static_cast<void>(victim.take());
    static_cast<void>(victim.work->run("SELECT pg_sleep(600)"));
    _exit(0);
  }
  const std::string sleeping =
      "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND "
      "query = 'SELECT pg_sleep(600)'";
  while (with.database->value(sleeping) == "0") {
    std::this_thread::sleep_for(10ms);
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  Worker next = with.worker();
  REQUIRE(next.take(1h, 1s));
  CHECK(next.lease.fence == 2);
  CHECK(with.database->value(sleeping) == "0");
}

TEST_CASE("a paused holder loses the lease after the lapse, and writes nothing when it wakes",
          "[live][lease]") {
  const Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  Worker one = with.worker();
  REQUIRE(one.take());
  Worker two = with.worker();
  with.age("10");
  CHECK_FALSE(two.take());
  with.age("31");
  REQUIRE(two.take());
  CHECK(two.lease.fence == one.lease.fence + 1);

  for (const auto& woken : {check_fence(*one.work, one.lease), heartbeat(*one.control, one.lease),
                            lease_backends(*one.control, *one.work, one.lease)}) {
    REQUIRE_FALSE(woken);
    CHECK(woken.error().code == ErrorCode::busy);
    CHECK(woken.error().sqlstate.empty());
  }
  CHECK(check_fence(*two.work, two.lease));
}

TEST_CASE("a holder paused within a transaction is ended before the lease is taken",
          "[live][lease]") {
  const Fixture with(Engine::postgresql);
  with.database->exec("CREATE TABLE t (x int)");
  Worker one = with.worker();
  REQUIRE(one.take());
  begin(*one.work);
  REQUIRE(check_fence(*one.work, one.lease));
  REQUIRE(one.work->run("INSERT INTO t VALUES (1)"));
  with.age("60");
  REQUIRE(with.worker().take());
  CHECK_FALSE(one.work->run("COMMIT"));
  CHECK(with.database->value("SELECT count(*) FROM t") == "0");
}

TEST_CASE("a transaction that checked the fence keeps the lease, and heartbeats pass it",
          "[live][lease]") {
  const Fixture with(Engine::postgresql);
  Worker one = with.worker();
  REQUIRE(one.take());
  begin(*one.work);
  REQUIRE(check_fence(*one.work, one.lease));
  REQUIRE(heartbeat(*one.control, one.lease));
  // The row says nobody has it, and still it cannot be had before the transaction ends.
  REQUIRE(release_lease(*one.control, one.lease));
  auto taking = std::async(std::launch::async, [&] { return with.worker().take(); });
  CHECK(taking.wait_for(1s) == std::future_status::timeout);
  REQUIRE(one.work->run("COMMIT"));
  CHECK(taking.get());
}

TEST_CASE(
    "on SQLite a process of this host that is gone is dead at once, one of another host "
    "after the lapse",
    "[live][lease]") {
  const Fixture with(Engine::sqlite);
  constexpr std::int64_t kNoProcess = 4'194'305;  // above the kernel's PID_MAX_LIMIT
  Worker one = with.worker();
  OtherHost host(one.host.hostname(), kNoProcess);
  OtherHost far("far", kNoProcess);
  const LeaseRequest request{.target = "", .holder = "zdm"};
  REQUIRE(take_lease(*one.control, *one.work, host, request));
  REQUIRE(one.take());
  with.age("31");
  REQUIRE(take_lease(*one.control, *one.work, far, request));
  CHECK_FALSE(with.worker().take());
  with.age("31");
  CHECK(with.worker().take());
}

TEST_CASE("behind a pooler the lease is held until its heartbeat lapses", "[live][lease][pooler]") {
  tests::TestDatabase database;
  REQUIRE(Ledger("", "0.1.0").ensure(*database.connect()));
  tests::Pooler pooler(tests::PostgresServer::shared(), 4);
  const DatabaseUrl url{Secret(pooler.url(database.name()))};
  const Opener opener = [&] { return open(url, {}); };
  Worker one(opener);
  REQUIRE(one.work->pooled());
  REQUIRE(one.take());
  REQUIRE(heartbeat(*one.control, one.lease));
  CHECK(database.value("SELECT pooled::text || coalesce(work_pid, 0) FROM zdm.lease") == "true0");
  begin(*one.work);
  CHECK(check_fence(*one.work, one.lease));
  REQUIRE(one.work->run("COMMIT"));
  Worker two(opener);
  CHECK_FALSE(two.take());
  CHECK(two.take(0ms));
  CHECK_FALSE(heartbeat(*one.control, one.lease));
}

}  // namespace zdm::migrations
