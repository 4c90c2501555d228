#pragma once

#include <string>
#include <vector>

#include "gate/finding.hpp"
#include "gate/sql_file.hpp"

namespace zdm::planner {

/// Marks the findings that a comment of the file covers as suppressed, with its reason:
///
///     -- zdm:allow RULE reason=why [until=RELEASE]
///
/// It covers the statement it precedes, stands in, or ends the line of; where a blank line parts it
/// from the first statement of the file, the whole file. `findings` are those of this file alone.
/// Returned are findings of the rule `allow`: without a reason or a known rule it covers nothing;
/// one that covers nothing, or whose release is among those `cut`, is told too.
[[nodiscard]] std::vector<Finding> apply_allows(const SqlFile& file, std::vector<Finding>& findings,
                                                const std::vector<std::string>& cut);

/// The same for a migration of zdm's own, where a line `# zdm:allow RULE reason=why` covers what
/// follows up to the next [[change]] (one that follows right away is covered).
[[nodiscard]] std::vector<Finding> apply_allows_in_toml(const SqlFile& file,
                                                        std::vector<Finding>& findings,
                                                        const std::vector<std::string>& cut);

}  // namespace zdm::planner
