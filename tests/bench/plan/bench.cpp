// zdm plan of twenty changes: without a database, in one that has their tables alone, and in one
// with many others, whose catalog nothing may read from end to end.
//
//   zdm_bench_plan [tables] [runs]          default 100000 21
//
// Medians of whole processes, the three kinds of plan in turns; zdm --version is what a process
// costs.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/database.hpp"
#include "support/process.hpp"

using namespace zdm::tests;

namespace {

std::string change_of(int table) {
  const auto on = [&](const char* kind) {
    return fmt::format("[[change]]\nkind = \"{}\"\ntable = \"t{}\"\n", kind, table);
  };
  if (table <= 8) return on("rename_column") + "from = \"name\"\nto = \"full_name\"\n";
  if (table <= 12) {
    return on("change_column") +
           "column = \"age\"\ntype = \"bigint\"\nup = \"age\"\ndown = \"age\"\n";
  }
  if (table <= 16) {
    return on("split_column") +
           "column = \"name\"\nto = ["
           "{name = \"given\", type = \"text\", up = \"split_part(name, ' ', 1)\"}, "
           "{name = \"family\", type = \"text\", up = \"split_part(name, ' ', 2)\"}]\n"
           "down = \"given || ' ' || family\"\n";
  }
  if (table <= 18) return on("set_not_null") + "column = \"note\"\nup = \"'none'\"\n";
  return on("add_column") + "name = \"seen\"\ntype = \"text\"\n";
}

void create_tables(TestDatabase& database, int count) {
  constexpr int kAtATime = 2000;  // the server's lock table holds no more
  for (int first = 1; first <= count; first += kAtATime) {
    database.exec(
        fmt::format("DO $$ BEGIN FOR i IN {}..{} LOOP EXECUTE format('CREATE TABLE t%s "
                    "(id bigint, name varchar(40), age int, note text)', i); END LOOP; END $$",
                    first, std::min(first + kAtATime - 1, count)));
  }
  database.exec("VACUUM ANALYZE");
}

class Subject final {
 public:
  Subject(std::string name, std::vector<std::string> words, std::string directory)
      : name_(std::move(name)),
        command_{.words = std::move(words),
                 .directory = std::move(directory),
                 .environment = {},
                 .input = {},
                 .terminal = false} {}

  void run() {
    const auto start = std::chrono::steady_clock::now();
    const auto done = zdm::tests::run(command_);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    if (done.code != 0) {
      fmt::print(stderr, "{}: {}{}", name_, done.out, done.err);
      std::exit(1);
    }
    took_.push_back(took.count());
  }

  [[nodiscard]] double median() {
    std::ranges::sort(took_);
    return took_[took_.size() / 2];
  }
  void print(double baseline) {
    fmt::print("{:34} {:6.1f} ms median, {:6.1f} worst, {:4.2f} times\n", name_, median(),
               took_.back(), median() / baseline);
  }

 private:
  std::string name_;
  Command command_;
  std::vector<double> took_;
};

}  // namespace

int main(int argc, char** argv) {
  const int tables = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const int runs = argc > 2 ? std::max(std::atoi(argv[2]), 1) : 21;
  constexpr int kChanges = 20;

  const auto folder =
      std::filesystem::temp_directory_path() / fmt::format("zdm_bench_plan_{}", getpid());
  std::filesystem::create_directories(folder / "migrations");
  std::ofstream(folder / "zdm.toml") << "[migrations]\ndir = \"migrations\"\n";
  {
    std::ofstream file(folder / "migrations" / "0001_twenty.toml");
    file << "phase = \"expand\"\n";
    for (int table = 1; table <= kChanges; ++table) file << change_of(table);
  }
  TestDatabase few;
  create_tables(few, kChanges);
  TestDatabase many;
  create_tables(many, std::max(tables, kChanges));

  const auto plan = [&](std::string name, std::string database) {
    return Subject(std::move(name), {ZDM_PROGRAM, "plan", "--database", std::move(database)},
                   folder);
  };
  std::vector<Subject> subjects = {
      Subject("zdm --version", {ZDM_PROGRAM, "--version"}, folder),
      plan("plan without a database", "none"),
      plan("plan, the tables alone", few.url().text.reveal()),
      plan(fmt::format("plan among {} tables", tables), many.url().text.reveal())};
  for (int i = 0; i < runs; ++i) {
    for (Subject& subject : subjects) subject.run();
  }
  const double baseline = subjects[2].median();
  for (Subject& subject : subjects) subject.print(baseline);
  std::filesystem::remove_all(folder);
}
