#include <vector>

#include "cli/check/found.hpp"
#include "support/catch.hpp"
#include "text_width.hpp"
#include "views/check/formats.hpp"

namespace zdm::tests {
namespace {

using cli::Checked;
using planner::Severity;

struct Element {
  std::string name;
  std::string attributes;
  std::size_t depth = 0;
};

/// Whether XML 1.0 has a character for every byte sequence of the text.
bool of_xml_characters(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') return false;
  }
  return cli::printable(text) == text;
}

/// The elements in order. Fails where tags do not match, or text holds raw markup.
std::vector<Element> elements(const std::string& xml) {
  REQUIRE(of_xml_characters(xml));
  std::vector<Element> found;
  std::vector<std::string> open;
  auto at = xml.find("?>");
  REQUIRE(at != std::string::npos);
  while ((at = xml.find('<', at)) != std::string::npos) {
    const auto end = xml.find('>', at);
    REQUIRE(end != std::string::npos);
    auto tag = xml.substr(at + 1, end - at - 1);
    at = end;
    if (tag.starts_with('/')) {
      REQUIRE_FALSE(open.empty());
      CHECK(open.back() == tag.substr(1));
      open.pop_back();
      continue;
    }
    REQUIRE(tag.find('<') == std::string::npos);
    const bool closed = tag.ends_with('/');
    const auto name = tag.substr(0, tag.find_first_of(" /"));
    CHECK(std::count(tag.begin(), tag.end(), '"') % 2 == 0);
    found.push_back({name, tag.substr(name.size()), open.size()});
    if (!closed) open.push_back(name);
  }
  CHECK(open.empty());
  return found;
}

std::vector<std::string> names(const std::vector<Element>& elements) {
  std::vector<std::string> result;
  for (const auto& element : elements) {
    result.push_back(std::string(element.depth, ' ') + element.name);
  }
  return result;
}

bool has(const Element& element, const std::string& attribute) {
  return element.attributes.find(" " + attribute) != std::string::npos;
}

Checked checked_files() {
  Checked checked;
  checked.files = {sql_file("a.sql", "x\n"), sql_file("clean.sql", "SELECT 1;\n")};
  auto warning = found("truncate", "a.sql", 2, 1, 6);
  warning.severity = Severity::warning;
  auto suppressed = found("drop-table", "a.sql", 3, 1, 6);
  suppressed.suppressed = "nobody reads it";
  checked.findings = {found("drop-column", "a.sql", 1, 19, 35), warning, suppressed};
  return checked;
}

}  // namespace

TEST_CASE("JUnit has a suite for each file and a case for each finding", "[cli][check]") {
  const auto all = elements(cli::to_junit(checked_files()));
  CHECK(names(all) == std::vector<std::string>{
                          "testsuites", " testsuite", "  testcase", "   failure", "  testcase",
                          "   system-out", "  testcase", "   skipped", " testsuite", "  testcase"});
  CHECK(has(all[0], "tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\""));
  CHECK(has(all[1], "name=\"a.sql\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""));
  CHECK(has(all[2], "name=\"drop-column at a.sql:1:19\""));
  CHECK(has(all[2], "file=\"a.sql\" line=\"1\""));
  CHECK(has(all[3], "type=\"drop-column\""));
  CHECK(has(all[7], "message=\"nobody reads it\""));
  CHECK(has(all[9], "name=\"no findings\""));
}

TEST_CASE("warnings fail JUnit's cases where they fail the gate", "[cli][check]") {
  auto checked = checked_files();
  checked.strict = true;
  CHECK(has(elements(cli::to_junit(checked))[0], "tests=\"4\" failures=\"2\""));
}

TEST_CASE("JUnit is XML whatever the text", "[cli][check]") {
  Checked checked;
  auto finding = found(kHostile, kHostile, 1, 1, 2);
  finding.message = kHostile;
  finding.help = kHostile;
  finding.statement = kHostile;
  auto suppressed = finding;
  suppressed.suppressed = kHostile;
  checked.findings = {finding, suppressed};
  checked.files = {sql_file(kHostile + "2", kHostile)};
  CHECK(elements(cli::to_junit(checked)).size() == 8);
  CHECK(elements(cli::to_junit({})).size() == 1);
}

}  // namespace zdm::tests
