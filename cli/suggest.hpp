#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zdm::cli {

/// A hint: "did you mean X?" where a candidate is near to what was typed, else `otherwise`.
[[nodiscard]] std::string did_you_mean(std::string_view typed,
                                       const std::vector<std::string_view>& candidates,
                                       std::string otherwise);

}  // namespace zdm::cli
