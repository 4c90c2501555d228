#pragma once

#include <array>
#include <string_view>

#include "model/step.hpp"

namespace zdm::planner {

/// The modes as SQL's LOCK TABLE names them, weakest first.
inline constexpr std::array<std::string_view, 8> kLockModeNames = {
    "ACCESS SHARE", "ROW SHARE",           "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE",
    "SHARE",        "SHARE ROW EXCLUSIVE", "EXCLUSIVE",     "ACCESS EXCLUSIVE"};

/// Two transactions cannot hold both on one table: PostgreSQL manual, 13.3.1, table 13.2.
[[nodiscard]] bool conflicts(LockMode one, LockMode other);

/// The mode as pg_locks.mode has it: "AccessExclusiveLock".
[[nodiscard]] std::string_view pg_locks_mode(LockMode mode);

}  // namespace zdm::planner
