#pragma once

#include <span>

#include "gate/rule.hpp"

namespace zdm::planner {

[[nodiscard]] std::span<const Rule> destructive_rules();
[[nodiscard]] std::span<const Rule> blocking_rules();
[[nodiscard]] std::span<const Rule> transaction_rules();
[[nodiscard]] std::span<const Rule> release_rules();

}  // namespace zdm::planner
