#pragma once

#include <compare>
#include <string_view>

namespace zdm::planner {

/// Orders names as people number them: runs of digits compare by value (of any length), the rest by
/// bytes. "7_a", "07_a" are equal in it; "2" < "10"; strverscmp(3) is not this order.
[[nodiscard]] std::weak_ordering natural_compare(std::string_view a, std::string_view b);

}  // namespace zdm::planner
