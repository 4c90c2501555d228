#pragma once

#include "database/open.hpp"
#include "signals.hpp"

namespace zdm::cli {

/// The same opener; while one of its connections lives, a second Ctrl-C cancels what it runs.
[[nodiscard]] migrations::Opener tracked(migrations::Opener open, Interrupts& interrupts);

}  // namespace zdm::cli
