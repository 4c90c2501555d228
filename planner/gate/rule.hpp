#pragma once

#include <span>
#include <string_view>

#include "gate/finding.hpp"

namespace zdm::planner {

class Scene;

/// What the gate knows of one rule: to check by, to explain, and for the manual.
struct Rule {
  std::string_view id;
  Severity severity = Severity::error;
  std::string_view group;    ///< "destructive", "blocking", "rewrite", "transaction", "analysis"
  std::string_view meaning;  ///< what happens, to whom
  std::string_view instead;  ///< what to do instead
  int from = 12;             ///< the first and the last PostgreSQL it holds for
  int to = 18;
  void (*check)(Scene& scene) = nullptr;  ///< of each effect; null: found in another way
  /// The rule that a finding is one of where it is known what runs: "unretired-drop" for what takes
  /// something away, unless that was retired; empty: it stays what it is.
  std::string_view with_base = {};
};

/// All rules about SQL, by theme.
[[nodiscard]] std::span<const Rule> rules();
/// Null when there is none of this name.
[[nodiscard]] const Rule* find_rule(std::string_view id);

}  // namespace zdm::planner
