#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zdm::planner {

/// The candidate nearest to a mistyped word: within two edits (a swap of neighbours counts one), or
/// one that the word begins. Nothing when none is near.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 const std::vector<std::string>& candidates);

/// "; did you mean rename_column?" or an empty text.
[[nodiscard]] std::string suggestion(std::string_view word,
                                     const std::vector<std::string>& candidates);

}  // namespace zdm::planner
