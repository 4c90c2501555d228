#pragma once

#include <string>
#include <vector>

#include "gate/gate.hpp"

namespace zdm::migrations {

/// A file with the replacements of its findings made.
struct MendedFile {
  std::string path;
  std::string bytes;
  std::vector<std::string> diff;  ///< unified, line by line
};

/// Makes the replacements of findings that are not allowed by a comment. A file in which one would
/// lead to another finding (a second statement puts a runner's transaction around both) stays as it
/// is, as do standard input and what has shipped.
[[nodiscard]] std::vector<MendedFile> mend(const GateReport& report, const GateRequest& request);

/// The text with fixes made; of two that overlap, the first.
[[nodiscard]] std::string with_fixes(const std::string& bytes, std::vector<planner::Fix> fixes);

/// The lines of a unified diff with three lines around each change, headed by the path.
[[nodiscard]] std::vector<std::string> unified_diff(const std::string& path,
                                                    const std::string& before,
                                                    const std::string& after);

}  // namespace zdm::migrations
