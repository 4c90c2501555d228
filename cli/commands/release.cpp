#include <fmt/format.h>

#include <algorithm>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "files/lock_file.hpp"
#include "gate/gate.hpp"
#include "views/check/checked.hpp"

namespace zdm::cli {
namespace {

using migrations::Environment;
using migrations::ReleaseReport;
using Releases = std::vector<std::string>;

/// What lock file lines are made of: no blanks, no control characters.
Result<std::string> release_name(const std::string& text) {
  const auto bad = [](unsigned char c) { return c <= 0x20 || c == 0x7F; };
  if (!text.empty() && std::none_of(text.begin(), text.end(), bad)) return text;
  return planner::fail(ErrorCode::usage,
                       "a release's name has neither blanks nor control characters",
                       "names look like 2026.48, v1.12.0 or a commit");
}

/// Sets up what the three verbs that ask the database share.
template <class Function>
Answer ask(Context& context, ReleaseVerb verb, Function function) {
  ZDM_ANSWER_TRY(const auto config, context.config());
  ZDM_ANSWER_TRY(const auto releases, cut_releases(config));
  ZDM_ANSWER_TRY(auto report, function(context.environment(config), releases));
  Answer answer{.report = ReleaseAnswer{verb, report, false}};
  if (!report.ok) {
    answer.error = Error{
        .code = ErrorCode::refused,
        .message = report.reasons.empty()
                       ? fmt::format("release {} may not run against this database", report.release)
                       : report.reasons.front(),
        .hint = report.floor.empty()
                    ? std::string{}
                    : fmt::format("roll out {} or a later release", report.floor)};
  }
  return answer;
}

/// "the gate found 2 errors; drop-column at db/7.sql:3:1: …"
Result<void> refuse_findings(const migrations::GateReport& report, const std::string& name) {
  const auto counts = counts_of(report.findings);
  if (counts.errors == 0) return {};
  const auto first = std::ranges::find_if(report.findings, [](const planner::Finding& finding) {
    return finding.severity == planner::Severity::error && !finding.suppressed;
  });
  return planner::fail_at(
      first->where, ErrorCode::refused,
      fmt::format("release {} is not cut: the gate finds {}; the first is {}: {}", name,
                  counted(counts.errors, "error"), first->rule, first->message),
      "zdm check shows them all, and what to do instead");
}

/// What the release ships, once the gate has nothing against it. Where nothing was cut before, a
/// team that comes to zdm says so.
Result<std::vector<planner::ReleaseEntry>> entries_to_cut(Context& context,
                                                          const migrations::Config& config,
                                                          const migrations::LockFile& file,
                                                          const std::string& name) {
  const auto& arguments = context.arguments();
  const bool baseline = arguments.has("--baseline");
  if (baseline && !file.releases.empty() && migrations::find_release(file, name) == nullptr) {
    return planner::fail(ErrorCode::usage,
                         "--baseline is for the first release, and others are cut",
                         "cut without it: the gate compares with the last one");
  }
  if (baseline || migrations::find_release(file, name) != nullptr) {
    return migrations::entries_of_checkout(config);
  }
  migrations::GateRequest request{.config = config, .lock_path = lock_path(config)};
  request.postgres = config.gate_postgres;
  request.cutting = name;
  request.base.release = arguments.value("--from");
  ZDM_CHECK(check_rule_names(config));
  ZDM_TRY(auto report, migrations::run_gate(request));
  ZDM_CHECK(refuse_findings(report, name));
  return std::move(report.entries);
}

}  // namespace

Answer run_release_cut(Context& context) {
  const auto& arguments = context.arguments();
  ZDM_ANSWER_TRY(const auto name, release_name(arguments.value("RELEASE").value_or("")));
  ZDM_ANSWER_TRY(const auto config, context.config_without_database());
  ZDM_ANSWER_TRY(const auto file, migrations::read_lock_file(lock_path(config)));
  ZDM_ANSWER_TRY(auto entries, entries_to_cut(context, config, file, name));
  const auto time = migrations::to_rfc3339(context.host().now());
  ZDM_ANSWER_TRY(const auto cut, migrations::cut_release(file, name, arguments.value("--from"),
                                                         std::move(entries), time));
  ReleaseReport report;
  report.release = cut.release;
  report.parent = cut.parent;
  return {.report = ReleaseAnswer{ReleaseVerb::cut, std::move(report), cut.already}};
}

Answer run_release_live(Context& context) {
  ZDM_ANSWER_TRY(const auto name, release_name(context.arguments().value("RELEASE").value_or("")));
  return ask(context, ReleaseVerb::live, [&](const Environment& environment, const Releases& cut) {
    return migrations::release_live(environment, cut, name);
  });
}

Answer run_release_floor(Context& context) {
  ZDM_ANSWER_TRY(const auto config, context.config());
  ZDM_ANSWER_TRY(const auto all, migrations::load_migrations(config.migrations_dir));
  return ask(context, ReleaseVerb::floor, [&](const Environment& environment, const Releases& cut) {
    return migrations::release_floor(environment, cut, all);
  });
}

Answer run_release_check(Context& context) {
  const auto to = context.arguments().value("--to");
  if (!to || to->empty()) {
    return Answer::failed({.code = ErrorCode::usage,
                           .message = "zdm release check needs --to",
                           .hint = "name the release that is to run: --to R"});
  }
  ZDM_ANSWER_TRY(const auto config, context.config());
  ZDM_ANSWER_TRY(const auto all, migrations::load_migrations(config.migrations_dir));
  return ask(context, ReleaseVerb::check, [&](const Environment& environment, const Releases& cut) {
    return migrations::release_check(environment, cut, *to, all);
  });
}

}  // namespace zdm::cli
