#pragma once

#include <string_view>
#include <vector>

/// The words that arguments may be, gathered from what knows them: the table of commands names
/// these functions, shells complete by them.
namespace zdm::cli {

using Words = std::vector<std::string_view>;

[[nodiscard]] Words phase_names();
/// The phases, and "all".
[[nodiscard]] Words phases_to_apply();
/// The phases, and "none".
[[nodiscard]] Words phases_to_keep();
/// Kinds of change.
[[nodiscard]] Words kind_names();
/// What zdm explain knows: phases, kinds and rules.
[[nodiscard]] Words topics();
/// What zdm init can write besides zdm.toml.
[[nodiscard]] Words template_names();
/// PostgreSQL's majors that the gate knows.
[[nodiscard]] Words postgres_majors();
[[nodiscard]] Words color_choices();
/// What --allow accepts.
[[nodiscard]] Words hazards();
/// Shells that zdm completion writes for.
[[nodiscard]] Words shells();
[[nodiscard]] Words refresh_methods();

}  // namespace zdm::cli
