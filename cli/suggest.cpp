#include "suggest.hpp"

#include <fmt/format.h>

#include "model/suggest.hpp"

namespace zdm::cli {

std::string did_you_mean(std::string_view typed, const std::vector<std::string_view>& candidates,
                         std::string otherwise) {
  const auto found = planner::nearest(typed, {candidates.begin(), candidates.end()});
  return found ? fmt::format("did you mean {}?", *found) : std::move(otherwise);
}

}  // namespace zdm::cli
