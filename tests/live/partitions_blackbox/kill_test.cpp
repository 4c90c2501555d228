#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "stand.hpp"
#include "support/catch.hpp"

// The program, killed at each of its statements: before it is sent, once it is sent, and once its
// answer was read by nobody. Then the same command. ctest takes a sample of the points;
// ZDM_FAULTS=full takes all.

namespace zdm::tests {
namespace {

struct Scene {
  std::string name;
  std::string setup;   ///< after make_months(-6, 0)
  std::string policy;  ///< besides column and interval
};

const std::vector<Scene>& scenes() {
  static const std::vector<Scene> all = {
      {.name = "create and drop",
       .setup = "GRANT SELECT, INSERT ON events TO pg_monitor; ALTER TABLE events ENABLE ROW LEVEL "
                "SECURITY",
       .policy = "ahead = 2\nkeep = \"3 months\"\nexpire = \"drop\"\n"},
      {.name = "create and detach",
       .setup = "ALTER TABLE events REPLICA IDENTITY FULL",
       .policy = "ahead = 2\nkeep = \"4 months\"\nexpire = \"detach\"\n"},
      {.name = "create and archive",
       .setup = "CREATE SCHEMA attic",
       .policy = "ahead = 1\nkeep = \"4 months\"\nexpire = \"archive\"\nschema = \"attic\"\n"},
      {.name = "beside a default partition",
       .setup = "CREATE TABLE events_rest PARTITION OF events DEFAULT; INSERT INTO events "
                "(occurred_at, note) VALUES ('1999-01-01', 'old')",
       .policy = "ahead = 1\nkeep = \"5 months\"\nexpire = \"drop\"\n"},
      {.name = "with foreign keys out and in",
       .setup = "CREATE TABLE kind (id int PRIMARY KEY); INSERT INTO kind VALUES (1);"
                "ALTER TABLE events ADD kind int REFERENCES kind;"
                "CREATE TABLE mark (event_id bigint, event_at timestamptz, "
                "FOREIGN KEY (event_id, event_at) REFERENCES events (id, occurred_at));"
                "CREATE INDEX ON mark (event_id, event_at)",
       .policy = "ahead = 1\nkeep = \"5 months\"\nexpire = \"drop\"\n"}};
  return all;
}

class Trial final {
 public:
  explicit Trial(const Scene& scene) {
    auto& database = stand_.database;
    make_months(database, -6, 0);
    database.exec(scene.setup);
    stand_.policy(
        "[partition.\"public.events\"]\ncolumn = \"occurred_at\"\n"
        "interval = \"1 month\"\n" +
        scene.policy);
    kept_ = kept();
  }
  Finished rotate() { return stand_.rotate(); }

  Finished killed(const std::string& point) {
    stand_.environment["ZDM_TEST_KILL_AT"] = point;
    auto finished = stand_.rotate();
    stand_.environment.erase("ZDM_TEST_KILL_AT");
    return finished;
  }

  int count() {
    const auto file = stand_.box.path("statements");
    stand_.environment["ZDM_COUNT_STATEMENTS"] = file;
    const auto finished = stand_.rotate();
    stand_.environment.erase("ZDM_COUNT_STATEMENTS");
    INFO(finished.out << finished.err);
    REQUIRE(finished.code == 0);
    int statements = 0;
    std::ifstream(file) >> statements;
    return statements;
  }

  std::vector<std::string> state() { return state_of(stand_.database); }

  /// Rows that no policy retires are seen at every moment.
  bool all_rows_seen() { return kept() == kept_; }

 private:
  std::string kept() {
    return stand_.database.value(
        "SELECT count(*) FROM events WHERE occurred_at >= date_trunc('month', now()) - interval "
        "'2 months'");
  }

  Stand stand_;
  std::string kept_;
};

void kill_at(const Scene& scene, const std::string& point, const std::vector<std::string>& wanted) {
  INFO(scene.name << ", killed at " << point);
  Trial trial(scene);
  const auto killed = trial.killed(point);
  INFO(killed.out << killed.err);
  CHECK(killed.code == 128 + 9);
  CHECK(trial.all_rows_seen());
  const auto again = trial.rotate();
  INFO(again.out << again.err);
  CHECK(again.code == 0);
  CHECK(trial.state() == wanted);
}

void kill_everywhere(const Scene& scene) {
  Trial whole(scene);
  const int statements = whole.count();
  const auto wanted = whole.state();
  REQUIRE(whole.rotate().code == 0);
  CHECK(whole.state() == wanted);  // a second run has nothing to do
  const char* form = std::getenv("ZDM_FAULTS");
  const bool full = form != nullptr && std::string(form) == "full";
  constexpr int kSample = 4;
  const int points = 3 * statements;
  const int stride = full ? 1 : std::max(1, points / kSample);
  int tried = 0;
  for (int i = stride / 2; i < points; i += stride, ++tried) {
    constexpr std::array kMoments = {"before", "sent", "after"};
    kill_at(scene, fmt::format("{}:{}", i / 3 + 1, kMoments[static_cast<std::size_t>(i) % 3]),
            wanted);
  }
  std::cout << fmt::format("{}: {} statements, killed at {} of {} points\n", scene.name, statements,
                           tried, points)
            << std::flush;
}

}  // namespace

TEST_CASE("a rotation killed at any statement is finished by the same command",
          "[live][partitions][faults]") {
  for (const auto& scene : scenes()) kill_everywhere(scene);
}

}  // namespace zdm::tests
