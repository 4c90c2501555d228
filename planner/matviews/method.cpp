#include "matviews/method.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace zdm::planner {
namespace {

constexpr std::size_t kRemembered = 20;
constexpr std::size_t kRecentShares = 3;
/// Built beside at 1.5 times what its rows need: VACUUM gives space back to the view, never to the
/// disk.
constexpr double kMostBloat = 1.5;
/// Swap writes the whole view to the WAL and needs a moment without readers: it has to be worth it.
constexpr double kWorthIt = 0.9;
/// Noise of a busy server only ever adds: the best of the last few counts.
constexpr std::size_t kBestOf = 3;
/// So near, and the one that seems slower was measured only once: it is measured again.
constexpr double kNear = 1.25;
/// Below it nothing is worth a trial.
constexpr std::int64_t kShort = 50;
/// REFRESH CONCURRENTLY compares every row and writes those that changed, heap and indexes, twice
/// (delete and insert). Where one share alone was measured, this is the cost of writing a row by
/// that of comparing one (1 million rows, two indexes: 3.6 s unchanged, 10.9 s with half changed).
constexpr double kWriteByCompare = 4;

constexpr std::array<std::string_view, 4> kMethods = {"first", "concurrently", "swap", "blocking"};
constexpr std::array<std::string_view, 3> kPolicies = {"auto", "concurrently", "swap"};

template <class Enum, std::size_t size>
std::optional<Enum> find(const std::array<std::string_view, size>& names, std::string_view text) {
  const auto at = std::ranges::find(names, text);
  if (at == names.end()) return std::nullopt;
  return static_cast<Enum>(at - names.begin());
}

double per_row(const PastRefresh& run) {
  return static_cast<double>(run.duration_ms) /
         static_cast<double>(std::max<std::int64_t>(run.rows, 1));
}

std::optional<double> expected_share(const std::vector<PastRefresh>& history) {
  std::vector<double> shares;
  for (const PastRefresh& run : history) {
    if (run.changed && shares.size() < kRecentShares) shares.push_back(*run.changed);
  }
  if (shares.empty()) return std::nullopt;
  std::ranges::sort(shares);
  return shares[shares.size() / 2];
}

/// The line through what was measured: time per row over share. Only where the shares differ enough
/// to tell its slope; a slope that falls is noise.
std::optional<double> on_the_line(const std::vector<PastRefresh>& runs, double share) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0, least = 1, most = 0;
  for (const PastRefresh& run : runs) {
    if (!run.changed) continue;
    n += 1;
    x += *run.changed;
    y += per_row(run);
    xx += *run.changed * *run.changed;
    xy += *run.changed * per_row(run);
    least = std::min(least, *run.changed);
    most = std::max(most, *run.changed);
  }
  constexpr double kApart = 0.1;
  if (n < 2 || most - least < kApart) return std::nullopt;
  const double slope = (n * xy - x * y) / (n * xx - x * x);
  const double start = (y - slope * x) / n;
  if (slope < 0 || start <= 0) return std::nullopt;
  return start + slope * share;
}

double concurrently_per_row(const std::vector<PastRefresh>& runs, double share) {
  if (const auto line = on_the_line(runs, share)) return *line;
  double best = 0;
  for (std::size_t i = 0; i < std::min(runs.size(), kBestOf); ++i) {
    const double then = runs[i].changed.value_or(share);
    const double now =
        per_row(runs[i]) * (1 + kWriteByCompare * share) / (1 + kWriteByCompare * then);
    best = i == 0 ? now : std::min(best, now);
  }
  return best;
}

double swap_per_row(const std::vector<PastRefresh>& runs) {
  double best = per_row(runs.front());
  for (std::size_t i = 0; i < std::min(runs.size(), kBestOf); ++i) {
    best = std::min(best, per_row(runs[i]));
  }
  return best;
}

