#include "partitions/names.hpp"

#include "support/catch.hpp"

namespace zdm::planner {
namespace {

std::string name_of(const char* interval, const char* start, const std::string& table = "events",
                    const std::string& pattern = {}) {
  PartitionPolicy policy;
  policy.table = {"public", table};
  policy.interval = parse_interval(interval);
  policy.name_pattern = pattern;
  return partition_name(policy, *parse_civil(start), {});
}

}  // namespace

TEST_CASE("names are as short as their interval allows", "[partitions]") {
  CHECK(name_of("1 year", "2024-01-01") == "events_2024");
  CHECK(name_of("1 year", "2024-04-01") == "events_202404");
  CHECK(name_of("1 quarter", "2024-04-01") == "events_2024q2");
  CHECK(name_of("1 month", "2024-04-01") == "events_202404");
  CHECK(name_of("1 month", "2024-04-30") == "events_20240430");
  CHECK(name_of("1 week", "2020-12-28") == "events_2020w53");
  CHECK(name_of("1 week", "2020-12-27") == "events_20201227");
  CHECK(name_of("1 day", "2024-04-01") == "events_20240401");
  CHECK(name_of("1 day", "2024-04-01 06:00") == "events_20240401_06");
  CHECK(name_of("1 hour", "2024-04-01 00:00") == "events_20240401_00");
  CHECK(name_of("1 hour", "2024-04-01 05:30") == "events_20240401_0530");
}

TEST_CASE("a pattern gives other names", "[partitions]") {
  CHECK(name_of("1 month", "2024-04-01", "events", "{table}_p{year}_{month}") == "events_p2024_04");
  CHECK(name_of("1 week", "2020-12-28", "events", "w{weekyear}{week}_{table}") == "w202053_events");
}

TEST_CASE("a pattern that tells nothing apart, or knows no such word, is refused", "[partitions]") {
  CHECK(check_name_pattern(kDefaultNamePattern));
  for (const auto* pattern : {"{table}", "{table}_{yaer}", "{table}_{year", "{month}{day}"}) {
    INFO(pattern);
    const auto checked = check_name_pattern(pattern);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == ErrorCode::usage);
  }
}

TEST_CASE("long names stay apart within 63 bytes, and cut no character", "[partitions]") {
  std::string table;
  for (int i = 0; i < 31; ++i) table += "ä";
  const auto one = name_of("1 month", "2024-04-01", table);
  const auto other = name_of("1 month", "2024-05-01", table);
  CHECK(one.size() <= 63);
  CHECK(one != other);
  CHECK(one.ends_with("_202404"));
  CHECK(name_of("1 month", "2024-04-01", table + "x") != one);
}

TEST_CASE("numbers below zero have names without a sign", "[partitions]") {
  PartitionPolicy policy;
  policy.table = {"public", "t"};
  policy.step = 100;
  CHECK(partition_name(policy, -100, {}) == "t_m100");
  CHECK(partition_name(policy, 100, {}) == "t_100");
  CHECK(partition_name(policy, 100, {"t_100"}) != "t_100");
}

}  // namespace zdm::planner
