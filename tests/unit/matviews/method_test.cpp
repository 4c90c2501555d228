#include "matviews/method.hpp"

#include "support/catch.hpp"

namespace zdm::planner {
namespace {

PastRefresh run(RefreshMethod method, std::int64_t duration_ms, std::optional<double> changed,
                std::int64_t rows = 1'000'000) {
  return {.method = method, .duration_ms = duration_ms, .rows = rows, .changed = changed};
}

MethodChoice choose(std::vector<PastRefresh> history, std::optional<double> bloat = {},
                    std::string refused = {}) {
  return choose_method(
      {.history = std::move(history), .bloat = bloat, .swap_refused = std::move(refused)});
}

constexpr auto concurrently = RefreshMethod::concurrently;
constexpr auto swap = RefreshMethod::swap;

}  // namespace

TEST_CASE("a view without history is refreshed concurrently, then once by a swap", "[matviews]") {
  CHECK(choose({}).method == concurrently);
  CHECK(choose({run(RefreshMethod::first, 900, {})}).method == concurrently);
  CHECK(choose({run(concurrently, 900, 0.0)}).method == swap);
}

TEST_CASE("a refresh of a few milliseconds is left as it is", "[matviews]") {
  CHECK(choose({run(concurrently, 20, 0.5, 1000)}).method == concurrently);
}

TEST_CASE("the faster of two measured methods is taken, and the reason has both figures",
          "[matviews]") {
  const auto quick = choose({run(swap, 1200, 0.5), run(concurrently, 10'900, 0.5)});
  CHECK(quick.method == swap);
  CHECK(quick.reason.find("1.2 s") != std::string::npos);
  CHECK(quick.reason.find("10.9 s") != std::string::npos);
  CHECK(quick.reason.find("50 %") != std::string::npos);
  CHECK(choose({run(swap, 5000, 0.001), run(concurrently, 1000, 0.001)}).method == concurrently);
}

TEST_CASE("a swap that is hardly faster is not worth it", "[matviews]") {
  const auto twice = [](std::int64_t swap_ms) {
    return choose({run(swap, swap_ms, 0.1), run(swap, swap_ms, 0.1), run(concurrently, 1000, 0.1),
                   run(concurrently, 1000, 0.1)});
  };
  CHECK(twice(950).method == concurrently);
  CHECK(twice(850).method == swap);
}

TEST_CASE("a method that seems slower by little is measured a second time", "[matviews]") {
  std::vector<PastRefresh> history = {run(swap, 1100, 0.1), run(concurrently, 1000, 0.1)};
  CHECK(choose(history).method == swap);
  history.insert(history.begin(), run(swap, 850, 0.1));  // the first time the server was busy
  CHECK(choose(history).method == concurrently);
  history.insert(history.begin(), run(concurrently, 1000, 0.1));
  CHECK(choose(history).method == swap);
  CHECK(choose({run(swap, 2000, 0.1), run(concurrently, 1000, 0.1)}).method == concurrently);
}

TEST_CASE("what concurrently takes is scaled to the share of rows that changes now", "[matviews]") {
  // Measured when nothing changed; then three swaps saw half of the rows change.
  const std::vector<PastRefresh> history = {run(swap, 2000, 0.5), run(swap, 2000, 0.5),
                                            run(swap, 2000, 0.5), run(concurrently, 1000, 0.0)};
  const auto forecast = forecast_refresh(history);
  REQUIRE(forecast.changed);
  CHECK(*forecast.changed == Approx(0.5));
  REQUIRE(forecast.concurrently_ms);
  CHECK(*forecast.concurrently_ms == Approx(3000));
  CHECK(choose(history).method == swap);
}

TEST_CASE("two measurements with different shares give the line between them", "[matviews]") {
  const auto forecast = forecast_refresh(
      {run(concurrently, 2000, 0.2), run(concurrently, 6000, 1.0), run(swap, 100, 0.2)});
  REQUIRE(forecast.concurrently_ms);
  CHECK(*forecast.changed == Approx(0.2));
  CHECK(*forecast.concurrently_ms == Approx(2000));
}

TEST_CASE("what a method takes grows with the rows", "[matviews]") {
  const auto forecast =
      forecast_refresh({run(swap, 1000, 0.1, 2'000'000), run(concurrently, 1500, 0.1, 1'000'000)});
  CHECK(*forecast.swap_ms == Approx(1000));
  CHECK(*forecast.concurrently_ms == Approx(3000));
}

TEST_CASE("a bloated view is built anew, whatever is faster", "[matviews]") {
  const std::vector<PastRefresh> history = {run(swap, 5000, 0.0), run(concurrently, 1000, 0.0)};
  CHECK(choose(history, 1.2).method == concurrently);
  const auto choice = choose(history, 1.8);
  CHECK(choice.method == swap);
  CHECK(choice.reason.find("1.8 times") != std::string::npos);
}

TEST_CASE("a view that cannot be exchanged is refreshed concurrently, with the reason",
          "[matviews]") {
  const auto choice = choose({run(concurrently, 9000, 0.9)}, 3.0, "function f uses its row type");
  CHECK(choice.method == concurrently);
  CHECK(choice.reason.find("function f uses its row type") != std::string::npos);
}

TEST_CASE("what was measured more than twenty runs ago is forgotten", "[matviews]") {
  std::vector<PastRefresh> history(20, run(concurrently, 1000, 0.1));
  history.push_back(run(swap, 9000, 0.1));
  CHECK(choose(history).method == swap);  // tried again
  history.erase(history.begin());
  CHECK(choose(history).method == concurrently);
}

TEST_CASE("methods and policies are read as they are written", "[matviews]") {
  for (const auto* word : {"first", "concurrently", "swap", "blocking"}) {
    REQUIRE(parse_refresh_method(word));
    CHECK(to_string(*parse_refresh_method(word)) == word);
  }
  for (const auto* word : {"auto", "concurrently", "swap"}) {
    REQUIRE(parse_method_policy(word));
    CHECK(to_string(*parse_method_policy(word)) == word);
  }
  CHECK_FALSE(parse_method_policy("blocking"));
}

}  // namespace zdm::planner