std::vector<PastRefresh> of_method(const std::vector<PastRefresh>& history, RefreshMethod method) {
  std::vector<PastRefresh> runs;
  std::ranges::copy_if(history, std::back_inserter(runs),
                       [&](const PastRefresh& run) { return run.method == method; });
  return runs;
}

std::string seconds(double ms) {
  return ms < 1000 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.1f} s", ms / 1000);
}

std::string of_rows(const std::optional<double>& share) {
  if (!share) return {};
  const double percent = *share * 100;
  return percent < 1 ? fmt::format(", as about {:.1g} % of the rows change", percent)
                     : fmt::format(", as about {:.0f} % of the rows change", percent);
}

MethodChoice compare(const RefreshForecast& forecast) {
  using enum RefreshMethod;
  const double swap_ms = *forecast.swap_ms;
  const double concurrently_ms = *forecast.concurrently_ms;
  const auto text = fmt::format("swap is expected to take {}, concurrently {}{}", seconds(swap_ms),
                                seconds(concurrently_ms), of_rows(forecast.changed));
  const bool to_swap = swap_ms < concurrently_ms * kWorthIt;
  const bool near = std::max(swap_ms, concurrently_ms) < kNear * std::min(swap_ms, concurrently_ms);
  const bool other_once = (to_swap ? forecast.concurrently_runs : forecast.swap_runs) < 2;
  if (near && other_once) {
    return {to_swap ? concurrently : swap, text + "; so near that it is measured once more"};
  }
  return {to_swap ? swap : concurrently, text};
}

}  // namespace

std::string_view to_string(RefreshMethod method) {
  return kMethods.at(static_cast<std::size_t>(method));
}
std::optional<RefreshMethod> parse_refresh_method(std::string_view text) {
  return find<RefreshMethod>(kMethods, text);
}
std::string_view to_string(MethodPolicy policy) {
  return kPolicies.at(static_cast<std::size_t>(policy));
}
std::optional<MethodPolicy> parse_method_policy(std::string_view text) {
  return find<MethodPolicy>(kPolicies, text);
}

RefreshForecast forecast_refresh(const std::vector<PastRefresh>& all) {
  const std::vector<PastRefresh> history(
      all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), kRemembered)));
  RefreshForecast forecast{
      .concurrently_ms = {}, .swap_ms = {}, .changed = expected_share(history)};
  if (history.empty()) return forecast;
  const auto rows = static_cast<double>(std::max<std::int64_t>(history.front().rows, 1));
  const auto concurrently = of_method(history, RefreshMethod::concurrently);
  const auto swap = of_method(history, RefreshMethod::swap);
  if (!concurrently.empty()) {
    forecast.concurrently_ms =
        rows * concurrently_per_row(concurrently, forecast.changed.value_or(0));
  }
  if (!swap.empty()) forecast.swap_ms = rows * swap_per_row(swap);
  forecast.concurrently_runs = concurrently.size();
  forecast.swap_runs = swap.size();
  return forecast;
}

MethodChoice choose_method(const RefreshSituation& situation) {
  if (!situation.swap_refused.empty()) {
    return {RefreshMethod::concurrently,
            fmt::format("swap is not possible: {}", situation.swap_refused)};
  }
  const auto forecast = forecast_refresh(situation.history);
  if (!forecast.concurrently_ms) {
    return {RefreshMethod::concurrently, "it was not measured yet"};
  }
  if (situation.bloat && *situation.bloat >= kMostBloat) {
    return {RefreshMethod::swap,
            fmt::format("the view takes {:.1f} times the space its rows need", *situation.bloat)};
  }
  if (forecast.swap_ms) return compare(forecast);
  if (*forecast.concurrently_ms < static_cast<double>(kShort)) {
    return {RefreshMethod::concurrently, fmt::format("it takes {}: there is nothing to gain",
                                                     seconds(*forecast.concurrently_ms))};
  }
  return {RefreshMethod::swap, fmt::format("it was not measured yet; concurrently takes {}",
                                           seconds(*forecast.concurrently_ms))};
}

}  // namespace zdm::planner
