#include "host/host.hpp"

#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "support/catch.hpp"

namespace zdm::migrations {

using namespace std::chrono_literals;

TEST_CASE("times are written as RFC 3339 in UTC, without fractions", "[host]") {
  const auto at = [](std::chrono::system_clock::duration since) {
    return to_rfc3339(std::chrono::system_clock::time_point(since));
  };
  CHECK(at(0s) == "1970-01-01T00:00:00Z");
  CHECK(at(1795438651s) == "2026-11-23T12:57:31Z");
  CHECK(at(1795438651s + 999ms) == "2026-11-23T12:57:31Z");
  CHECK(at(951782400s) == "2000-02-29T00:00:00Z");
  CHECK(at(-1ms) == "1969-12-31T23:59:59Z");
}

TEST_CASE("a sleep ends early when a stop is asked for", "[host]") {
  RealHost host;
  std::stop_source stop;
  const auto start = host.steady();
  std::jthread asker([&] {
    std::this_thread::sleep_for(20ms);
    stop.request_stop();
  });
  host.sleep(30s, stop.get_token());
  CHECK(host.steady() - start < 10s);
  host.sleep(30s, stop.get_token());
  CHECK(host.steady() - start < 10s);
  const auto before = host.steady();
  host.sleep(20ms, {});
  CHECK(host.steady() - before >= 20ms);
}

TEST_CASE("the machine's own host knows itself", "[host]") {
  RealHost host;
  CHECK(host.pid() == getpid());
  CHECK(host.process_alive(host.pid()));
  CHECK(host.process_alive(1));
  CHECK_FALSE(host.process_alive(4'194'305));  // above the kernel's PID_MAX_LIMIT
  CHECK_FALSE(host.process_alive(0));
  CHECK_FALSE(host.hostname().empty());
  CHECK_FALSE(host.user().empty());
  CHECK_FALSE(host.environment("ZDM_SURELY_NOT_SET"));
  double sum = 0;
  for (int i = 0; i < 1000; ++i) {
    const double random = host.random();
    REQUIRE(random >= 0);
    REQUIRE(random < 1);
    sum += random;
  }
  CHECK(sum > 400);
  CHECK(sum < 600);
}

}  // namespace zdm::migrations
