#include "locks/lock_modes.hpp"

#include "support/catch.hpp"

namespace zdm::planner {

TEST_CASE("lock modes are written and read as SQL names them", "[locks]") {
  CHECK(to_string(LockMode::access_exclusive) == "ACCESS EXCLUSIVE");
  CHECK(to_string(LockMode::share_update_exclusive) == "SHARE UPDATE EXCLUSIVE");
  for (const std::string_view name : kLockModeNames) {
    const auto mode = parse_lock_mode(name);
    REQUIRE(mode);
    CHECK(to_string(*mode) == name);
  }
  CHECK_FALSE(parse_lock_mode("access exclusive"));
  CHECK(pg_locks_mode(LockMode::share_row_exclusive) == "ShareRowExclusiveLock");
}

TEST_CASE("conflicts are mutual, and reading conflicts with ACCESS EXCLUSIVE alone", "[locks]") {
  for (std::size_t one = 0; one < kLockModeNames.size(); ++one) {
    for (std::size_t other = 0; other < kLockModeNames.size(); ++other) {
      const auto a = static_cast<LockMode>(one);
      const auto b = static_cast<LockMode>(other);
      CHECK(conflicts(a, b) == conflicts(b, a));
      CHECK(conflicts(LockMode::access_share, b) == (b == LockMode::access_exclusive));
    }
  }
  CHECK_FALSE(conflicts(LockMode::row_exclusive, LockMode::row_exclusive));
  CHECK_FALSE(conflicts(LockMode::share, LockMode::share));
  CHECK(conflicts(LockMode::share_update_exclusive, LockMode::share_update_exclusive));
  CHECK(conflicts(LockMode::share_row_exclusive, LockMode::row_exclusive));
}

}  // namespace zdm::planner
