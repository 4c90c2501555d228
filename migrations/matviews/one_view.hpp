#pragma once

#include "matviews/matviews.hpp"

namespace zdm::migrations {

/// The refresh of one view from its lease to its record.
struct OneView {
  MatviewReport report;
  std::vector<std::string> carried;  ///< other views that were built anew with it
};
/// `known`: as it was when the run began; what may have changed since is read again.
[[nodiscard]] OneView refresh_one(const Environment& environment, const MatviewState& known,
                                  const MatviewRefreshOptions& options,
                                  const ProgressSink& progress);

/// "3 min 20 s" as reasons say it.
[[nodiscard]] std::string age_text(std::int64_t milliseconds);

}  // namespace zdm::migrations
