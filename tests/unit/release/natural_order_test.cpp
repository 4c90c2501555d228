#include "release/natural_order.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

// -1, 0 or 1, so that a failure can be printed.
int order(std::string_view a, std::string_view b) {
  const auto found = zdm::planner::natural_compare(a, b);
  return found < 0 ? -1 : found > 0 ? 1 : 0;
}

}  // namespace

TEST_CASE("runs of digits compare by value, of any length", "[release][order]") {
  CHECK(order("2", "10") < 0);
  CHECK(order("a2b", "a10a") < 0);
  CHECK(order("9", "99999999999999999999999999999999") < 0);
  CHECK(order("99999999999999999999999999999998", "99999999999999999999999999999999") < 0);
  CHECK(order("09", "1") > 0);
  CHECK(order("0", "00") == 0);
  CHECK(order("a0", "a") > 0);
}

TEST_CASE("ids that differ in leading zeros alone are equal", "[release][order]") {
  CHECK(order("07_a", "7_a") == 0);
  CHECK(order("v007.02", "v7.2") == 0);
  CHECK(order("07_a", "7_b") < 0);
}

TEST_CASE("all else compares by bytes", "[release][order]") {
  CHECK(order("", "") == 0);
  CHECK(order("", "a") < 0);
  CHECK(order("B", "a") < 0);
  CHECK(order("z", "é") < 0);
  CHECK(order("1a", "a1") < 0);
}

TEST_CASE("the order is strict and transitive", "[release][order]") {
  const std::vector<std::string> names = {"",   "0",  "00", "1",   "01", "a",  "a1", "a01", "a1b",
                                          "a2", "1a", "_",  "a_1", "a-", "9z", "10", "a10", "\xff"};
  for (const auto& a : names) {
    for (const auto& b : names) {
      CHECK((order(a, b) < 0) == (order(b, a) > 0));
      for (const auto& c : names) {
        if (order(a, b) < 0 && order(b, c) <= 0) {
          CHECK(order(a, c) < 0);
        }
      }
    }
  }
}
