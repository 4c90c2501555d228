#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <iterator>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "files/write_file.hpp"
#include "gate/gate.hpp"
#include "gate/mend.hpp"
#include "gate/rule.hpp"
#include "suggest.hpp"
#include "text_width.hpp"

namespace zdm::cli {
namespace {

/// Thousands of files are read by one thread, and parsed and judged by others: what one of them
/// frees shall be of use to the next. By mallopt(3); other C libraries share memory as it is.
void share_memory_among_threads() {
#ifdef M_ARENA_MAX
  mallopt(M_ARENA_MAX, 1);
#endif
}

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

/// Shows the replacements that are mechanical, and makes them; on a terminal it asks before.
Result<bool> mend(Context& context, const migrations::GateReport& report,
                  const migrations::GateRequest& request) {
  const auto& arguments = context.arguments();
  if (arguments.format != "text") {
    return planner::fail(ErrorCode::usage, "--fix goes with --format text alone",
                         "mend first, and draw the report in a second run");
  }
  auto& console = context.console();
  const auto mended = migrations::mend(report, request);
  if (mended.empty()) {
    console.note("zdm: nothing here can be mended mechanically");
    return false;
  }
  for (const auto& file : mended) {
    for (const auto& line : file.diff) {
      const char mark = line.empty() ? ' ' : line[0];
      const auto text = printable(line);
      console.out.line(mark == '+'   ? console.out.green(text)
                       : mark == '-' ? console.out.red(text)
                                     : text);
    }
  }
  const bool ask =
      console.input_terminal && !arguments.has("--yes") && !arguments.has("--no-input");
  if (ask && !console.confirm("Write these changes?")) return false;
  for (const auto& file : mended) {
    ZDM_CHECK(migrations::replace_file(file.path, file.bytes));
    console.note(fmt::format("zdm: mended {}", file.path));
  }
  return true;
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
  share_memory_among_threads();
  const auto& arguments = context.arguments();
  const bool asks = arguments.has("--database") && !context.without_database();
  ZDM_ANSWER_TRY(const auto config, asks ? context.config() : context.config_without_database());
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
  request.postgres_given = arguments.has("--postgres");
  if (asks) request.open_database = context.environment(config).open_work;
  request.costs = arguments.has("--explain-locks");
  ZDM_ANSWER_TRY(auto report, migrations::run_gate(request));
  if (arguments.has("--fix")) {
    ZDM_ANSWER_TRY(const bool mended, mend(context, report, request));
    if (mended) {
      ZDM_ANSWER_TRY(report, migrations::run_gate(request));
    }
  }
  Checked checked{.base = std::move(report.base),
                  .head = "the files",
                  .files = std::move(report.files),
                  .findings = std::move(report.findings),
                  .statements = report.statements,
                  .unanalysed = report.unanalysed,
                  .strict = arguments.has("--strict"),
                  .costs = std::move(report.costs)};
  const auto counts = counts_of(checked.findings);
  const bool refused = counts.errors > 0 || (checked.strict && counts.warnings > 0);
  return {.report = CheckAnswer{std::move(checked)}, .error = {}, .refused = refused};
}

}  // namespace zdm::cli
