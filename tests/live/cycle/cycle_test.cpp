#include <cstdlib>
#include <stdexcept>

#include "cycle.hpp"
#include "support/catch.hpp"

using namespace zdm::tests;
using zdm::migrations::Engine;

namespace {

/// ZDM_CYCLE_CASE=part-of-a-name runs these alone.
bool is_wanted(const Case& subject, Engine engine) {
  const char* only = std::getenv("ZDM_CYCLE_CASE");
  const bool named = only == nullptr || subject.name.find(only) != std::string::npos;
  return named &&
         std::find(subject.engines.begin(), subject.engines.end(), engine) != subject.engines.end();
}

void run_all(Engine engine) {
  for (const Case& subject : all_cases()) {
    if (!is_wanted(subject, engine)) continue;
    INFO(subject.name);
    try {
      run_cycle(subject, engine);
      SUCCEED();
    } catch (const std::runtime_error& error) {
      FAIL_CHECK(error.what());
    }
  }
}

}  // namespace

TEST_CASE("every change goes there and back through all phases on PostgreSQL", "[live][cycle]") {
  run_all(Engine::postgresql);
}

TEST_CASE("every change goes there and back through all phases on SQLite", "[live][cycle]") {
  run_all(Engine::sqlite);
}
