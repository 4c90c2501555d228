#include "release/releases.hpp"

#include "support/catch.hpp"

using namespace zdm::planner;
using Names = std::vector<std::string>;

namespace {

std::vector<ReleaseState> applied(const Names& names, const Names& live = {}) {
  std::vector<ReleaseState> states;
  for (const auto& name : names) {
    const bool serves = std::find(live.begin(), live.end(), name) != live.end();
    states.push_back({name, static_cast<std::int64_t>(states.size()) + 1, serves});
  }
  return states;
}

}  // namespace

TEST_CASE("releases are ordered by zdm.lock, else by first apply", "[unit][release]") {
  struct Case {
    Names cut, applied, order;
  };
  const std::vector<Case> cases = {
      {{}, {}, {}},
      {{"1", "2", "3"}, {}, {"1", "2", "3"}},
      {{}, {"b", "a", "c"}, {"b", "a", "c"}},
      {{"1", "2"}, {"2", "1"}, {"1", "2"}},
      // not cut: after everything applied before it
      {{"1", "2"}, {"1", "x", "2"}, {"1", "x", "2"}},
      {{"1", "2"}, {"1", "2", "x"}, {"1", "2", "x"}},
      {{"1", "2"}, {"2", "1", "x"}, {"1", "2", "x"}},
      {{"1", "2"}, {"1", "x", "y"}, {"1", "x", "y", "2"}},
      // applied before all that is known: before them
      {{"1", "2"}, {"x", "2"}, {"1", "x", "2"}},
      {{"1", "2"}, {"x", "1"}, {"x", "1", "2"}},
      {{"1", "2"}, {"x"}, {"1", "2", "x"}},
  };
  for (const auto& one : cases) {
    CAPTURE(one.cut, one.applied);
    CHECK(order_releases(one.cut, applied(one.applied)) == one.order);
  }
}

TEST_CASE("the release being deployed is the newest when nobody knows it", "[unit][release]") {
  const Releases first({"1", "2"}, applied({"1"}), LiveRule::recorded, "3");
  CHECK(first.order() == Names{"1", "2", "3"});
  const Releases again({"1", "2"}, applied({"1", "3", "2"}), LiveRule::recorded, "3");
  CHECK(again.order() == Names{"1", "3", "2"});
  const Releases cut({"1", "2"}, applied({"2"}), LiveRule::recorded, "1");
  CHECK(cut.order() == Names{"1", "2"});
  CHECK(cut.at_or_after("1", "2") == false);
}

TEST_CASE("unknown releases compare with nothing but themselves", "[unit][release]") {
  const Releases releases({"1", "2"}, {}, LiveRule::recorded, "");
  CHECK(releases.at_or_after("2", "1") == true);
  CHECK(releases.at_or_after("1", "2") == false);
  CHECK(releases.at_or_after("x", "x") == true);
  CHECK(releases.at_or_after("x", "1") == std::nullopt);
  CHECK(releases.at_or_after("1", "x") == std::nullopt);
  CHECK(releases.knows("1"));
  CHECK_FALSE(releases.knows("x"));
}

TEST_CASE("a release is live when recorded so", "[unit][release]") {
  const Releases releases({"1", "2", "3"}, applied({"1", "2", "3"}, {"2"}), LiveRule::recorded, "");
  CHECK(releases.live() == Names{"2"});
  CHECK(releases.live_since("1") == "2");
  CHECK(releases.live_since("2") == "2");
  CHECK(releases.live_since("3") == std::nullopt);
  CHECK(releases.live_since("x") == std::nullopt);
}

TEST_CASE("under live = assumed a release is live once a later one is applied", "[unit][release]") {
  const Releases before({"1", "2", "3"}, applied({"1", "2"}), LiveRule::assumed, "2");
  CHECK(before.live() == Names{"1"});
  CHECK(before.live_since("2") == std::nullopt);
  const Releases after({"1", "2", "3"}, applied({"1", "2"}), LiveRule::assumed, "3");
  CHECK(after.live() == Names{"1", "2"});
  CHECK(after.live_since("2") == "2");
  // what was never applied here is not live, however old it is
  const Releases fresh({"1", "2", "3"}, {}, LiveRule::assumed, "3");
  CHECK(fresh.live().empty());
}
