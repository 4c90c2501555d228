#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

#include "cycle.hpp"
#include "observer.hpp"
#include "support/catch.hpp"

using namespace zdm::tests;
using zdm::migrations::Engine;
using zdm::planner::Phase;

namespace {

/// ZDM_CYCLE_CASE=part-of-a-name runs these alone.
bool is_wanted(const Case& subject) {
  const char* only = std::getenv("ZDM_CYCLE_CASE");
  const bool named = only == nullptr || subject.name.find(only) != std::string::npos;
  return named && std::find(subject.engines.begin(), subject.engines.end(), Engine::postgresql) !=
                      subject.engines.end();
}

/// Every phase and every way back, once.
void go(Cycle& cycle) {
  cycle.write_old();
  for (const Phase phase : {Phase::expand, Phase::backfill, Phase::switch_}) {
    const std::string release = phase == Phase::switch_ ? "r2" : "r1";
    if (phase == Phase::switch_) cycle.live("r1");
    cycle.apply(phase, release);
    cycle.rollback();
    cycle.apply(phase, release);
  }
  cycle.live("r2");
  cycle.apply(Phase::contract, "r3");
}

std::string differences(const Observed& step) {
  std::string text;
  for (const auto& [relation, mode] : step.claimed) {
    const auto found = step.taken.find(relation);
    if (found == step.taken.end()) {
      text += fmt::format("\n  claims {} on {}, takes none", mode, relation);
    } else if (found->second != mode) {
      text += fmt::format("\n  claims {} on {}, takes {}", mode, relation, found->second);
    }
  }
  for (const auto& [relation, mode] : step.taken) {
    if (!step.claimed.contains(relation)) {
      text += fmt::format("\n  takes {} on {}, claims none", mode, relation);
    }
  }
  return text.empty() ? text : fmt::format("{} ({}){}", step.step, step.kind, text);
}

/// Contract compares the rows before its steps are stored, so that nobody can tell whose statement
/// it was; the same comparison is held against its claims at backfill.
bool ran_before_its_phase(const Observed& step) {
  return step.kind == "verify" && step.step.starts_with("contract") && step.taken.empty();
}

/// What every step of a case did.
struct Looked {
  std::string subject;
  std::vector<Observed> steps;
  std::string error;
  bool may_rewrite = false;
  bool own_sql = false;  ///< the author's statements, whose locks zdm does not know, and says so
};

Looked look_at(const Case& subject) {
  Looked looked{.subject = subject.name, .steps = {}, .error = {}};
  looked.own_sql = std::any_of(
      subject.migrations.begin(), subject.migrations.end(),
      [](const auto& each) { return each.find("kind = \"sql\"") != std::string::npos; });
  looked.may_rewrite = !subject.allowed.empty();
  const auto observer = std::make_shared<LockObserver>();
  try {
    Cycle cycle(subject, Engine::postgresql, [&](zdm::migrations::Opener open) {
      return LockObserver::wrap(observer, std::move(open));
    });
    go(cycle);
  } catch (const std::runtime_error& error) {
    looked.error = error.what();
  }
  for (const auto& [place, step] : observer->steps()) looked.steps.push_back(step);
  return looked;
}

/// Every case once, for all the tests here.
const std::vector<Looked>& all_looked_at() {
  static const std::vector<Looked> all = [] {
    std::vector<Looked> looked;
    for (const Case& subject : all_cases()) {
      if (is_wanted(subject) && is_served(subject)) looked.push_back(look_at(subject));
    }
    return looked;
  }();
  return all;
}

}  // namespace

TEST_CASE("every step takes the locks it claims, and no others", "[live][claims]") {
  std::size_t seen = 0;
  std::size_t concurrent = 0;
  for (const Looked& looked : all_looked_at()) {
    INFO(looked.subject);
    CHECK(looked.error == "");
    seen += looked.steps.size();
    if (looked.own_sql) continue;
    for (const Observed& step : looked.steps) {
      if (ran_before_its_phase(step)) continue;
      if (const auto text = differences(step); !text.empty()) FAIL_CHECK(text);
      if (step.kind == "concurrent") ++concurrent;
    }
  }
  CHECK(seen > 0);
  CHECK((concurrent > 0 || std::getenv("ZDM_CYCLE_CASE") != nullptr));
}

TEST_CASE("no step reads or rewrites a table under a lock that keeps others waiting",
          "[live][claims][law8]") {
  for (const Looked& looked : all_looked_at()) {
    INFO(looked.subject);
    CHECK(looked.error == "");
    if (looked.may_rewrite || looked.own_sql) continue;
    for (const Observed& step : looked.steps) {
      INFO(step.step);
      CHECK(step.scanned == std::vector<std::string>{});
      CHECK(step.rewritten == std::vector<std::string>{});
    }
  }
}
