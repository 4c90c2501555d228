#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "gate/rule.hpp"
#include "stage.hpp"
#include "support/catch.hpp"

using namespace zdm::tests;
using zdm::planner::LockMode;

namespace {

/// ZDM_GATE_EXAMPLE=part-of-a-name plays these alone.
bool is_wanted(const GateExample& example) {
  const char* only = std::getenv("ZDM_GATE_EXAMPLE");
  return only == nullptr || example.name().find(only) != std::string::npos;
}

struct Played {
  GateExample example;
  Shown shown;
  std::optional<std::string> before;  ///< what the running release said, before and after
  std::optional<std::string> after;
};

Played play(const GateExample& example) {
  Stage stage(example);
  Played played{.example = example, .shown = {}, .before = stage.running(), .after = {}};
  played.shown = stage.play();
  played.after = stage.running();
  return played;
}

/// Those for this server's version, once for all the tests here.
const std::vector<Played>& all_played() {
  static const std::vector<Played> all = [] {
    const TestDatabase database;
    const int server = database.connect()->server_version() / 10000;
    std::vector<Played> played;
    for (const GateExample& example : gate_examples()) {
      if (!is_wanted(example) || server < example.from || server > example.to) continue;
      INFO(example.name());
      played.push_back(play(example));
    }
    return played;
  }();
  return all;
}

bool blocks_writers(const Modes& locked) {
  return std::ranges::any_of(locked,
                             [](const auto& each) { return each.second >= LockMode::share; });
}

/// One word of an example's "seen".
void check_seen(const Played& played, const std::string& word) {
  const Shown& shown = played.shown;
  INFO("seen: " << word);
  if (word == "lock") {
    CHECK(blocks_writers(shown.locked));
  } else if (word == "rewrite") {
    CHECK_FALSE(shown.rewritten.empty());
  } else if (word == "scan") {
    CHECK_FALSE(shown.scanned_blocked.empty());
  } else if (word == "broken") {
    CHECK(played.after.value_or("") != "");
  } else if (word == "undone") {
    CHECK(shown.undone);
  } else if (word.starts_with("rows ")) {
    CHECK(shown.rows_locked.contains(word.substr(5)));
  } else if (word.starts_with("error ")) {
    CHECK(shown.sqlstate == word.substr(6));
  } else {
    CHECK(word.starts_with("nothing"));  // and why
  }
}

}  // namespace

TEST_CASE("what a bad example does is seen on a server", "[live][gate]") {
  std::size_t seen = 0;
  for (const Played& played : all_played()) {
    const GateExample& example = played.example;
    if (!example.bad) continue;
    INFO(example.name() << " " << played.shown.message);
    CHECK_FALSE(example.seen.empty());
    for (const std::string& word : example.seen) check_seen(played, word);
    if (example.seen_with("error").empty()) CHECK(played.shown.sqlstate == "");
    if (example.sees("broken")) CHECK(played.before.value_or("no running.sql") == "");
    ++seen;
  }
  CHECK(seen > 0);
}

TEST_CASE("a good example runs, and leaves the running release as it is", "[live][gate]") {
  for (const Played& played : all_played()) {
    if (played.example.bad) continue;
    INFO(played.example.name());
    CHECK(played.shown.message == "");
    CHECK(played.before.value_or("") == "");
    CHECK(played.after.value_or("") == "");
    // One that says so has nothing better to show.
    if (!played.example.sees("scan")) CHECK(played.shown.scanned_blocked.empty());
  }
}

TEST_CASE("every example takes the locks, scans and rewrites that cost_of claims", "[live][gate]") {
  for (const Played& played : all_played()) {
    INFO(played.example.name());
    CHECK(played.shown.differences == std::vector<std::string>{});
    const std::set<std::string> also(played.example.also.begin(), played.example.also.end());
    CHECK(played.shown.unnamed == also);
  }
}
