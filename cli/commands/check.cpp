#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <iterator>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "gate/gate.hpp"
#include "gate/rule.hpp"
#include "suggest.hpp"

namespace zdm::cli {
namespace {

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

}  // namespace

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

Answer run_check(Context& context) {
  const auto& arguments = context.arguments();
  ZDM_ANSWER_TRY(const auto config, context.config_without_database());
  ZDM_ANSWER_TRY(const int postgres, postgres_of(context, config));
  if (auto known = check_rule_names(config); !known) return Answer::failed(known.error());
  migrations::GateRequest request{.config = config, .lock_path = lock_path(config)};
  request.inputs = {
      .paths = arguments.values("PATH"), .dialect = std::nullopt, .standard_input = standard_input};
  request.base = {.since = arguments.value("--since"), .directory = arguments.value("--base")};
  request.postgres = postgres;
  if (const auto name = arguments.value("--dialect")) {
    ZDM_ANSWER_TRY(request.inputs.dialect, migrations::parse_dialect(*name));
  }
  ZDM_ANSWER_TRY(auto report, migrations::run_gate(request));
  Checked checked{.base = std::move(report.base),
                  .head = "the files",
                  .files = std::move(report.files),
                  .findings = std::move(report.findings),
                  .statements = report.statements,
                  .unanalysed = report.unanalysed,
                  .strict = arguments.has("--strict")};
  const auto counts = counts_of(checked.findings);
  const bool refused = counts.errors > 0 || (checked.strict && counts.warnings > 0);
  return {.report = CheckAnswer{std::move(checked)}, .error = {}, .refused = refused};
}

}  // namespace zdm::cli
