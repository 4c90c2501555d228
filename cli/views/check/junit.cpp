#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "redact.hpp"
#include "text_width.hpp"
#include "views/check/formats.hpp"

// The form that Jenkins, GitLab and others read: no standard, but
// https://github.com/testmoapp/junitxml describes what they agree on.

namespace zdm::cli {
namespace {

using planner::Finding;

/// printable() leaves nothing that XML 1.0 has no character for.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : redacted(printable(text))) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\n':
        result += "&#10;";  // a raw one in an attribute is read as a blank
        break;
      case '\t':
        result += "&#9;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string place(const planner::SourceSpan& where) {
  auto text = plain_path(where.file);
  if (where.line > 0) text += fmt::format(":{}:{}", where.line, std::max(where.column, 1));
  return text;
}

std::string words_of(const Finding& finding) {
  auto text = place(finding.where) + "\n" + finding.message;
  if (!finding.help.empty()) text += "\n" + finding.help;
  if (!finding.statement.empty()) text += "\n\n" + finding.statement;
  return text;
}

struct Tally {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t skipped = 0;
};

std::string attributes(const Tally& tally) {
  return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"", tally.tests,
                     tally.failures, tally.skipped);
}

/// What fails the gate is a failure; a warning that does not is a case that passes and says so.
std::string case_of(const Finding& finding, bool strict, Tally& tally) {
  ++tally.tests;
  auto text =
      fmt::format("    <testcase name=\"{} at {}\" classname=\"{}\" file=\"{}\"",
                  escaped(finding.rule), escaped(place(finding.where)),
                  escaped(plain_path(finding.where.file)), escaped(plain_path(finding.where.file)));
  if (finding.where.line > 0) text += fmt::format(" line=\"{}\"", finding.where.line);
  text += ">\n      ";
  if (finding.suppressed) {
    ++tally.skipped;
    text += fmt::format("<skipped message=\"{}\"/>", escaped(*finding.suppressed));
  } else if (strict || finding.severity == planner::Severity::error) {
    ++tally.failures;
    text +=
        fmt::format("<failure message=\"{}\" type=\"{}\">{}</failure>", escaped(finding.message),
                    escaped(finding.rule), escaped(words_of(finding)));
  } else {
    text += fmt::format("<system-out>warning: {}</system-out>", escaped(words_of(finding)));
  }
  return text + "\n    </testcase>\n";
}

std::string clean_case(const std::string& path, Tally& tally) {
  ++tally.tests;
  return fmt::format("    <testcase name=\"no findings\" classname=\"{0}\" file=\"{0}\"/>\n",
                     escaped(path));
}

}  // namespace

std::string to_junit(const Checked& checked) {
  std::map<std::string, std::string> cases;  // by path
  std::map<std::string, Tally> tallies;
  for (const auto& finding : checked.findings) {
    const auto path = plain_path(finding.where.file);
    cases[path] += case_of(finding, checked.strict, tallies[path]);
  }
  for (const auto& file : checked.files) {
    const auto path = plain_path(file.path);
    if (!cases.contains(path)) cases[path] = clean_case(path, tallies[path]);
  }
  Tally all;
  std::string suites;
  for (const auto& [path, text] : cases) {
    const auto& tally = tallies[path];
    all.tests += tally.tests;
    all.failures += tally.failures;
    all.skipped += tally.skipped;
    suites += fmt::format("  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n", escaped(path),
                          attributes(tally), text);
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"zdm check\" {}>\n{}"
      "</testsuites>",
      attributes(all), suites);
}

}  // namespace zdm::cli
