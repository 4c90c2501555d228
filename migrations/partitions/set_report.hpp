#pragma once

#include "partitions/operations.hpp"
#include "partitions/read_sets.hpp"

namespace zdm::migrations {

/// What a report says of a set, whatever is done with it.
[[nodiscard]] SetReport describe(const planner::PartitionPolicy& policy, const ReadSet& read);
/// The same, of the set as it is now, in a report that tells already what was done.
void describe_again(SetReport& report, const planner::PartitionPolicy& policy, const ReadSet& read);

/// The state that follows from what a report has: failed, refused, paused; else `otherwise`.
void settle_state(SetReport& report, std::string_view otherwise);

/// Why this role can do nothing to the set: it may not alter it, or make tables beside it.
[[nodiscard]] std::optional<Error> against_role(const planner::PartitionSet& set);

/// The one error of a run over several sets: that of the exit code. A set that has no partition for
/// now comes first, with words that monitoring can look for.
[[nodiscard]] std::optional<Error> error_of(const std::vector<SetReport>& sets);

/// Those words.
[[nodiscard]] std::string missing_current_words(const SetReport& report);

/// The lock timeout of partitions, where nobody has set another: with what the server takes to
/// notice, nobody waits for 100 ms.
inline constexpr std::chrono::milliseconds kPartitionLockTimeout{80};

}  // namespace zdm::migrations
