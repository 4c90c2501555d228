#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace zdm::planner {

/// The four phases, in order. See zdm-phases(7).
enum class Phase { expand, backfill, switch_, contract };

inline constexpr std::array kPhases = {Phase::expand, Phase::backfill, Phase::switch_,
                                       Phase::contract};

/// "expand", "backfill", "switch", "contract".
[[nodiscard]] std::string_view to_string(Phase phase);
[[nodiscard]] std::optional<Phase> parse_phase(std::string_view text);

/// The phase before, or nothing for expand.
[[nodiscard]] std::optional<Phase> previous(Phase phase);
/// The phase after, or nothing for contract.
[[nodiscard]] std::optional<Phase> next(Phase phase);

/// Where one phase of one migration stands: the words of zdm.plan/1 and zdm.status/1.
enum class PhaseState { pending, running, done, failed, paused, undone, held, empty };

[[nodiscard]] std::string_view to_string(PhaseState state);
[[nodiscard]] std::optional<PhaseState> parse_phase_state(std::string_view text);

}  // namespace zdm::planner
