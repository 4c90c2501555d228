#include "model/step.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace zdm::planner {

namespace {

constexpr std::array kKinds = {
    std::pair{StepKind::statement, std::string_view("statement")},
    std::pair{StepKind::transaction, std::string_view("transaction")},
    std::pair{StepKind::backfill, std::string_view("backfill")},
    std::pair{StepKind::verify, std::string_view("verify")},
    std::pair{StepKind::concurrent, std::string_view("concurrent")},
};

}  // namespace

std::string_view to_string(StepKind kind) {
  for (const auto& [value, name] : kKinds) {
    if (value == kind) return name;
  }
  return {};
}

std::optional<StepKind> parse_step_kind(std::string_view text) {
  for (const auto& [value, name] : kKinds) {
    if (name == text) return value;
  }
  return std::nullopt;
}

}  // namespace zdm::planner
