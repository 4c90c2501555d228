#include <algorithm>
#include <iterator>

#include "case.hpp"

namespace zdm::tests {

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const auto group : {rename_cases, replace_cases, column_cases, guarantee_cases, table_cases,
                           relation_cases, view_cases, matview_cases, other_cases}) {
    auto cases = group();
    std::move(cases.begin(), cases.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace zdm::tests
