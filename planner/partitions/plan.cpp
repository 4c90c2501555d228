#include "partitions/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "partitions/names.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

std::string_view to_string(Expire expire) {
  switch (expire) {
    case Expire::drop:
      return "drop";
    case Expire::detach:
      return "detach";
    case Expire::archive:
      return "archive";
  }
  return "";
}

namespace {

/// What one run makes at most; the next one carries on.
constexpr std::size_t kMostNew = 1000;

bool expired(const Grid& grid, const Bound& upper) {
  return grid.cutoff && upper <= Bound{Edge::value, *grid.cutoff};
}

class Creating final {
 public:
  Creating(const PartitionSet& set, const PartitionPolicy& policy, const Grid& grid)
      : set_(set), policy_(policy), grid_(grid) {
    for (const Partition& each : set.partitions) {
      if (each.name.schema == set.name.schema) taken_.push_back(each.name.name);
    }
  }

  Creation run() {
    attach();
    create();
    look_at_the_end();
    return std::move(plan_);
  }

 private:
  void attach() {
    for (const Orphan& orphan : set_.orphans) {
      const Range& range = orphan.partition.range;
      if (orphan.attached || expired(grid_, range.upper)) continue;
      if (uncovered(range) == std::vector{range}) {
        plan_.attach.push_back(orphan);
        continue;
      }
      plan_.findings.push_back(
          {.code = "place-taken",
           .message = fmt::format("{} was detached by an earlier run and is to be kept again, but "
                                  "another partition has its range",
                                  quote(orphan.partition.name)),
           .hint = "move its rows into the set by hand, then drop it",
           .refusal = true});
    }
  }

  /// The line at or before now.
  [[nodiscard]] std::size_t current_line() const {
    const auto after = std::ranges::upper_bound(grid_.lines, grid_.now, {}, &GridLine::value);
    return after == grid_.lines.begin() ? 0
                                        : static_cast<std::size_t>(after - grid_.lines.begin()) - 1;
  }

  /// What no partition holds of a range.
  [[nodiscard]] std::vector<Range> uncovered(Range range) const {
    std::vector<Range> there;
    for (const Partition& each : set_.partitions) there.push_back(each.range);
    for (const Orphan& each : plan_.attach) there.push_back(each.partition.range);
    std::ranges::sort(there);
    std::vector<Range> pieces;
    for (const Range& each : there) {
      if (each.upper <= range.lower || range.upper <= each.lower) continue;
      if (range.lower < each.lower) pieces.push_back({range.lower, each.lower});
      range.lower = std::min(each.upper, range.upper);
    }
    if (range.lower < range.upper) pieces.push_back(range);
    return pieces;
  }

  void create() {
    if (grid_.lines.size() < 2) return;
    const std::size_t current = current_line();
    const std::size_t end =
        std::min(current + static_cast<std::size_t>(policy_.ahead) + 1, grid_.lines.size() - 1);
    for (std::size_t i = current; i < end; ++i) {
      add(i, i == current ? "the current range" : "ahead of now");
    }
    // The newest hole first: it is where late rows are most likely to belong.
    for (std::size_t i = current; i-- > 0;) add(i, "fills a hole");
    if (plan_.create.size() <= kMostNew) return;
    plan_.findings.push_back(
        {.code = "many-missing",
         .message = fmt::format("{} partitions are missing", plan_.create.size()),
         .hint = fmt::format("a run makes {}; the next one carries on", kMostNew),
         .refusal = false});
    plan_.create.resize(kMostNew);
  }

  void add(std::size_t line, const char* why) {
    const Range period{{Edge::value, grid_.lines[line].value},
                       {Edge::value, grid_.lines[line + 1].value}};
    for (const Range& piece : uncovered(period)) {
      const bool past = piece.upper <= Bound{Edge::value, grid_.now};
      if (past && (expired(grid_, piece.upper) || !behind_the_first(piece))) continue;
      const std::int64_t start =
          piece.lower == period.lower ? grid_.lines[line].name : name_of(piece.lower.value);
      NewPartition made{.name = {set_.name.schema, partition_name(policy_, start, taken_)},
                        .range = piece,
                        .why = piece == period ? why : fmt::format("{}, between neighbours", why)};
      taken_.push_back(made.name.name);
      plan_.create.push_back(std::move(made));
    }
  }

