#include "release/releases.hpp"

#include <algorithm>
#include <utility>

namespace zdm::planner {

namespace {

using Names = std::vector<std::string>;

std::ptrdiff_t index_of(const Names& names, std::string_view release) {
  return std::ranges::find(names, release) - names.begin();
}

bool contains(const Names& names, std::string_view release) {
  return std::ranges::find(names, release) != names.end();
}

/// Where a release that zdm.lock does not know belongs: after all that were applied before it, else
/// before all that were applied after it, else at the end.
std::ptrdiff_t place_by_apply(const Names& order, const std::vector<ReleaseState>& applied,
                              const ReleaseState& release) {
  std::ptrdiff_t after = -1;
  std::ptrdiff_t before = std::ssize(order);
  for (const ReleaseState& other : applied) {
    const auto index = index_of(order, other.release);
    if (index == std::ssize(order)) continue;
    if (other.sequence < release.sequence) after = std::max(after, index);
    if (other.sequence > release.sequence) before = std::min(before, index);
  }
  return after >= 0 ? after + 1 : before;
}

}  // namespace

std::vector<std::string> order_releases(const std::vector<std::string>& cut,
                                        const std::vector<ReleaseState>& applied) {
  Names order = cut;
  auto by_apply = applied;
  std::ranges::stable_sort(by_apply, {}, &ReleaseState::sequence);
  for (const ReleaseState& release : by_apply) {
    if (contains(order, release.release)) continue;
    order.insert(order.begin() + place_by_apply(order, applied, release), release.release);
  }
  return order;
}

Releases::Releases(const std::vector<std::string>& cut, std::vector<ReleaseState> applied,
                   LiveRule rule, const std::string& deploying) {
  const bool known = std::ranges::any_of(
      applied, [&](const ReleaseState& state) { return state.release == deploying; });
  if (!deploying.empty() && !known) {
    std::int64_t last = 0;
    for (const ReleaseState& state : applied) last = std::max(last, state.sequence);
    applied.push_back({deploying, last + 1, false});
  }
  order_ = order_releases(cut, applied);
  if (!deploying.empty() && !known && !contains(cut, deploying)) {
    // seen for the first time: newer than all, those of zdm.lock not applied here included
    std::erase(order_, deploying);
    order_.push_back(deploying);
  }
  std::ptrdiff_t newest = -1;
  for (const ReleaseState& state : applied) {
    newest = std::max(newest, index_of(order_, state.release));
  }
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const auto state = std::ranges::find(applied, order_[i], &ReleaseState::release);
    if (state == applied.end()) continue;
    const bool followed = rule == LiveRule::assumed && static_cast<std::ptrdiff_t>(i) < newest;
    if (state->live || followed) live_.push_back(order_[i]);
  }
}

std::optional<std::size_t> Releases::place(std::string_view release) const {
  const auto index = static_cast<std::size_t>(index_of(order_, release));
  return index == order_.size() ? std::nullopt : std::optional(index);
}

bool Releases::knows(std::string_view release) const {
  return place(release).has_value();
}

std::optional<bool> Releases::at_or_after(std::string_view a, std::string_view b) const {
  if (a == b) return true;
  const auto first = place(a);
  const auto second = place(b);
  if (!first || !second) return std::nullopt;
  return *first >= *second;
}

std::optional<std::string> Releases::live_since(std::string_view release) const {
  const auto found = std::ranges::find_if(
      live_, [&](const std::string& live) { return at_or_after(live, release).value_or(false); });
  return found == live_.end() ? std::nullopt : std::optional(*found);
}

}  // namespace zdm::planner
