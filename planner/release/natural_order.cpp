#include "release/natural_order.hpp"

#include <algorithm>

namespace zdm::planner {

namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes a run of digits off the front; leading zeros do not count.
std::string_view take_number(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, digit) - text.begin();
  auto number = text.substr(0, static_cast<std::size_t>(end));
  text.remove_prefix(number.size());
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  return number;
}

}  // namespace

std::weak_ordering natural_compare(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (digit(a.front()) && digit(b.front())) {
      const auto left = take_number(a);
      const auto right = take_number(b);
      if (left.size() != right.size()) return left.size() <=> right.size();
      if (const auto order = left.compare(right); order != 0) return order <=> 0;
      continue;
    }
    const auto left = static_cast<unsigned char>(a.front());
    const auto right = static_cast<unsigned char>(b.front());
    if (left != right) return left <=> right;
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.size() <=> b.size();
}

}  // namespace zdm::planner
