#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <iterator>
#include <tuple>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "gate/allow.hpp"
#include "gate/check_sql.hpp"
#include "gate/inputs.hpp"
#include "gate/rule.hpp"
#include "suggest.hpp"

namespace zdm::cli {
namespace {

using planner::Finding;
using planner::Severity;

Result<std::string> standard_input() {
  std::string text{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  if (!std::cin.bad()) return text;
  return planner::fail(ErrorCode::failed, "cannot read standard input");
}

Result<int> postgres_of(Context& context, const migrations::Config& config) {
  const auto text = context.arguments().value("--postgres");
  if (!text) return config.gate_postgres;
  int version = 0;
  const auto end = text->data() + text->size();
  const auto [at, error] = std::from_chars(text->data(), end, version);
  if (error == std::errc() && at == end && version >= 12 && version <= 18) return version;
  return planner::fail(ErrorCode::usage, fmt::format("--postgres cannot be {}", *text),
                       "it is the server's major version, 12 to 18");
}

/// The names in [gate.rules]: one that is misspelt would leave its rule as it was, unseen.
Result<void> check_rule_names(const migrations::Config& config) {
  for (const auto& [name, severity] : config.gate_rules) {
    if (planner::find_rule(name) != nullptr) continue;
    std::vector<std::string_view> known;
    for (const auto& rule : planner::rules()) known.push_back(rule.id);
    return planner::fail(ErrorCode::usage, fmt::format("[gate.rules] has no rule {}", name),
                         did_you_mean(name, known, "man zdm-check lists them"));
  }
  return {};
}

/// The findings with the severities a team wants; those of rules that are off are left out.
void keep(std::vector<Finding> found, const migrations::Config& config,
          std::vector<Finding>& findings) {
  for (auto& finding : found) {
    const auto wanted = config.gate_rules.find(finding.rule);
    if (wanted != config.gate_rules.end()) {
      if (wanted->second == "off") continue;
      finding.severity = wanted->second == "warning" ? Severity::warning : Severity::error;
    }
    findings.push_back(std::move(finding));
  }
}

}  // namespace

Answer run_check(Context& context) {
  const auto& arguments = context.arguments();
  ZDM_ANSWER_TRY(const auto config, context.config_without_database());
  ZDM_ANSWER_TRY(const int postgres, postgres_of(context, config));
  if (auto known = check_rule_names(config); !known) return Answer::failed(known.error());
  ZDM_ANSWER_TRY(const auto cut, cut_releases(config));
  migrations::InputRequest request{
      .paths = arguments.values("PATH"), .dialect = std::nullopt, .standard_input = standard_input};
  if (const auto name = arguments.value("--dialect")) {
    ZDM_ANSWER_TRY(request.dialect, migrations::parse_dialect(*name));
  }
  ZDM_ANSWER_TRY(auto inputs, migrations::find_inputs(request));
  Checked checked{.base = "none: each file is taken as a release of its own", .head = "the files"};
  checked.strict = arguments.has("--strict");
  for (auto& input : inputs) {
    const auto dialect = request.dialect.value_or(migrations::detect_dialect(input.raw));
    auto file = migrations::read_dialect(std::move(input.raw), dialect);
    if (file.parts.empty()) continue;
    auto verdict = planner::check_sql(file.parts, {.postgres = postgres});
    checked.statements += verdict.statements;
    checked.unanalysed += verdict.unanalysed;
    auto found = std::move(file.findings);
    std::move(verdict.findings.begin(), verdict.findings.end(), std::back_inserter(found));
    if (file.parts.size() == 1) {
      auto told = planner::apply_allows(file.parts.front(), found, cut);
      std::move(told.begin(), told.end(), std::back_inserter(found));
    }
    std::stable_sort(found.begin(), found.end(), [](const Finding& one, const Finding& other) {
      return std::tie(one.where.line, one.where.column) <
             std::tie(other.where.line, other.where.column);
    });
    keep(std::move(found), config, checked.findings);
    checked.files.push_back(std::move(file.parts.front()));
  }
  if (checked.files.empty()) {
    return Answer::failed({.code = ErrorCode::usage,
                           .message = "none of these files ships anything",
                           .hint = "down files and down sections are not checked; --dialect says "
                                   "whose files they are"});
  }
  const auto counts = counts_of(checked.findings);
  const bool refused = counts.errors > 0 || (checked.strict && counts.warnings > 0);
  return {.report = CheckAnswer{std::move(checked)}, .error = {}, .refused = refused};
}

}  // namespace zdm::cli
