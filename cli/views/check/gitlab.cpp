#include <algorithm>
#include <nlohmann/json.hpp>

#include "redact.hpp"
#include "views/check/formats.hpp"

// GitLab's documentation, "Code Quality report format".

namespace zdm::cli {

std::string to_gitlab(const Checked& checked) {
  using Json = nlohmann::ordered_json;
  const auto prints = fingerprints(checked.findings);
  Json report = Json::array();
  for (std::size_t i = 0; i < checked.findings.size(); ++i) {
    const auto& finding = checked.findings[i];
    if (finding.suppressed) continue;
    const auto& where = finding.where;
    const int line = std::max(where.line, 1);
    auto description = finding.message;
    if (!finding.help.empty()) description += "\n" + finding.help;
    report.push_back(
        {{"description", redacted(description)},
         {"check_name", finding.rule},
         {"fingerprint", prints[i]},
         {"severity", finding.severity == planner::Severity::error ? "major" : "minor"},
         {"location",
          {{"path", plain_path(where.file)},
           {"lines", {{"begin", line}, {"end", std::max(where.end_line, line)}}}}}});
  }
  return report.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace zdm::cli
