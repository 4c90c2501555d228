#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "subject.hpp"
#include "support/catch.hpp"
#include "support/snapshot.hpp"
#include "words.hpp"

using namespace zdm::tests;
using zdm::migrations::Engine;

namespace {

/// Rows that note each time they are written: none may be filled twice.
Case audited() {
  return {.name = "rename_column, every fill noted",
          .engines = kPostgres,
          .setup = {"CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL)",
                    "CREATE TABLE audit (id integer)",
                    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN INSERT INTO audit VALUES (NEW.id); RETURN NULL; END $$",
                    "CREATE TRIGGER noted AFTER UPDATE ON users FOR EACH ROW "
                    "EXECUTE FUNCTION note()",
                    "INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 40) i"},
          .migrations = {rename("users", "name", "full_name") + "user_triggers = 'fire'\n"},
          .old_writes = {},
          .new_writes = {},
          .repaired = {}};
}

struct Subject {
  Case what;
  Engine engine;
};

/// One of each sort of recipe.
std::vector<Subject> subjects() {
  constexpr std::array kPostgresNames = {"rename_column with unique constraints",
                                         "rename_column that references",
                                         "change_column under the same name",
                                         "split_column",
                                         "add_column with every key",
                                         "drop_column with down",
                                         "set_not_null with up",
                                         "add_unique",
                                         "drop_constraint of a foreign key",
                                         "replace_index",
                                         "create_table with every key",
                                         "drop_table with all that goes with it",
                                         "rename_table with all that hangs on it",
                                         "sql with every key",
                                         "two migrations of one table",
                                         "two changes of NOT NULL columns in one file"};
  // the first of each kind
  constexpr std::array kPostgresKinds = {"create_view",    "replace_view",   "add_enum_value",
                                         "create_index",   "drop_index",     "merge_columns",
                                         "create_matview", "replace_matview"};
  constexpr std::array kSqliteNames = {"rename_column that references",
                                       "change_column under the same name", "drop_column with down",
                                       "add_column NOT NULL with a constant default"};
  std::vector<Subject> found = {{audited(), Engine::postgresql}};
  const auto add = [&](const char* name, Engine engine) {
    for (const Case& each : all_cases()) {
      const bool here =
          std::find(each.engines.begin(), each.engines.end(), engine) != each.engines.end();
      if (here && each.name == name) found.push_back({each, engine});
    }
  };
  for (const char* name : kPostgresNames) add(name, Engine::postgresql);
  for (const std::string kind : kPostgresKinds) {
    const auto cases = all_cases();
    const auto first =
        std::ranges::find_if(cases, [&](const Case& each) { return each.name.starts_with(kind); });
    if (first == cases.end()) throw std::runtime_error("no case is of kind " + kind);
    add(first->name.c_str(), Engine::postgresql);
  }
  for (const char* name : kSqliteNames) add(name, Engine::sqlite);
  return found;
}

Action applied(const std::string& phase, const std::string& release) {
  return {phase, {"apply", "--phase", phase, "--release", release, "--yes"}};
}

Action undone(const std::string& phase, const std::string& to) {
  return {"undo " + phase, {"rollback", "0001_case", "--to", to, "--yes"}};
}

/// Which of all points this run goes through: every one where ZDM_FAULTS is "full", every Nth where
/// it is a number, else one of so many that the run stays short.
class Choice {
 public:
  Choice() {
    const char* asked = std::getenv("ZDM_FAULTS");
    if (asked == nullptr) return;
    stride_ = std::string(asked) == "full" ? 1 : std::max(1, std::atoi(asked));
  }
  [[nodiscard]] bool takes() { return seen_++ % stride_ == 0; }

