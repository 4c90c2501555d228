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

/// The number of steps that were looked at.
std::size_t check_claims(const Case& subject) {
  const auto observer = std::make_shared<LockObserver>();
  Cycle cycle(subject, Engine::postgresql, [&](zdm::migrations::Opener open) {
    return LockObserver::wrap(observer, std::move(open));
  });
  go(cycle);
  for (const auto& [place, step] : observer->steps()) {
    if (const auto text = differences(step); !text.empty()) FAIL_CHECK(text);
  }
  return observer->steps().size();
}

}  // namespace

TEST_CASE("every step takes the locks it claims, and no others", "[live][claims]") {
  std::size_t seen = 0;
  for (const Case& subject : all_cases()) {
    if (!is_wanted(subject)) continue;
    INFO(subject.name);
    try {
      seen += check_claims(subject);
    } catch (const std::runtime_error& error) {
      FAIL_CHECK(error.what());
    }
  }
  CHECK(seen > 0);
}
