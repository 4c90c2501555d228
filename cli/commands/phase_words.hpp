#pragma once

#include <span>

#include "report.hpp"

namespace zdm::cli {

/// The four phases as zdm-phases(7) explains them.
[[nodiscard]] std::span<const PhaseWords> phase_words();

}  // namespace zdm::cli
