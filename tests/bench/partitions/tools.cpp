#include "tools.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "support/process.hpp"

namespace zdm::tests {
namespace {

constexpr int kKept = 10;

/// Days of partitions before and after today.
int before(Task task) {
  return task == Task::retire ? kKept + kPartitions : 1;
}

void make_table(Database& database, int indexes) {
  database.exec(fmt::format(R"sql(
    SET TimeZone = 'UTC';
    CREATE TABLE events (
      id bigint GENERATED ALWAYS AS IDENTITY,
      occurred_at timestamptz NOT NULL DEFAULT now(),
      note text{}
    ) PARTITION BY RANGE (occurred_at))sql",
                            indexes >= 3 ? ", PRIMARY KEY (id, occurred_at, note)" : ""));
  if (indexes >= 1) database.exec("CREATE INDEX ON events (occurred_at)");
  if (indexes >= 3) database.exec("CREATE INDEX ON events (note)");
}

class Partman final : public Tool {
 public:
  [[nodiscard]] std::string name() const override { return "pg_partman"; }

  void prepare(Database& database, Task task, int indexes) override {
    make_table(database, indexes);
    database.exec(fmt::format(R"sql(
      CREATE SCHEMA partman;
      CREATE EXTENSION pg_partman SCHEMA partman;
      SELECT partman.create_parent('public.events', 'occurred_at', 'native', 'daily',
        p_premake := 1, p_start_partition := (current_date - {})::text))sql",
                              before(task)));
    database.exec(fmt::format(
        "UPDATE partman.part_config SET infinite_time_partitions = true, {}",
        task == Task::create
            ? fmt::format("premake = {}", kPartitions + 1)
            : fmt::format("retention = '{} days', retention_keep_table = false", kKept)));
  }

  void run(Database& database) override {
    const auto finished = tests::run(
        {.words = {"/usr/bin/env", "psql", "-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1",
                   "-d", std::string(database.url().text.reveal()), "-c",
                   "SELECT partman.run_maintenance('public.events', p_analyze := false)"},
         .directory = std::filesystem::temp_directory_path(),
         .environment = {},
         .input = {}});
    if (finished.code != 0) throw std::runtime_error("psql: " + finished.out + finished.err);
  }
};

class Own final : public Tool {
 public:
  Own() {
    folder_ = (std::filesystem::temp_directory_path() / "zdm-bench-XXXXXX").string();
    if (::mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  }
  ~Own() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string name() const override { return "zdm"; }

  void prepare(Database& database, Task task, int indexes) override {
    make_table(database, indexes);
    database.exec(fmt::format(R"sql(
      DO $$ BEGIN
        FOR i IN -{}..1 LOOP
          EXECUTE format('CREATE TABLE events_%s PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
                         to_char(current_date + i, 'YYYYMMDD'), current_date + i,
                         current_date + i + 1);
        END LOOP;
      END $$)sql",
                              before(task)));
    policy("ahead = 1\n");
    run(database);  // with nothing to do: the ledger is there, as pg_partman's extension is
    policy(task == Task::create ? fmt::format("ahead = {}\n", kPartitions + 1)
                                : fmt::format("ahead = 1\nkeep = \"{} days\"\n", kKept));
  }

  void run(Database& database) override {
    const auto finished =
        tests::run({.words = {ZDM_PROGRAM, "partition", "rotate", "--yes", "-q"},
                    .directory = folder_,
                    .environment = {{"DATABASE_URL", database.url().text.reveal()}},
                    .input = {}});
    if (finished.code != 0) throw std::runtime_error("zdm: " + finished.out + finished.err);
  }

 private:
  void policy(const std::string& keys) {
    std::ofstream(folder_ + "/zdm.toml")
        << "[database]\nurl = \"${DATABASE_URL}\"\n[partition.\"public.events\"]\n"
           "column = \"occurred_at\"\ninterval = \"1 day\"\n"
        << keys;
  }

  std::string folder_;
};

}  // namespace

std::unique_ptr<Tool> pg_partman() {
  return std::make_unique<Partman>();
}

std::unique_ptr<Tool> own() {
  return std::make_unique<Own>();
}

}  // namespace zdm::tests
