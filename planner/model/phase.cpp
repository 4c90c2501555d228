#include "model/phase.hpp"

#include <algorithm>
#include <utility>

namespace zdm::planner {

namespace {

constexpr std::array kPhaseNames = {
    std::pair{Phase::expand, std::string_view("expand")},
    std::pair{Phase::backfill, std::string_view("backfill")},
    std::pair{Phase::switch_, std::string_view("switch")},
    std::pair{Phase::contract, std::string_view("contract")},
};

constexpr std::array kStateNames = {
    std::pair{PhaseState::pending, std::string_view("pending")},
    std::pair{PhaseState::running, std::string_view("running")},
    std::pair{PhaseState::done, std::string_view("done")},
    std::pair{PhaseState::failed, std::string_view("failed")},
    std::pair{PhaseState::paused, std::string_view("paused")},
    std::pair{PhaseState::undone, std::string_view("undone")},
    std::pair{PhaseState::held, std::string_view("held")},
    std::pair{PhaseState::empty, std::string_view("empty")},
};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) {
  const auto row = std::ranges::find(table, value, [](const auto& pair) { return pair.first; });
  return row == table.end() ? std::string_view{} : row->second;
}

template <class Table>
auto value_in(const Table& table, std::string_view name)
    -> std::optional<typename Table::value_type::first_type> {
  const auto row = std::ranges::find(table, name, [](const auto& pair) { return pair.second; });
  if (row == table.end()) return std::nullopt;
  return row->first;
}

}  // namespace

std::string_view to_string(Phase phase) {
  return name_in(kPhaseNames, phase);
}
std::optional<Phase> parse_phase(std::string_view text) {
  return value_in(kPhaseNames, text);
}
std::string_view to_string(PhaseState state) {
  return name_in(kStateNames, state);
}
std::optional<PhaseState> parse_phase_state(std::string_view text) {
  return value_in(kStateNames, text);
}

std::optional<Phase> previous(Phase phase) {
  if (phase == Phase::expand) return std::nullopt;
  return static_cast<Phase>(static_cast<int>(phase) - 1);
}

std::optional<Phase> next(Phase phase) {
  if (phase == Phase::contract) return std::nullopt;
  return static_cast<Phase>(static_cast<int>(phase) + 1);
}

}  // namespace zdm::planner