 private:
  int stride_ = 509;
  int seen_ = 0;
};

struct Place {
  const Workplace& workplace;
  const Action& action;
  CopiedDatabase& before;
  const std::vector<std::string>& expected;
};

void check_point(const Place& place, const std::string& point) {
  INFO(place.action.name << " killed at " << point);
  const auto database = place.before.copy();
  const auto killed = place.workplace.run(*database, place.action, point);
  // A count may be a few statements lower than last time: then nothing is left to be killed.
  if (killed.code != 0 && killed.code != 137) {
    FAIL_CHECK("ended with " << killed.code << ": " << killed.err);
    return;
  }
  const auto again = place.workplace.run(*database, place.action);
  if (again.code != 0) {
    FAIL_CHECK("the second run ended with " << again.code << ": " << again.err);
    return;
  }
  CHECK(difference(place.expected, state_of(*database)) == "");
}

/// Kills the action at its chosen points, then lets `before` go through it. Returns the number of
/// points.
int check_action(const Workplace& workplace, const Action& action, CopiedDatabase& before,
                 Choice& choice) {
  const auto whole = before.copy();
  const int statements = workplace.count(*whole, action);
  const auto expected = state_of(*whole);
  const Place place{workplace, action, before, expected};
  for (int n = 1; n <= statements; ++n) {
    for (const char* moment : {"before", "sent", "after"}) {
      if (choice.takes()) check_point(place, fmt::format("{}:{}", n, moment));
    }
  }
  return statements;
}

void go_on(const Workplace& workplace, const Action& action, CopiedDatabase& database) {
  const auto done = workplace.run(database, action);
  if (done.code != 0) throw std::runtime_error(action.name + " failed: " + done.err);
}

/// Every phase and every way back; the points of each as lines for the golden file.
std::string check_subject(const Subject& subject, Choice& choice) {
  const Workplace workplace(subject.what);
  const auto database = CopiedDatabase::of(subject.what, subject.engine);
  std::string lines;
  const auto check = [&](const Action& action) {
    const int points = check_action(workplace, action, *database, choice);
    lines +=
        fmt::format("{}\t{}\t{}\t{}\n", subject.engine == Engine::sqlite ? "sqlite" : "postgresql",
                    subject.what.name, action.name, points);
  };
  const auto expand = applied("expand", "r1");
  const auto backfill = applied("backfill", "r1");
  const auto to_switch = applied("switch", "r2");
  check(expand);
  go_on(workplace, expand, *database);
  check(undone("expand", "none"));
  check(backfill);
  go_on(workplace, backfill, *database);
  check(undone("backfill", "expand"));
  go_on(workplace, {"live", {"release", "live", "r1"}}, *database);
  check(to_switch);
  go_on(workplace, to_switch, *database);
  check(undone("switch", "backfill"));
  go_on(workplace, {"live", {"release", "live", "r2"}}, *database);
  check(applied("contract", "r3"));
  return lines;
}

/// Lines of subject and action, to their number of points.
std::map<std::string, int> numbers_of(std::istream& lines) {
  std::map<std::string, int> numbers;
  for (std::string line; std::getline(lines, line);) {
    const auto tab = line.rfind('\t');
    numbers[line.substr(0, tab)] = std::stoi(line.substr(tab + 1));
  }
  return numbers;
}

/// A statement more or less in the executor is nothing to talk about; a jump means that points were
/// lost, or that a phase does its work twice. points.txt is what this test prints.
void check_points(const std::string& points, bool all) {
  std::istringstream text(points);
  std::ifstream file(ZDM_POINTS_FILE);
  const auto found = numbers_of(text);
  const auto golden = numbers_of(file);
  for (const auto& [name, number] : golden) {
    INFO(name << " had " << number << " points");
    const auto now = found.find(name);
    if (!all && now == found.end()) continue;
    CHECK((now != found.end() && std::abs(now->second - number) <= number / 4));
  }
  if (all) CHECK(found.size() == golden.size());
}

}  // namespace

TEST_CASE("a run killed at any statement is finished by the same command", "[faults]") {
  Choice choice;
  std::string points;
  // ZDM_CYCLE_CASE=part-of-a-name runs these alone.
  const char* only = std::getenv("ZDM_CYCLE_CASE");
  for (const Subject& subject : subjects()) {
    if (only != nullptr && subject.what.name.find(only) == std::string::npos) continue;
    INFO(subject.what.name);
    try {
      points += check_subject(subject, choice);
    } catch (const std::runtime_error& error) {
      FAIL_CHECK(error.what());
    }
  }
  std::cout << points;
  check_points(points, only == nullptr);
}
