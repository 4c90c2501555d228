#include "locks/lock_modes.hpp"

#include <cstddef>

namespace zdm::planner {
namespace {

constexpr std::array<std::string_view, 8> kPgLocksNames = {
    "AccessShareLock", "RowShareLock",          "RowExclusiveLock", "ShareUpdateExclusiveLock",
    "ShareLock",       "ShareRowExclusiveLock", "ExclusiveLock",    "AccessExclusiveLock"};

// PostgreSQL manual, table 13.2 "Conflicting Lock Modes", in its order; # where two conflict.
constexpr std::array<std::string_view, 8> kConflicts = {
    ".......#",  // ACCESS SHARE
    "......##",  // ROW SHARE
    "....####",  // ROW EXCLUSIVE
    "...#####",  // SHARE UPDATE EXCLUSIVE
    "..##.###",  // SHARE
    "..######",  // SHARE ROW EXCLUSIVE
    ".#######",  // EXCLUSIVE
    "########",  // ACCESS EXCLUSIVE
};

std::size_t index(LockMode mode) {
  return static_cast<std::size_t>(mode);
}

}  // namespace

std::string_view to_string(LockMode mode) {
  return kLockModeNames.at(index(mode));
}

std::optional<LockMode> parse_lock_mode(std::string_view text) {
  for (std::size_t i = 0; i < kLockModeNames.size(); ++i) {
    if (kLockModeNames[i] == text) {
      return static_cast<LockMode>(i);
    }
  }
  return std::nullopt;
}

bool conflicts(LockMode one, LockMode other) {
  return kConflicts.at(index(one)).at(index(other)) == '#';
}

std::string_view pg_locks_mode(LockMode mode) {
  return kPgLocksNames.at(index(mode));
}

}  // namespace zdm::planner
