#pragma once

#include <memory>
#include <string>
#include <vector>

#include "matviews/exchange.hpp"
#include "matviews/job.hpp"

namespace zdm::migrations {

/// What a swap of a view takes along and would have to carry over.
struct SwapScene {
  struct Member {
    planner::ExchangeMember exchange;
    std::uint32_t oid = 0;
    bool populated = true;
    std::string shape_text;              ///< as read: compared again under the lock
    std::vector<std::string> uncarried;  ///< what the new one cannot be given
    std::vector<std::size_t> reads;      ///< members before it that its query names
  };
  std::vector<Member> members;  ///< the view first, then those that read it directly, in order
  std::vector<planner::Dependent> followers;

  /// Why they cannot be exchanged, one line each; empty: they can.
  [[nodiscard]] std::vector<std::string> obstacles() const;
};
/// Reads it all in one snapshot.
[[nodiscard]] Result<SwapScene> read_swap_scene(Session& session, const planner::Matview& view);

/// Builds the view beside, exchanges it, and drops the old one. ErrorCode::refused with the list of
/// what cannot follow. `carried`: other materialized views that were built anew with it. Whatever
/// ends it, the old view is whole, and what was built is dropped, now or by the next run.
[[nodiscard]] Result<void> refresh_by_swap(MatviewJob& job, SwapScene scene,
                                           std::vector<std::string>& carried);

/// Drops what a zdm that is gone built beside for this view. The lease of the view is ours.
[[nodiscard]] Result<void> drop_leftovers(Session& session, const std::string& view);

}  // namespace zdm::migrations
