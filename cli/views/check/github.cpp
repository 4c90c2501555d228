#include <fmt/format.h>

#include <algorithm>

#include "redact.hpp"
#include "text_width.hpp"
#include "views/check/formats.hpp"

// GitHub's documentation, "Workflow commands for GitHub Actions"; what is escaped, and how, is that
// of its own toolkit (packages/core/src/command.ts).

namespace zdm::cli {
namespace {

/// What follows the two colons.
std::string escaped_data(std::string_view text) {
  std::string result;
  for (const char c : redacted(printable(text))) {
    if (c == '%') {
      result += "%25";
    } else if (c == '\n') {
      result += "%0A";
    } else {
      result += c;
    }
  }
  return result;
}

/// What stands before them.
std::string escaped_property(std::string_view text) {
  std::string result;
  for (const char c : escaped_data(text)) {
    if (c == ':') {
      result += "%3A";
    } else if (c == ',') {
      result += "%2C";
    } else {
      result += c;
    }
  }
  return result;
}

std::string place(const planner::SourceSpan& where) {
  if (where.file.empty()) return {};
  auto text = fmt::format("file={},", escaped_property(plain_path(where.file)));
  if (where.line <= 0) return text;
  const int end = std::max(where.end_line, where.line);
  text += fmt::format("line={},endLine={},", where.line, end);
  // Columns may only be said of a place within one line.
  if (end == where.line && where.column > 0) {
    text +=
        fmt::format("col={},endColumn={},", where.column, std::max(where.end_column, where.column));
  }
  return text;
}

}  // namespace

std::string to_github(const Checked& checked) {
  std::string lines;
  for (const auto& finding : checked.findings) {
    if (finding.suppressed) continue;
    auto message = finding.message;
    if (!finding.help.empty()) message += "\n" + finding.help;
    lines += fmt::format(
        "::{} {}title={}::{}\n", finding.severity == planner::Severity::error ? "error" : "warning",
        place(finding.where), escaped_property(finding.rule), escaped_data(message));
  }
  return lines;
}

}  // namespace zdm::cli
