#include "partitions/key.hpp"

#include "partitions/bounds.hpp"
#include "support/catch.hpp"

namespace zdm::planner {
namespace {

Range range_of(KeyType type, const char* text) {
  const auto parsed = parse_partition_bound(type, text);
  INFO(text);
  REQUIRE(parsed);
  REQUIRE(*parsed);
  return **parsed;
}

}  // namespace

TEST_CASE("keys are read and written as the server writes them", "[partitions]") {
  const std::pair<KeyType, const char*> values[] = {
      {KeyType::date, "2024-02-29"},
      {KeyType::date, "0044-03-15 BC"},
      {KeyType::date, "12024-01-01"},
      {KeyType::date, "infinity"},
      {KeyType::timestamp, "2024-02-29 23:59:59.999999"},
      {KeyType::timestamp, "1969-12-31 23:59:59.5"},
      {KeyType::timestamptz, "2024-01-31 23:00:00+00"},
      {KeyType::timestamptz, "-infinity"},
      {KeyType::int4, "-5"},
      {KeyType::int8, "9223372036854775807"},
      {KeyType::uuid, "018d5c7a-3c00-7fff-bfff-ffffffffffff"},
      {KeyType::uuid, "ffffffff-ffff-ffff-ffff-ffffffffffff"}};
  for (const auto& [type, text] : values) {
    INFO(text);
    const auto value = parse_key(type, text);
    REQUIRE(value);
    CHECK(key_text(type, *value) == text);
  }
}

TEST_CASE("what is no key is none", "[partitions]") {
  CHECK_FALSE(parse_key(KeyType::date, "2023-02-29"));
  CHECK_FALSE(parse_key(KeyType::date, "2023-13-01"));
  CHECK_FALSE(parse_key(KeyType::timestamptz, "2024-01-01 00:00:00+02"));
  CHECK_FALSE(parse_key(KeyType::int8, "1.5"));
  CHECK_FALSE(parse_key(KeyType::uuid, "018d5c7a"));
  CHECK_FALSE(parse_key_type("numeric"));
}

TEST_CASE("uuids are in the order of their bytes, above half of them too", "[partitions]") {
  const auto low = parse_key(KeyType::uuid, "7fffffff-0000-0000-0000-000000000000");
  const auto high = parse_key(KeyType::uuid, "80000000-0000-0000-0000-000000000000");
  CHECK(*low < *high);
}

TEST_CASE("the uuid of a time is the least of its millisecond", "[partitions]") {
  // 2024-01-31 00:00 UTC is 1706659200000 ms, 0x18d5cd0bc00.
  const auto time = parse_civil("2024-01-31");
  CHECK(key_text(KeyType::uuid, key_at(KeyType::uuid, *time)) ==
        "018d5cd0-bc00-0000-0000-000000000000");
  CHECK(time_of(KeyType::uuid, key_at(KeyType::uuid, *time)) == *time);
  CHECK(key_at(KeyType::uuid, *time + 999) == key_at(KeyType::uuid, *time));
  CHECK(key_at(KeyType::uuid, *time) < key_at(KeyType::uuid, *time + 1000));
}

TEST_CASE("bounds are read quoted or bare, with MINVALUE, MAXVALUE and DEFAULT", "[partitions]") {
  CHECK(range_of(KeyType::int4, "FOR VALUES FROM ('-5') TO (100)") ==
        Range{{Edge::value, {-5, 0}}, {Edge::value, {100, 0}}});
  CHECK(range_of(KeyType::int8, "FOR VALUES FROM (MINVALUE) TO ('100')") ==
        Range{kMinimum, {Edge::value, {100, 0}}});
  const auto day = range_of(KeyType::date, "FOR VALUES FROM ('2024-01-01') TO (MAXVALUE)");
  CHECK(day.lower.value == *parse_key(KeyType::date, "2024-01-01"));
  CHECK(day.upper == kMaximum);
  const auto nothing = parse_partition_bound(KeyType::date, "DEFAULT");
  REQUIRE(nothing);
  CHECK_FALSE(nothing->has_value());
}

TEST_CASE("a bound that zdm does not read is refused and quoted", "[partitions]") {
  for (const auto* text : {"FOR VALUES IN ('a')", "FOR VALUES WITH (modulus 4, remainder 0)",
                           "FOR VALUES FROM ('2024-01-01', 5) TO ('2024-02-01', 5)",
                           "FOR VALUES FROM ('a'', ''b') TO ('c)')",
                           "FOR VALUES FROM ('2024-01-01') TO ('x') y", ""}) {
    const auto parsed = parse_partition_bound(KeyType::date, text);
    INFO(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == ErrorCode::refused);
    CHECK(parsed.error().message.find(text) != std::string::npos);
  }
}

TEST_CASE("bounds are written for SQL and for reports", "[partitions]") {
  const Bound time{Edge::value, *parse_key(KeyType::timestamptz, "2024-01-31 23:00:00+00")};
  CHECK(bound_sql(KeyType::timestamptz, time) == "'2024-01-31 23:00:00+00'");
  CHECK(bound_text(KeyType::timestamptz, time) == "2024-01-31T23:00:00Z");
  CHECK(bound_sql(KeyType::int8, {Edge::value, {7, 0}}) == "7");
  CHECK(bound_sql(KeyType::int8, kMaximum) == "MAXVALUE");
  CHECK(kMinimum < time);
  CHECK(time < kMaximum);
}

}  // namespace zdm::planner
