#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How a materialized view is refreshed, and why.
namespace zdm::planner {

enum class RefreshMethod {
  first,         ///< populated for the first time: nobody can read it yet
  concurrently,  ///< REFRESH … CONCURRENTLY: only the rows that changed are written
  swap,          ///< built beside and exchanged
  blocking,      ///< plain REFRESH: readers wait; only when asked for by name
};
[[nodiscard]] std::string_view to_string(RefreshMethod method);
[[nodiscard]] std::optional<RefreshMethod> parse_refresh_method(std::string_view text);

/// What zdm.toml or --method asks for.
enum class MethodPolicy { automatic, concurrently, swap };
[[nodiscard]] std::string_view to_string(MethodPolicy policy);
[[nodiscard]] std::optional<MethodPolicy> parse_method_policy(std::string_view text);

/// A refresh that succeeded, as the ledger remembers it.
struct PastRefresh {
  RefreshMethod method = RefreshMethod::concurrently;
  std::int64_t duration_ms = 0;
  std::int64_t rows = 0;          ///< after it
  std::optional<double> changed;  ///< share of the rows that were not as before, 0 to 1
};

/// What `automatic` looks at.
struct RefreshSituation {
  std::vector<PastRefresh> history;  ///< newest first; older than the last 20 does not count
  std::optional<double> bloat;       ///< size by what its rows need; 1: none
  std::string swap_refused;          ///< why it cannot be exchanged; empty: it can
};

struct MethodChoice {
  RefreshMethod method = RefreshMethod::concurrently;
  std::string reason;  ///< a sentence's end: "swap took 1.2 s, concurrently 10.9 s …"
};

/// Decides between `concurrently` and `swap` by what was measured on this very view. A method never
/// tried is tried: first concurrently, then swap. What is expected of each is the best of its last
/// three times, scaled to the rows it has now and, for concurrently, to the share of them that
/// changes.
[[nodiscard]] MethodChoice choose_method(const RefreshSituation& situation);

/// What a refresh is expected to take; nothing where it was never measured.
struct RefreshForecast {
  std::optional<double> concurrently_ms, swap_ms;
  std::size_t concurrently_runs = 0, swap_runs = 0;  ///< how often they were measured
  std::optional<double> changed;  ///< the share expected: the middle of the last three known
};
[[nodiscard]] RefreshForecast forecast_refresh(const std::vector<PastRefresh>& all);

}  // namespace zdm::planner
