#include <algorithm>

#include "partitions/plan.hpp"

namespace zdm::planner {
namespace {

/// How far civil time may be from UTC, in either direction, with room to spare.
constexpr Micros kZoneSlack = 2 * kDay;
/// A policy that no longer fits what is there must not ask the server for boundaries without end.
constexpr std::int64_t kMostLines = 20'000;

/// The start of the oldest hole that is to be filled; nothing: there is none.
std::optional<KeyValue> oldest_hole(const PartitionSet& set,
                                    const std::optional<KeyValue>& cutoff) {
  for (const Range& hole : holes(set)) {
    if (cutoff && hole.upper.value <= *cutoff) continue;
    return cutoff ? std::max(hole.lower.value, *cutoff) : hole.lower.value;
  }
  return std::nullopt;
}

/// After the last partition, when that ended before now: the periods between are a hole too.
std::optional<KeyValue> end_of_last(const PartitionSet& set) {
  if (set.partitions.empty()) return std::nullopt;
  const Bound& upper = set.partitions.back().range.upper;
  return upper.edge == Edge::value ? std::optional(upper.value) : std::nullopt;
}

}  // namespace

std::vector<Range> holes(const PartitionSet& set) {
  std::vector<Range> found;
  for (std::size_t i = 1; i < set.partitions.size(); ++i) {
    const Bound& end = set.partitions[i - 1].range.upper;
    const Bound& start = set.partitions[i].range.lower;
    if (end < start) found.push_back({end, start});
  }
  return found;
}

std::optional<Bound> horizon(const PartitionSet& set, const KeyValue& now) {
  std::optional<Bound> end;
  for (const Partition& each : set.partitions) {
    if (each.pending) {
      if (end) break;
      continue;
    }
    if (!end && each.range.holds(now)) end = each.range.upper;
    if (end && each.range.lower == *end) end = each.range.upper;
  }
  return end;
}

GridSpan grid_span(const PartitionSet& set, const PartitionPolicy& policy, const Calendar& calendar,
                   Micros now, std::optional<Micros> cutoff) {
  const std::int64_t current = calendar.index_of(now);
  GridSpan span{.first = current - 1, .last = current + policy.ahead + 3};
  const auto earliest =
      cutoff ? std::optional(key_at(set.type, *cutoff - kZoneSlack)) : std::optional<KeyValue>();
  for (const auto& from : {oldest_hole(set, earliest), end_of_last(set)}) {
    if (!from) continue;
    const Micros time = std::max(time_of(set.type, *from),
                                 cutoff ? *cutoff - kZoneSlack : time_of(set.type, *from));
    if (time < now) span.first = std::min(span.first, calendar.index_of(time - kZoneSlack) - 1);
  }
  span.first = std::max(span.first, span.last - kMostLines);
  return span;
}

Grid number_grid(const PartitionSet& set, const PartitionPolicy& policy, std::int64_t current) {
  const auto index_of = [&](std::int64_t value) {
    const auto from_anchor = static_cast<__int128_t>(value) - policy.anchor;
    const auto index = from_anchor / policy.step - (from_anchor % policy.step < 0 ? 1 : 0);
    return static_cast<std::int64_t>(index);
  };
  Grid grid{.lines = {}, .now = {current, 0}, .cutoff = {}};
  if (policy.keep_numbers) {
    const auto cutoff = static_cast<__int128_t>(current) - *policy.keep_numbers;
    grid.cutoff = KeyValue{static_cast<std::int64_t>(std::max<__int128_t>(cutoff, INT64_MIN)), 0};
  }
  std::int64_t first = index_of(current);
  const std::int64_t last = first + policy.ahead + 1;
  for (const auto& from : {oldest_hole(set, grid.cutoff), end_of_last(set)}) {
    if (from && from->high < current) first = std::min(first, index_of(from->high));
  }
  first = std::max(first, last - kMostLines);
  for (std::int64_t i = first; i <= last; ++i) {
    const auto value =
        static_cast<__int128_t>(policy.anchor) + static_cast<__int128_t>(i) * policy.step;
    const std::int64_t most = set.type == KeyType::int2   ? INT16_MAX
                              : set.type == KeyType::int4 ? INT32_MAX
                                                          : INT64_MAX;
    if (value < -static_cast<__int128_t>(most) - 1 || value > most) continue;
    const auto number = static_cast<std::int64_t>(value);
    grid.lines.push_back({.name = number, .value = {number, 0}});
  }
  return grid;
}

}  // namespace zdm::planner
