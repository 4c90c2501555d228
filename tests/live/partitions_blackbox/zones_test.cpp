#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "partitions/read_sets.hpp"
#include "stand.hpp"
#include "support/catch.hpp"

// The boundaries of a policy in twenty time zones with a past, against the server's own. A sample
// of 200 years in ctest; ZDM_PARTITIONS_LONG=1 takes all of them.

namespace zdm::tests {
namespace {

using planner::Interval;
using planner::Unit;

/// Midnights that do not exist or come twice, days that were skipped or repeated, offsets of
/// quarters of an hour, summer times of half an hour, negative ones and those around Ramadan.
const std::vector<std::string>& zones() {
  static const std::vector<std::string> all = {
      "UTC",           "America/Sao_Paulo", "Asia/Beirut",      "Pacific/Apia",
      "Europe/Dublin", "Asia/Kathmandu",    "America/Havana",   "Africa/Casablanca",
      "Africa/Cairo",  "Antarctica/Troll",  "Asia/Manila",      "Australia/Lord_Howe",
      "Asia/Tehran",   "Pacific/Kwajalein", "America/St_Johns", "America/New_York",
      "Asia/Gaza",     "America/Asuncion",  "Pacific/Chatham",  "Europe/London"};
  return all;
}

struct Kind {
  Interval interval;
  std::string sql;
  int years = 0;  ///< what one question spans
};

std::vector<Kind> kinds() {
  return {{{1, Unit::hour}, "1 hour", 0},        {{6, Unit::hour}, "6 hours", 0},
          {{1, Unit::day}, "1 day", 2},          {{3, Unit::day}, "3 days", 7},
          {{1, Unit::week}, "7 days", 18},       {{1, Unit::month}, "1 month", 80},
          {{1, Unit::quarter}, "3 months", 200}, {{1, Unit::year}, "1 year", 200}};
}

planner::PartitionPolicy policy_of(const Kind& kind, const std::string& zone) {
  planner::PartitionPolicy policy;
  policy.title = "public.events";
  policy.table = {"public", "events"};
  policy.column = "occurred_at";
  policy.interval = kind.interval;
  policy.anchor = planner::default_anchor(kind.interval.unit);
  policy.ahead = std::getenv("ZDM_PARTITIONS_LONG") != nullptr ? 1000 : 400;
  policy.timezone = zone;
  policy.name_pattern = "{table}_{range}";
  return policy;
}

/// Every boundary between two instants as the server computes it: civil times from the anchor, or
/// for hours equal steps of time from the instant of the anchor. Microseconds, each once.
std::vector<std::int64_t> boundaries(Database& database, const Kind& kind, const std::string& zone,
                                     std::int64_t from, std::int64_t to) {
  const std::string anchor = kind.interval.unit == Unit::week ? "2001-01-01" : "2000-01-01";
  const std::string at = kind.interval.unit == Unit::hour
                             ? "(timestamp '{0}' AT TIME ZONE '{1}') + i * interval '{2}'"
                             : "(timestamp '{0}' + i * interval '{2}') AT TIME ZONE '{1}'";
  // Their numbers are guessed with room to spare: a month is no number of seconds.
  const auto rows = database.rows(fmt::format(
      fmt::runtime("WITH span AS (SELECT extract(epoch FROM interval '{2}') AS length, "
                   "{3} / 1e6 - extract(epoch FROM timestamp '{0}') AS first, "
                   "{4} / 1e6 - extract(epoch FROM timestamp '{0}') AS last) "
                   "SELECT DISTINCT micros FROM span, LATERAL (SELECT (extract(epoch FROM " +
                   at +
                   ") * 1000000)::bigint AS micros FROM generate_series("
                   "((first - abs(first) * {5}) / length)::int - 40, "
                   "((last + abs(last) * {5}) / length)::int + 40) i) every_one "
                   "WHERE micros BETWEEN {3} AND {4} ORDER BY 1"),
      anchor, zone, kind.sql, from, to, kind.years >= 80 ? 0.03 : 0));
  std::vector<std::int64_t> values;
  for (const auto& row : rows) values.push_back(std::stoll(row.front().value_or("")));
  return values;
}

/// The first place where two lists of microseconds differ; empty where they do not.
std::string difference(const std::vector<std::int64_t>& ours,
                       const std::vector<std::int64_t>& theirs) {
  const auto at = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  if (at.first == ours.end() && at.second == theirs.end()) return {};
  return fmt::format("{} and {}, at {} of {} and {}", at.first == ours.end() ? 0 : *at.first,
                     at.second == theirs.end() ? 0 : *at.second, at.first - ours.begin(),
                     ours.size(), theirs.size());
}

/// Where questions are asked from: years of 1900 to 2100.
std::vector<int> years(const Kind& kind) {
  const bool all = std::getenv("ZDM_PARTITIONS_LONG") != nullptr;
  if (!all && kind.years < 80) return {1911, 1969, 2010, 2018};
  const int step = std::max(1, kind.years);
  std::vector<int> found;
  for (int year = 1900; year < 2100; year += step) found.push_back(year);
  return found;
}

}  // namespace

TEST_CASE("in every time zone each instant has one partition, with the bounds that PostgreSQL says",
          "[live][partitions][calendar]") {
  TestDatabase database;
  database.exec("CREATE TABLE events (occurred_at timestamptz) PARTITION BY RANGE (occurred_at)");
  const auto connection = database.connect();
  for (const auto& kind : kinds()) {
    migrations::SetsRequest request;
    for (const auto& zone : zones()) request.policies.push_back(policy_of(kind, zone));
    for (const int year : years(kind)) {
      request.now = fmt::format("{}-10-01T00:00:00Z", year);
      const auto read = migrations::read_sets(*connection, request);
      INFO(kind.sql << " from " << year << ": " << (read ? "" : read.error().message));
      REQUIRE(read.has_value());
      for (std::size_t i = 0; i < zones().size(); ++i) {
        const auto& lines = read->sets[i].grid.lines;
        INFO(zones()[i]);
        REQUIRE(lines.size() > 400);
        std::vector<std::int64_t> values;
        for (const auto& line : lines) values.push_back(line.value.high);
        CHECK(std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) ==
              values.end());
        CHECK(difference(values, boundaries(database, kind, zones()[i], values.front(),
                                            values.back())) == "");
        // The current one begins no later than now, and what is ahead follows it.
        CHECK(values.front() <= read->now);
        CHECK(values.back() > read->now);
      }
    }
  }
}

}  // namespace zdm::tests
