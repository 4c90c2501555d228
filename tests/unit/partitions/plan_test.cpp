#include "partitions/plan.hpp"

#include <algorithm>

#include "support/catch.hpp"

namespace zdm::planner {
namespace {

KeyValue day(const char* text) {
  return *parse_key(KeyType::date, text);
}

Range days(const char* lower, const char* upper) {
  return {{Edge::value, day(lower)}, {Edge::value, day(upper)}};
}

/// A set of months by date, and the policy that keeps it.
struct Months {
  Months() {
    set.name = {"public", "events"};
    set.column = "at";
    set.type = KeyType::date;
    policy.table = set.name;
    policy.interval = Interval{1, Unit::month};
    policy.anchor = default_anchor(Unit::month);
    policy.ahead = 2;
  }

  void add(const Range& range, const char* name = "x") {
    set.partitions.push_back({.oid = static_cast<std::uint32_t>(set.partitions.size() + 1),
                              .name = {"public", name},
                              .range = range});
    std::ranges::sort(set.partitions, {}, [](const Partition& each) { return each.range.lower; });
  }

  /// As the shell does it, without a server: civil days are their own instants.
  [[nodiscard]] Grid grid(const char* now) const {
    const Calendar calendar(*policy.interval, policy.anchor);
    const Micros time = *parse_civil(now);
    std::optional<Micros> cutoff;
    if (policy.keep) cutoff = before(time, *policy.keep);
    const auto span = grid_span(set, policy, calendar, time, cutoff);
    Grid grid{.lines = {}, .now = key_at(KeyType::date, time), .cutoff = {}};
    for (auto i = span.first; i <= span.last; ++i) {
      grid.lines.push_back({calendar.start(i), key_at(KeyType::date, calendar.start(i))});
    }
    if (cutoff) grid.cutoff = key_at(KeyType::date, *cutoff);
    return grid;
  }

  [[nodiscard]] std::vector<std::string> created(const char* now) const {
    std::vector<std::string> found;
    for (const auto& each : plan_creation(set, policy, grid(now)).create) {
      found.push_back(each.name.name + " " + bound_text(KeyType::date, each.range.lower) + " " +
                      bound_text(KeyType::date, each.range.upper));
    }
    return found;
  }

  [[nodiscard]] Retirement retirement(const char* now, bool yes = false) const {
    return plan_retirement(set, policy, grid(now), {}, yes);
  }

  PartitionSet set;
  PartitionPolicy policy;
};

using Names = std::vector<std::string>;

bool has(const std::vector<PartitionFinding>& findings, std::string_view code) {
  return std::ranges::any_of(findings, [&](const auto& each) { return each.code == code; });
}

}  // namespace

TEST_CASE("an empty set gets the current range and those ahead", "[partitions]") {
  const Months months;
  CHECK(months.created("2024-01-31") == Names{"events_202401 2024-01-01 2024-02-01",
                                              "events_202402 2024-02-01 2024-03-01",
                                              "events_202403 2024-03-01 2024-04-01"});
}

TEST_CASE("what lies between now and partitions that go is no hole", "[partitions]") {
  Months months;
  months.policy.keep = Interval{3, Unit::month};
  months.add(days("2022-01-01", "2022-02-01"));
  months.add(days("2024-01-01", "2024-04-01"));
  CHECK(months.created("2024-01-15").empty());
  months.add(days("2023-10-15", "2023-11-01"));
  CHECK(months.created("2024-01-15") ==
        Names{"events_202312 2023-12-01 2024-01-01", "events_202311 2023-11-01 2023-12-01"});
}

TEST_CASE("holes are filled after what is ahead, the newest first", "[partitions]") {
  Months months;
  months.add(days("2023-09-01", "2023-10-01"));
  months.add(days("2023-12-01", "2024-04-01"));
  CHECK(months.created("2024-01-15") ==
        Names{"events_202311 2023-11-01 2023-12-01", "events_202310 2023-10-01 2023-11-01"});
}

TEST_CASE("what lies before the first partition is no hole", "[partitions]") {
  Months months;
  months.add(days("2024-01-01", "2024-04-01"));
  CHECK(months.created("2024-01-15").empty());
}

TEST_CASE("a set that was left alone is filled up to now", "[partitions]") {
  Months months;
  months.add(days("2023-10-01", "2023-11-01"));
  CHECK(months.created("2024-01-15").size() == 5);
}

TEST_CASE("bounds that do not line up are fitted between neighbours", "[partitions]") {
  Months months;
  months.add(days("2023-12-01", "2024-01-10"));
  months.add(days("2024-02-20", "2024-03-01"));
  CHECK(months.created("2024-01-15") == Names{"events_20240110 2024-01-10 2024-02-01",
                                              "events_202402 2024-02-01 2024-02-20",
                                              "events_202403 2024-03-01 2024-04-01"});
}

TEST_CASE("a hole that is past keep stays one", "[partitions]") {
  Months months;
  months.policy.keep = Interval{2, Unit::month};
  months.add(days("2023-06-01", "2023-07-01"));
  months.add(days("2023-11-01", "2023-11-20"));
  months.add(days("2023-12-01", "2024-04-01"));
  CHECK(months.created("2024-01-15") == Names{"events_20231120 2023-11-20 2023-12-01"});
}

TEST_CASE("a catch-all to MAXVALUE is named, and nothing is made there", "[partitions]") {
  Months months;
  months.add({{Edge::value, day("2024-01-01")}, kMaximum});
  CHECK(months.created("2024-01-15").empty());
  CHECK(has(plan_creation(months.set, months.policy, months.grid("2024-01-15")).findings,
            "open-ended"));
  CHECK(horizon(months.set, day("2024-01-15")) == kMaximum);
}

TEST_CASE("partitions go by their real upper bound, never by their name", "[partitions]") {
  Months months;
  months.policy.keep = Interval{3, Unit::month};
  months.add(days("2023-01-01", "2023-10-01"), "events_202301");
  months.add(days("2023-10-01", "2023-11-01"));
  months.add(days("2023-11-01", "2024-04-01"));
  CHECK(months.retirement("2023-12-31").retire.empty());
  const auto gone = months.retirement("2024-01-01").retire;
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].name.name == "events_202301");
  CHECK(months.retirement("2024-02-01").retire.size() == 2);
}

