#include <vector>

#include "gate/rules/themes.hpp"

namespace zdm::planner {

std::span<const Rule> rules() {
  static const std::vector<Rule> all = [] {
    std::vector<Rule> rules;
    for (const auto theme :
         {release_rules(), destructive_rules(), blocking_rules(), transaction_rules()}) {
      rules.insert(rules.end(), theme.begin(), theme.end());
    }
    return rules;
  }();
  return all;
}

const Rule* find_rule(std::string_view id) {
  for (const Rule& rule : rules()) {
    if (rule.id == id) return &rule;
  }
  return nullptr;
}

}  // namespace zdm::planner
