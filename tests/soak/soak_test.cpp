#include <unistd.h>

#include <fmt/format.h>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/process.hpp"
#include "writers.hpp"

namespace zdm::tests {

namespace {

using Release = Writers::Release;

std::int64_t setting(const char* name, std::int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

/// A project folder with one migration, and the program run in it as a deploy would.
class Project final {
 public:
  explicit Project(const TestDatabase& database) : url_(database.url().text.reveal()) {
    static int number = 0;
    folder_ = std::filesystem::temp_directory_path() /
              fmt::format("zdm-soak-{}-{}", ::getpid(), ++number);
    std::filesystem::create_directories(folder_ / "migrations");
    std::ofstream(folder_ / "zdm.toml") << "[database]\nurl = \"${DATABASE_URL}\"\n";
    std::ofstream(folder_ / "migrations" / "0001_full_name.toml")
        << "phase = \"contract\"\n[[change]]\nkind = \"rename_column\"\ntable = \"users\"\n"
           "from = \"name\"\nto = \"full_name\"\n";
  }
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;
  ~Project() { std::filesystem::remove_all(folder_); }

  std::string zdm(std::vector<std::string> words) const {
    words.insert(words.begin(), ZDM_PROGRAM);
    Process process({.words = words,
                     .directory = folder_.string(),
                     .environment = {{"DATABASE_URL", url_}},
                     .input = {}});
    const auto finished = process.wait(std::chrono::minutes(10));
    INFO(fmt::format("{}", fmt::join(words, " ")));
    INFO(finished.out);
    INFO(finished.err);
    REQUIRE(finished.code == 0);
    return finished.out;
  }
  void apply(const std::string& phase, const std::string& release) const {
    zdm({"apply", "--phase", phase, "--release", release, "--yes"});
  }
  void again(const std::string& phase, const std::string& release) const {
    zdm({"apply", "--phase", phase, "--release", release, "--resume", "0001_full_name"});
  }
  void rollback() const { zdm({"rollback", "--allow", "live-readers"}); }

 private:
  std::string url_;
  std::filesystem::path folder_;
};

void fill(TestDatabase& database, std::int64_t rows) {
  database.exec(
      "CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, "
      "visits integer NOT NULL DEFAULT 0)");
  database.exec("CREATE INDEX users_name_idx ON users (name)");
  database.exec("CREATE TABLE twin (id bigint PRIMARY KEY, value text NOT NULL)");
  database.exec(fmt::format(
      "INSERT INTO users (name) SELECT 'first-' || i FROM generate_series(1, {}) AS i", rows));
  database.exec("INSERT INTO twin SELECT id, name FROM users");
}

void wait_for_writers() {
  std::this_thread::sleep_for(std::chrono::milliseconds(setting("ZDM_SOAK_SECONDS", 4) * 1000 / 6));
}

void require_no_failure(const Writers& writers) {
  for (const auto& failure : writers.failures()) FAIL_CHECK(failure);
  CHECK(writers.transactions() > 0);
}

void require_equal(TestDatabase& database, const std::string& column) {
  CHECK(database.value(fmt::format("SELECT count(*) FROM users FULL JOIN twin USING (id) "
                                   "WHERE users.{} IS DISTINCT FROM twin.value",
                                   column)) == "0");
}

void require_verified(const Project& project) {
  const auto report = nlohmann::json::parse(project.zdm({"verify", "--format", "json"}));
  CHECK(report["migrations"][0]["differing"] == 0);
}

}  // namespace

TEST_CASE("writers of both releases go on through all four phases", "[soak]") {
  TestDatabase database;
  const auto rows = setting("ZDM_SOAK_ROWS", 20'000);
  fill(database, rows);
  const Project project(database);
  Writers writers(database, rows);
  writers.start(Release::old_one, 2);
  wait_for_writers();
  project.apply("expand", "2");
  wait_for_writers();
  project.apply("backfill", "2");
  wait_for_writers();
  project.apply("switch", "2");
  writers.start(Release::new_one, 2);
  wait_for_writers();
  require_verified(project);
  writers.stop(Release::old_one);
  project.zdm({"release", "live", "2"});
  project.apply("contract", "3");
  wait_for_writers();
  writers.stop();
  require_no_failure(writers);
  require_equal(database, "full_name");
}

TEST_CASE("writers go on through a rollback at every phase", "[soak]") {
  TestDatabase database;
  const auto rows = setting("ZDM_SOAK_ROWS", 20'000);
  fill(database, rows);
  const Project project(database);
  Writers writers(database, rows);
  writers.start(Release::old_one, 2);
  project.apply("expand", "2");
  wait_for_writers();
  project.rollback();
  project.again("expand", "2");
  project.apply("backfill", "2");
  wait_for_writers();
  project.rollback();
  wait_for_writers();
  project.again("backfill", "2");
  project.apply("switch", "2");
  writers.start(Release::new_one, 2);
  wait_for_writers();
  writers.stop(Release::new_one);
  require_verified(project);
  project.rollback();
  wait_for_writers();
  require_verified(project);
  project.again("switch", "3");
  writers.start(Release::new_one, 2);
  wait_for_writers();
  require_verified(project);
  writers.stop(Release::old_one);
  project.zdm({"release", "live", "3"});
  project.apply("contract", "4");
  wait_for_writers();
  writers.stop();
  require_no_failure(writers);
  require_equal(database, "full_name");
}

}  // namespace zdm::tests
