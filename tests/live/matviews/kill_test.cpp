#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bed.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using namespace zdm::tests;

namespace {

constexpr std::array kMoments = {"before", "sent", "after"};
constexpr int kKilled = 128 + 9;

/// A view with what stands on it, one that reads it, and rows that a refresh will find changed.
const std::vector<std::string> kSetup = {
    "CREATE TABLE t AS SELECT i, 0 AS x FROM generate_series(1, 200) i",
    "CREATE MATERIALIZED VIEW \"V 1\" AS SELECT i, x FROM t",
    "CREATE UNIQUE INDEX \"V 1 key\" ON \"V 1\" (i)",
    "CREATE INDEX second ON \"V 1\" (x)",
    "CREATE VIEW over AS SELECT sum(x) AS x FROM \"V 1\"",
    "CREATE MATERIALIZED VIEW along AS SELECT max(x) AS x FROM \"V 1\"",
    "CREATE UNIQUE INDEX along_key ON along (x)",
    "UPDATE t SET x = 1"};

class Runs final {
 public:
  explicit Runs(std::vector<std::string> words) : words_(std::move(words)) {
    path_ = (std::filesystem::temp_directory_path() / "zdm-mv-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  }
  Runs(const Runs&) = delete;
  Runs& operator=(const Runs&) = delete;
  ~Runs() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] Finished run(const Database& database, const std::string& variable,
                             const std::string& value) const {
    Command command{.words = {ZDM_PROGRAM, "--config", "none", "matview", "refresh"},
                    .directory = path_,
                    .environment = {{"DATABASE_URL", database.url().text.reveal()}},
                    .input = {}};
    command.words.insert(command.words.end(), words_.begin(), words_.end());
    if (!variable.empty()) command.environment[variable] = value;
    return zdm::tests::run(command);
  }
  [[nodiscard]] int statements(const Database& database) const {
    const auto done = run(database, "ZDM_COUNT_STATEMENTS", path_ + "/count");
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    int count = 0;
    std::ifstream(path_ + "/count") >> count;
    return count;
  }

 private:
  std::vector<std::string> words_;
  std::string path_;
};

void check_whole(Bed& bed) {
  CHECK(bed.value("SELECT string_agg(relname || relkind::text, ' ' ORDER BY relname) FROM pg_class "
                  "WHERE relnamespace = 'public'::regnamespace") ==
        "V 1m V 1 keyi alongm along_keyi overv secondi tr");
  CHECK(bed.value("SELECT count(*) || ' ' || sum(x) FROM \"V 1\"") == "200 200");
  CHECK(bed.value("SELECT x FROM over") == "200");
  CHECK(bed.value("SELECT x FROM along") == "1");
  CHECK(bed.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "0");
  CHECK(leftovers(bed.database) == "none");
}

/// Killed at every 9th statement, at moments that take turns; with ZDM_FAULTS=full at every one, at
/// each moment.
void kill_everywhere(const std::vector<std::string>& words) {
  const Runs runs(words);
  Bed counted(kSetup);
  const int statements = runs.statements(counted.database);
  CHECK(statements > 15);
  const char* given = std::getenv("ZDM_FAULTS");
  const bool full = given != nullptr && std::string(given) == "full";
  for (int n = 1; n <= statements; n += full ? 1 : 9) {
    for (int turn = 0; turn < (full ? 3 : 1); ++turn) {
      const auto at =
          fmt::format("{}:{}", n, kMoments.at(static_cast<std::size_t>(n / 9 + turn) % 3));
      Bed bed(kSetup);
      const auto killed = runs.run(bed.database, "ZDM_TEST_KILL_AT", at);
      INFO("killed at " << at << " of " << statements << ": " << killed.err);
      CHECK(killed.code == kKilled);
      // A reader always finds one view, whole: the old content or the new.
      CHECK(bed.value("SELECT count(*) FROM \"V 1\"") == "200");
      CHECK(bed.value("SELECT x IN (0, 200) FROM over") == "t");
      const auto again = runs.run(bed.database, "", "");
      INFO("the second run: " << again.out << again.err);
      REQUIRE(again.code == 0);
      check_whole(bed);
    }
  }
}

}  // namespace

TEST_CASE(
    "kill -9 at every statement of a swap, then the same command: one view, right, no leftover",
    "[live][matviews][faults]") {
  kill_everywhere({"--method", "swap"});
}

TEST_CASE("kill -9 at every statement of a concurrent refresh, then the same command",
          "[live][matviews][faults]") {
  kill_everywhere({});
}