TEST_CASE("nothing goes while no newer partition holds the horizon", "[partitions]") {
  Months months;
  months.policy.keep = Interval{1, Unit::month};
  months.add(days("2023-10-01", "2023-11-01"));
  SECTION("there is none for now") {
    months.add(days("2024-02-01", "2024-03-01"));
  }
  SECTION("there is none after now") {
    months.add(days("2023-11-01", "2024-02-01"));
  }
  const auto plan = months.retirement("2024-01-15");
  CHECK(plan.retire.empty());
  CHECK(has(plan.findings, "no-horizon"));
  const auto later =
      plan_retirement(months.set, months.policy, months.grid("2024-01-15"),
                      {days("2023-12-01", "2024-02-01"), days("2024-02-01", "2024-03-01")}, false);
  CHECK(later.retire.size() == 1);
}

TEST_CASE("more than max_drops go only when that was confirmed", "[partitions]") {
  Months months;
  months.policy.keep = Interval{1, Unit::month};
  months.policy.max_drops = 2;
  months.add(days("2023-01-01", "2023-02-01"));
  months.add(days("2023-02-01", "2023-03-01"));
  months.add(days("2023-03-01", "2023-04-01"));
  months.add(days("2024-01-01", "2024-02-01"));
  months.add(days("2024-02-01", "2024-03-01"));
  const auto plan = months.retirement("2024-01-15");
  CHECK(plan.retire.empty());
  REQUIRE(plan.findings.size() == 1);
  CHECK(plan.findings[0].code == "too-many-drops");
  CHECK(plan.findings[0].hint.find("--yes") != std::string::npos);
  CHECK(months.retirement("2024-01-15", true).retire.size() == 3);
}

TEST_CASE("a pending detach is finished, and holds no horizon", "[partitions]") {
  Months months;
  months.policy.keep = Interval{1, Unit::month};
  months.add(days("2023-10-01", "2023-11-01"));
  months.add(days("2024-01-01", "2024-02-01"));
  months.add(days("2024-02-01", "2024-03-01"));
  months.set.partitions[1].pending = true;
  const auto plan = months.retirement("2024-01-15");
  CHECK(plan.finalize.size() == 1);
  CHECK(has(plan.findings, "no-horizon"));
  CHECK_FALSE(horizon(months.set, day("2024-01-15")));
}

TEST_CASE("an orphan goes once it is past keep, and comes back when it is not", "[partitions]") {
  Months months;
  months.policy.keep = Interval{3, Unit::month};
  months.add(days("2023-11-01", "2024-04-01"));
  months.set.orphans.push_back(
      {.partition = {.oid = 9, .name = {"public", "o"}, .range = days("2023-10-01", "2023-11-01")},
       .attached = false});
  CHECK(months.retirement("2024-02-15").finish.size() == 1);
  CHECK(plan_creation(months.set, months.policy, months.grid("2024-02-15")).attach.empty());
  CHECK(months.retirement("2024-01-15").finish.empty());
  CHECK(plan_creation(months.set, months.policy, months.grid("2024-01-15")).attach.size() == 1);

  months.add(days("2023-10-15", "2023-11-01"));
  const auto crowded = plan_creation(months.set, months.policy, months.grid("2024-01-15"));
  CHECK(crowded.attach.empty());
  CHECK(has(crowded.findings, "place-taken"));
  CHECK(months.retirement("2024-01-15").finish.empty());  // never dropped for being in the way
}

TEST_CASE("numbers go by the largest one, below zero and at the ends of the type", "[partitions]") {
  PartitionSet set;
  set.name = {"public", "t"};
  set.type = KeyType::int4;
  PartitionPolicy policy;
  policy.table = set.name;
  policy.step = 1'000'000'000;
  policy.ahead = 3;
  policy.keep_numbers = 2'000'000'000;
  const auto low = number_grid(set, policy, -1);
  const auto made = plan_creation(set, policy, low).create;
  REQUIRE_FALSE(made.empty());
  CHECK(made[0].range == Range{{Edge::value, {-1'000'000'000, 0}}, {Edge::value, {0, 0}}});
  const auto high = number_grid(set, policy, 1'999'999'999);
  CHECK(high.cutoff == KeyValue{-1, 0});
  for (const auto& line : high.lines) CHECK(line.value.high <= INT32_MAX);
}

TEST_CASE("the horizon ends at the first hole", "[partitions]") {
  Months months;
  months.add(days("2024-01-01", "2024-02-01"));
  months.add(days("2024-02-01", "2024-03-01"));
  months.add(days("2024-04-01", "2024-05-01"));
  CHECK(horizon(months.set, day("2024-01-15")) == Bound{Edge::value, day("2024-03-01")});
  CHECK_FALSE(horizon(months.set, day("2024-03-15")));
  CHECK(holes(months.set) == std::vector{days("2024-03-01", "2024-04-01")});
}

}  // namespace zdm::planner