  [[nodiscard]] std::int64_t name_of(const KeyValue& value) const {
    return is_time(set_.type) ? time_of(set_.type, value) : value.high;
  }

  /// What is older than all that is there, and stays, nobody asked for.
  [[nodiscard]] bool behind_the_first(const Range& piece) const {
    const auto first = std::ranges::find_if(
        set_.partitions, [&](const Partition& each) { return !expired(grid_, each.range.upper); });
    return first != set_.partitions.end() && first->range.lower <= piece.lower;
  }

  void look_at_the_end() {
    if (set_.partitions.empty() || set_.partitions.back().range.upper != kMaximum) return;
    const Partition& last = set_.partitions.back();
    plan_.findings.push_back(
        {.code = "open-ended",
         .message = fmt::format("{} goes up to MAXVALUE: it takes all that comes after {}",
                                quote(last.name), bound_text(set_.type, last.range.lower)),
         .hint = "no partition can be made there; detach it, and attach it again with an end",
         .refusal = false});
  }

  const PartitionSet& set_;
  const PartitionPolicy& policy_;
  const Grid& grid_;
  std::vector<std::string> taken_;
  Creation plan_;
};

/// There is a partition for now, and one after it: the set can do without its past.
bool holds_the_horizon(const PartitionSet& set, const Grid& grid,
                       const std::vector<Range>& coming) {
  bool current = false;
  bool ahead = false;
  const auto next = std::ranges::upper_bound(grid.lines, grid.now, {}, &GridLine::value);
  const Bound now{Edge::value, grid.now};
  // One that holds now may be wider than the policy, and hold what comes next as well.
  const Bound end = next == grid.lines.end() ? kMaximum : Bound{Edge::value, next->value};
  const auto look = [&](const Range& range) {
    const bool holds = range.holds(grid.now);
    current = current || holds;
    ahead = ahead || now < range.lower || range.upper == kMaximum || (holds && end < range.upper);
  };
  for (const Partition& each : set.partitions) {
    if (!each.pending) look(each.range);
  }
  for (const Range& each : coming) look(each);
  return current && ahead;
}

const char* past_tense(Expire expire) {
  switch (expire) {
    case Expire::drop:
      return "dropped";
    case Expire::detach:
      return "detached";
    case Expire::archive:
      return "archived";
  }
  return "";
}

std::optional<PartitionFinding> against_all(const PartitionPolicy& policy, std::size_t count,
                                            bool horizon, bool may_drop_all) {
  if (!horizon) {
    return PartitionFinding{
        .code = "no-horizon",
        .message = "no newer partition holds the horizon, so nothing is retired",
        .hint = "see why the ranges of now and after it cannot be made",
        .refusal = true};
  }
  if (count <= static_cast<std::size_t>(policy.max_drops) || may_drop_all) return std::nullopt;
  return PartitionFinding{
      .code = "too-many-drops",
      .message = fmt::format("{} partitions are past keep, and max_drops is {}: none was {}", count,
                             policy.max_drops, past_tense(policy.expire)),
      .hint = "zdm partition plan shows them; if they are to go, run rotate with --yes",
      .refusal = true};
}

}  // namespace

Creation plan_creation(const PartitionSet& set, const PartitionPolicy& policy, const Grid& grid) {
  return Creating(set, policy, grid).run();
}

Retirement plan_retirement(const PartitionSet& set, const PartitionPolicy& policy, const Grid& grid,
                           const std::vector<Range>& coming, bool may_drop_all) {
  Retirement plan;
  for (const Partition& each : set.partitions) {
    if (each.pending) {
      plan.finalize.push_back(each);
    } else if (expired(grid, each.range.upper)) {
      plan.retire.push_back(each);
    }
  }
  for (const Orphan& orphan : set.orphans) {
    if (!orphan.attached && expired(grid, orphan.partition.range.upper)) {
      plan.finish.push_back(orphan);
    }
  }
  if (plan.retire.empty()) return plan;
  const bool horizon = holds_the_horizon(set, grid, coming);
  if (auto finding = against_all(policy, plan.retire.size(), horizon, may_drop_all)) {
    plan.findings.push_back(std::move(*finding));
    plan.retire.clear();
  }
  return plan;
}

}  // namespace zdm::planner
