#pragma once

#include <string>
#include <vector>

#include "metrics.hpp"

namespace zdm::cli {

/// What a file says that write_metrics() wrote; nothing where there is none. A line that is not
/// understood is left out.
[[nodiscard]] std::vector<Metric> read_metrics(const std::string& path);

}  // namespace zdm::cli
