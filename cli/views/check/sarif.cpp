#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "gate/rule.hpp"
#include "redact.hpp"
#include "views/check/formats.hpp"
#include "views/check/source_text.hpp"
#include "views/check/uri.hpp"

// Static Analysis Results Interchange Format 2.1.0, OASIS standard; section numbers are its own.

namespace zdm::cli {
namespace {

using Json = nlohmann::ordered_json;
using planner::Finding;

Json text(const std::string& words) {
  return {{"text", redacted(words)}};
}

Json artifact(const std::string& path) {
  return {{"uri", uri_of(path)}};
}

std::string_view level_of(planner::Severity severity) {
  return severity == planner::Severity::error ? "error" : "warning";
}

/// 3.30. Lines and columns from 1, the end column behind the last character.
Json region(int line, int column, int end_line, int end_column) {
  Json json = {{"startLine", line}};
  if (column > 0) json["startColumn"] = column;
  if (end_line >= line) json["endLine"] = end_line;
  if (end_column > 0 && (end_line > line || end_column >= column)) json["endColumn"] = end_column;
  return json;
}

Json locations(const planner::SourceSpan& where) {
  if (where.file.empty()) return Json::array();
  Json physical = {{"artifactLocation", artifact(where.file)}};
  if (where.line > 0) {
    physical["region"] = region(where.line, where.column, where.end_line, where.end_column);
  }
  return Json::array({{{"physicalLocation", std::move(physical)}}});
}

/// 3.55
Json fix_json(const Finding& finding, const SourceText& source) {
  const auto& fix = *finding.fix;
  const auto from = source.place(fix.offset);
  const auto to = source.place(fix.offset + fix.length);
  Json replacement = {{"deletedRegion", region(from.line, from.column, to.line, to.column)},
                      {"insertedContent", {{"text", fix.text}}}};
  return {{"description", text(finding.help.empty() ? finding.message : finding.help)},
          {"artifactChanges",
           Json::array({{{"artifactLocation", artifact(finding.where.file)},
                         {"replacements", Json::array({std::move(replacement)})}}})}};
}

Json properties(const Finding& finding) {
  Json locks = Json::array();
  for (const auto& claim : finding.locks) {
    locks.push_back({{"relation", claim.relation}, {"mode", planner::to_string(claim.mode)}});
  }
  return {{"help", redacted(finding.help)},
          {"statement", redacted(finding.statement)},
          {"objects", finding.objects},
          {"locks", std::move(locks)}};
}

/// 3.27
Json result(const Finding& finding, std::size_t rule, const std::string& fingerprint,
            const SourceText* source) {
  auto message = finding.message;
  if (!finding.help.empty()) message += "\n\n" + finding.help;
  Json json = {
      {"ruleId", finding.rule},
      {"ruleIndex", rule},
      {"level", level_of(finding.severity)},
      {"message", text(message)},
      {"locations", locations(finding.where)},
      // The first is the one that GitHub's code scanning follows a result by.
      {"partialFingerprints", {{"primaryLocationLineHash", fingerprint}, {"zdm/v1", fingerprint}}}};
  if (finding.fix && source != nullptr) json["fixes"] = Json::array({fix_json(finding, *source)});
  json["suppressions"] = Json::array();
  if (finding.suppressed) {
    json["suppressions"].push_back({{"kind", "inSource"},
                                    {"status", "accepted"},
                                    {"justification", redacted(*finding.suppressed)}});
  }
  json["properties"] = properties(finding);
  return json;
}

/// 3.49
Json rule_json(const std::string& id) {
  Json json = {{"id", id}};
  const auto* rule = planner::find_rule(id);
  if (rule == nullptr) return json;
  json["shortDescription"] = {{"text", rule->meaning}};
  json["help"] = {{"text", rule->instead}};
  json["defaultConfiguration"] = {{"level", level_of(rule->severity)}};
  json["properties"] = {{"tags", Json::array({rule->group})}};
  return json;
}

/// The rules that results name, each once.
std::map<std::string_view, std::size_t> rules_of(const std::vector<Finding>& findings,
                                                 Json& rules) {
  std::map<std::string_view, std::size_t> indexes;
  for (const auto& finding : findings) {
    const auto added = indexes.emplace(finding.rule, indexes.size()).second;
    if (added) rules.push_back(rule_json(finding.rule));
  }
  return indexes;
}

/// 3.20
Json invocation(const std::optional<planner::Error>& error) {
  const bool looked = !error || error->code == planner::ErrorCode::refused;
  Json json = {{"executionSuccessful", looked}};
  if (!looked) {
    json["toolExecutionNotifications"] =
        Json::array({{{"level", "error"}, {"message", text(error->message)}}});
  }
  return json;
}

}  // namespace

std::string to_sarif(const Checked& checked, const std::optional<planner::Error>& error,
                     std::string_view version) {
  std::map<std::string_view, SourceText> sources;
  for (const auto& file : checked.files) {
    const auto fixes = [&file](const Finding& finding) {
      return finding.fix && finding.where.file == file.path;
    };
    if (std::any_of(checked.findings.begin(), checked.findings.end(), fixes)) {
      sources.emplace(file.path, SourceText(file.bytes));
    }
  }
  Json rules = Json::array();
  const auto indexes = rules_of(checked.findings, rules);
  const auto prints = fingerprints(checked.findings);
  Json results = Json::array();
  for (std::size_t i = 0; i < checked.findings.size(); ++i) {
    const auto& finding = checked.findings[i];
    const auto source = sources.find(finding.where.file);
    results.push_back(result(finding, indexes.at(finding.rule), prints[i],
                             source == sources.end() ? nullptr : &source->second));
  }
  const Json driver = {{"name", "zdm"}, {"semanticVersion", version}, {"rules", std::move(rules)}};
  const Json run = {{"tool", {{"driver", driver}}},
                    {"invocations", Json::array({invocation(error)})},
                    {"columnKind", "unicodeCodePoints"},
                    {"results", std::move(results)}};
  const Json log = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                    {"version", "2.1.0"},
                    {"runs", Json::array({run})}};
  return log.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace zdm::cli
