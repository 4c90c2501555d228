#include "views/check/checked.hpp"

#include <fmt/format.h>

#include <map>

#include "model/canonical.hpp"

namespace zdm::cli {
namespace {

/// Runs of white space become one blank, so that a new layout is no new finding.
std::string squeezed(std::string_view text) {
  std::string result;
  bool blank = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
      blank = !result.empty();
      continue;
    }
    if (blank) result += ' ';
    blank = false;
    result += c;
  }
  return result;
}

}  // namespace

CheckCounts counts_of(const std::vector<planner::Finding>& findings) {
  CheckCounts counts;
  for (const auto& finding : findings) {
    if (finding.suppressed) {
      ++counts.suppressed;
    } else if (finding.severity == planner::Severity::error) {
      ++counts.errors;
    } else if (finding.severity == planner::Severity::warning) {
      ++counts.warnings;
    }
  }
  return counts;
}

std::vector<std::string> fingerprints(const std::vector<planner::Finding>& findings) {
  constexpr std::string_view kPrefix = "sha256:";
  std::map<std::string, int> seen;
  std::vector<std::string> result;
  result.reserve(findings.size());
  for (const auto& finding : findings) {
    // A finding about a file, not a statement, is told from others by what it says.
    const auto& what = finding.statement.empty() ? finding.message : finding.statement;
    auto key =
        fmt::format("{}\n{}\n{}", finding.rule, plain_path(finding.where.file), squeezed(what));
    key += fmt::format("\n{}", ++seen[key]);
    result.push_back(planner::checksum(key).substr(kPrefix.size()));
  }
  return result;
}

std::string plain_path(std::string_view path) {
  while (path.starts_with("./")) {
    path.remove_prefix(2);
    while (path.starts_with('/')) path.remove_prefix(1);
  }
  return std::string(path);
}

std::string counted(std::size_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace zdm::cli
