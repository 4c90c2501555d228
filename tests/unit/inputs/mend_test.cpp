#include "gate/mend.hpp"

#include "support/catch.hpp"

namespace zdm::tests {

using migrations::unified_diff;
using migrations::with_fixes;
using Lines = std::vector<std::string>;

TEST_CASE("fixes are made from first to last, and of two that overlap the first", "[unit][gate]") {
  CHECK(with_fixes("abc", {{3, 0, "d"}, {0, 1, "A"}}) == "Abcd");
  CHECK(with_fixes("abc", {{0, 2, "x"}, {1, 1, "y"}}) == "xc");
  CHECK(with_fixes("abc", {{2, 5, "x"}}) == "abc");
  CHECK(with_fixes("", {{0, 0, "x"}}) == "x");
}

TEST_CASE("a diff shows three lines around each change", "[unit][gate]") {
  CHECK(unified_diff("f", "a\n", "b\n") == Lines{"--- f", "+++ f", "@@ -1,1 +1,1 @@", "-a", "+b"});
  CHECK(unified_diff("f", "1\n2\n3\n4\n5\nx\n", "1\n2\n3\n4\n5\ny\nz\n") ==
        Lines{"--- f", "+++ f", "@@ -3,4 +3,5 @@", " 3", " 4", " 5", "-x", "+y", "+z"});
  const auto two = unified_diff("f", "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n");
  CHECK(two == Lines{"--- f", "+++ f", "@@ -1,4 +1,4 @@", "-a", "+A", " 1", " 2", " 3",
                     "@@ -6,4 +6,4 @@", " 5", " 6", " 7", "-b", "+B"});
  CHECK(unified_diff("f", "a\n", "a\n").size() == 2);
}

}  // namespace zdm::tests
