#include <fmt/format.h>

#include <array>

#include "release/rules.hpp"

namespace zdm::planner {

namespace {

/// What one migration demands of the code that runs.
struct Demand {
  std::string release;  ///< the oldest that will do; empty: nobody recorded one
  std::string reason;
};

/// The first release recorded among phases, in the order given.
std::string first_recorded(const std::array<const AppliedIn*, 3>& phases) {
  for (const AppliedIn* phase : phases) {
    if (*phase && !(*phase)->empty()) return **phase;
  }
  return {};
}

std::optional<Demand> demand_of(const Footprint& footprint) {
  const auto& id = footprint.migration.value;
  if (footprint.contracted) {
    auto release =
        first_recorded({&footprint.switched, &footprint.contracted, &footprint.expanded});
    return Demand{release,
                  fmt::format("{} is contracted: code older than {} needs what was dropped", id,
                              release.empty() ? "that" : release)};
  }
  if (footprint.demands && footprint.switched) {
    auto release =
        first_recorded({&footprint.expanded, &footprint.switched, &footprint.contracted});
    return Demand{release, fmt::format("switch of {} is done: code older than {} does not meet its "
                                       "constraint",
                                       id, release.empty() ? "that" : release)};
  }
  return std::nullopt;
}

}  // namespace

Floor floor_of(const std::vector<Footprint>& footprints, const Releases& releases) {
  Floor floor;
  for (const Footprint& footprint : footprints) {
    const auto demand = demand_of(footprint);
    if (!demand) continue;
    const bool raises = !demand->release.empty() &&
                        (floor.release.empty() ||
                         releases.at_or_after(demand->release, floor.release).value_or(false));
    if (!raises) {
      floor.reasons.push_back(demand->reason);
      continue;
    }
    // the reason for the floor itself stands first
    floor.release = demand->release;
    floor.reasons.insert(floor.reasons.begin(), demand->reason);
  }
  return floor;
}

}  // namespace zdm::planner
