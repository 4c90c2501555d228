#include <fstream>
#include <regex>
#include <set>

#include "cli/check/found.hpp"
#include "cli/check/schema.hpp"
#include "support/catch.hpp"
#include "views/check/formats.hpp"

namespace zdm::tests {
namespace {

using cli::Checked;
using nlohmann::json;
using planner::Finding;
using planner::Severity;

/// An error with a fix, a warning, a suppressed one, one without a place, and a clean file.
Checked everything() {
  Checked checked;
  checked.files = {sql_file("./a b/0001 ü.sql", "ALTER TABLE users DROP COLUMN name;\n"),
                   sql_file("clean.sql", "SELECT 1;\n")};
  auto error = found("drop-column", "./a b/0001 ü.sql", 1, 19, 35);
  error.fix = planner::Fix{19, 4, "drop\n"};
  auto warning = found("truncate", "./a b/0001 ü.sql", 1, 1, 6);
  warning.severity = Severity::warning;
  warning.where.end_line = 2;
  warning.message = kHostile;
  auto suppressed = found("drop-table", "./a b/0001 ü.sql", 1, 1, 6);
  suppressed.suppressed = "nobody reads it, " + kHostile;
  auto whole = found("lock-forked", "zdm.lock", 0, 0, 0);
  whole.where = {"zdm.lock", 0, 0, 0, 0};
  whole.statement.clear();
  checked.findings = {error, warning, suppressed, whole};
  checked.statements = 2;
  return checked;
}

json sarif_schema() {
  std::ifstream file(ZDM_SOURCE_DIR "/tests/cli/check/schema/sarif-2.1.0-rtm.5.json");
  return json::parse(file);
}

json sarif(const Checked& checked, const std::optional<planner::Error>& error = {}) {
  auto log = json::parse(cli::to_sarif(checked, error, "1.2.3"));
  for (const auto& fault : schema_faults(sarif_schema(), log)) FAIL_CHECK(fault);
  return log;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("the check of schemas finds what is wrong", "[cli][check]") {
  const auto schema = sarif_schema();
  auto log = sarif(everything());
  log["runs"][0]["results"][0]["level"] = "fatal";
  log["runs"][0]["results"][1]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0;
  log["runs"][0]["results"][2].erase("message");
  log["runs"][0]["nothing"] = 1;
  log["version"] = 2;
  CHECK(schema_faults(schema, log).size() >= 5);
}

TEST_CASE("SARIF is valid for hostile text, with and without findings", "[cli][check]") {
  const auto empty = sarif({});
  CHECK(empty["runs"][0]["results"].empty());
  const auto log = sarif(everything());
  const auto& run = log["runs"][0];
  CHECK(run["tool"]["driver"]["name"] == "zdm");
  CHECK(run["tool"]["driver"]["semanticVersion"] == "1.2.3");
  CHECK(run["columnKind"] == "unicodeCodePoints");
  CHECK(run["invocations"][0]["executionSuccessful"] == true);
  REQUIRE(run["results"].size() == 4);
  const auto& first = run["results"][0];
  CHECK(first["ruleId"] == "drop-column");
  CHECK(first["level"] == "error");
  const auto& place = first["locations"][0]["physicalLocation"];
  CHECK(place["artifactLocation"]["uri"] == "a%20b/0001%20%C3%BC.sql");
  CHECK(place["region"] ==
        json({{"startLine", 1}, {"startColumn", 19}, {"endLine", 1}, {"endColumn", 35}}));
  const auto& replacement = first["fixes"][0]["artifactChanges"][0]["replacements"][0];
  CHECK(replacement["deletedRegion"]["startColumn"] == 20);
  CHECK(replacement["deletedRegion"]["endColumn"] == 24);
  CHECK(replacement["insertedContent"]["text"] == "drop\n");
  for (const auto& result : run["results"]) {
    const auto rule = run["tool"]["driver"]["rules"][result["ruleIndex"].get<std::size_t>()];
    CHECK(rule["id"] == result["ruleId"]);
  }
}

TEST_CASE("SARIF keeps what was suppressed, with its reason", "[cli][check]") {
  const auto log = sarif(everything());
  const auto& results = log["runs"][0]["results"];
  CHECK(results[0]["suppressions"].empty());  // 3.27.23: an empty array says "not suppressed"
  CHECK(results[2]["suppressions"][0]["kind"] == "inSource");
  const auto reason = results[2]["suppressions"][0]["justification"].get<std::string>();
  CHECK(reason.starts_with("nobody reads it"));
}

TEST_CASE("SARIF says when the gate could not look", "[cli][check]") {
  using planner::ErrorCode;
  const auto refused = sarif({}, planner::Error{.code = ErrorCode::refused, .message = "1 error"});
  CHECK(refused["runs"][0]["invocations"][0]["executionSuccessful"] == true);
  const auto failed = sarif({}, planner::Error{.code = ErrorCode::usage, .message = "no file"});
  const auto& invocation = failed["runs"][0]["invocations"][0];
  CHECK(invocation["executionSuccessful"] == false);
  CHECK(invocation["toolExecutionNotifications"][0]["message"]["text"] == "no file");
}

TEST_CASE("a fingerprint stays when lines move and layout changes", "[cli][check]") {
  const auto one = [](Finding finding) { return cli::fingerprints({std::move(finding)}).front(); };
  const auto before = found("drop-column", "a.sql", 3, 19, 35);
  auto moved = found("drop-column", "./a.sql", 40, 1, 17);
  moved.statement = "ALTER TABLE users\n\tDROP  COLUMN name";
  CHECK(one(before) == one(moved));
  CHECK(std::regex_match(one(before), std::regex("[0-9a-f]{64}")));
  auto other = before;
  other.statement = "ALTER TABLE users DROP COLUMN email";
  CHECK(one(other) != one(before));
  auto elsewhere = before;
  elsewhere.where.file = "b.sql";
  CHECK(one(elsewhere) != one(before));
}

TEST_CASE("equal findings have fingerprints of their own", "[cli][check]") {
  const auto same = found("drop-column", "a.sql", 3, 19, 35);
  const auto all = cli::fingerprints({same, same, same});
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == 3);
}

TEST_CASE("GitHub's annotations are one line each, escaped as GitHub says", "[cli][check]") {
  const auto lines = lines_of(cli::to_github(everything()));
  REQUIRE(lines.size() == 3);  // not the suppressed one
  CHECK(lines[0] ==
        "::error file=a b/0001 ü.sql,line=1,endLine=1,col=19,endColumn=35,title=drop-column::"
        "the running release still reads it%0Adrop it one release later");
  // Of a place over several lines GitHub takes no columns.
  CHECK(lines[1].starts_with("::warning file=a b/0001 ü.sql,line=1,endLine=2,title=truncate::"));
  CHECK(lines[1].find("%250A::error::]]>%0A") != std::string::npos);
  CHECK(lines[1].find('\x1b') == std::string::npos);
  CHECK(lines[2].starts_with("::error file=zdm.lock,title=lock-forked::"));
  auto odd = found("drop-column", "a,b:c%.sql", 1, 1, 2);
  Checked checked;
  checked.findings = {odd};
  CHECK(cli::to_github(checked).starts_with("::error file=a%2Cb%3Ac%25.sql,line=1,"));
  CHECK(cli::to_github({}).empty());
}

TEST_CASE("GitLab's report has the members that GitLab documents", "[cli][check]") {
  CHECK(json::parse(cli::to_gitlab({})) == json::array());
  const auto report = json::parse(cli::to_gitlab(everything()));
  REQUIRE(report.size() == 3);  // not the suppressed one
  std::set<std::string> different;
  for (const auto& issue : report) {
    CHECK(issue["description"].is_string());
    CHECK(issue["check_name"].is_string());
    different.insert(issue["fingerprint"].get<std::string>());
    const std::set<std::string> severities = {"info", "minor", "major", "critical", "blocker"};
    CHECK(severities.contains(issue["severity"].get<std::string>()));
    CHECK(issue["location"]["lines"]["begin"].get<int>() >= 1);
  }
  CHECK(different.size() == 3);
  CHECK(report[0]["location"]["path"] == "a b/0001 ü.sql");
  CHECK(report[0]["severity"] == "major");
  CHECK(report[1]["severity"] == "minor");
}

}  // namespace zdm::tests
