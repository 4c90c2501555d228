#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/error.hpp"
#include "terminal.hpp"
#include "views/check/checked.hpp"

namespace zdm::cli {

/// For a person, in the manner of rustc: nothing on standard output where nothing was found; what
/// was looked at on standard error, with -v or where something was found.
void draw_findings(const Checked& checked, Console& console);

/// A SARIF 2.1.0 log (OASIS). `error`: why the gate could not look at everything.
[[nodiscard]] std::string to_sarif(const Checked& checked,
                                   const std::optional<planner::Error>& error,
                                   std::string_view version);

/// Workflow commands of GitHub Actions, one line each; suppressed findings are left out.
[[nodiscard]] std::string to_github(const Checked& checked);

/// A Code Quality report of GitLab; suppressed findings are left out.
[[nodiscard]] std::string to_gitlab(const Checked& checked);

/// JUnit's XML: a suite for each file, a case for each finding, suppressed ones skipped.
[[nodiscard]] std::string to_junit(const Checked& checked);

}  // namespace zdm::cli
