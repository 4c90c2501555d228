#pragma once

#include <chrono>
#include <thread>

namespace zdm::tests {

/// Waits until `condition` is true; false when it is not within five minutes. A test waits for what
/// it needs to have happened, never for a time in which it should.
template <typename Condition>
[[nodiscard]] bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(5);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace zdm::tests
