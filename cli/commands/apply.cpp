#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "files/lock_file.hpp"

namespace zdm::cli {
namespace {

using migrations::ApplyOptions;
using migrations::Config;
using planner::Migration;

/// Everything that apply works on.
struct Job {
  Config config;
  std::vector<Migration> migrations;
  std::vector<std::string> releases;
  ApplyOptions options;
};

Result<std::optional<Phase>> phase_of(const Arguments& arguments) {
  const auto text = arguments.value("--phase");
  if (!text && !arguments.has("--resume") && !arguments.has("--fresh")) {
    return planner::fail(ErrorCode::usage, "zdm apply needs --phase",
                         "--phase expand, backfill, switch, contract, or all");
  }
  if (!text || *text == "all") return std::optional<Phase>{};
  ZDM_TRY(const auto phase, phase_argument("--phase", *text, "all"));
  if (arguments.has("--fresh")) {
    return planner::fail(ErrorCode::usage, "--fresh builds every phase at once",
                         "write --phase all --fresh");
  }
  return std::optional<Phase>(phase);
}

/// Brakes that somebody relies on must work: those this version does not have refuse the run, and
/// are not passed over in silence.
Result<void> refuse_unserved(const migrations::Config& config) {
  constexpr std::array<std::string_view, 4> unserved = {
      "backfill.health_url", "backfill.max_replica_lag", "backfill.pause_when", "backfill.workers"};
  for (const auto& setting : config.settings) {
    const bool asked = setting.source != "default" && setting.value != "1";
    if (!asked || std::ranges::find(unserved, setting.key) == unserved.end()) continue;
    return planner::fail(
        ErrorCode::refused,
        fmt::format("{} ({}) is not served by this version of zdm: the backfill would "
                    "run without it",
                    setting.key, setting.source),
        "take it out; bound the backfill by backfill.duty and backfill.batch_target");
  }
  return {};
}

Result<Job> prepare(Context& context) {
  const auto& arguments = context.arguments();
  Job job;
  ZDM_TRY(job.options.phase, phase_of(arguments));
  ZDM_TRY(job.config, context.config());
  ZDM_CHECK(refuse_unserved(job.config));
  ZDM_TRY(job.migrations, migrations::load_migrations(job.config.migrations_dir));
  ZDM_TRY(job.options.only,
          resolve(arguments.values("MIGRATION"), job.migrations, Unknown::refused));
  ZDM_TRY(job.releases, cut_releases(job.config));
  ZDM_TRY(job.options.release, release_of(context, job.config));
  job.options.dry_run = arguments.has("--dry-run");
  job.options.fresh = arguments.has("--fresh");
  if (const auto held = arguments.value("--resume")) {
    ZDM_TRY(const auto ids, resolve({*held}, job.migrations, Unknown::refused));
    job.options.resume = ids.front();
    if (job.options.only.empty() && !arguments.has("--phase")) job.options.only = ids;
  }
  return job;
}

/// What contract would drop now, as a dry run shows it.
std::vector<const migrations::MigrationReport*> contracts(const migrations::ApplyReport& report) {
  std::vector<const migrations::MigrationReport*> found;
  for (const auto& migration : report.migrations) {
    if (migration.phase == Phase::contract && !migration.sql.empty()) found.push_back(&migration);
  }
  return found;
}

bool confirmed(Context& context, const std::vector<const migrations::MigrationReport*>& found) {
  auto& console = context.console();
  for (const auto* migration : found) {
    console.err.line(fmt::format("contract of {} cannot be undone:", migration->id.value));
    for (const auto& statement : migration->sql) console.err.line("    " + statement);
  }
  const Interrupts::Idle idle(context.interrupts());
  return console.confirm("Drop the old shape for good?");
}

/// Contract is asked about only where a person sits: a pipeline is guarded by the release rules,
/// and must not stop at a prompt nobody reads.
Result<void> confirm(Context& context, const migrations::Environment& environment, Job& job) {
  const auto& arguments = context.arguments();
  const bool may_contract = !job.options.phase || job.options.phase == Phase::contract;
  const bool person = context.console().input_terminal && context.console().err.terminal();
  job.options.yes = true;
  if (arguments.has("--yes") || job.options.dry_run || job.options.fresh || !may_contract ||
      !person) {
    return {};
  }
  auto look = job.options;
  look.dry_run = true;
  const auto outcome =
      migrations::apply(environment, job.migrations, job.releases, look, [](const auto&) {});
  const auto found = contracts(outcome.report);
  if (found.empty()) return {};  // what is wrong, if anything, the real run says
  if (arguments.has("--no-input")) {
    return planner::fail(
        ErrorCode::usage,
        fmt::format("contract of {} drops the old shape for good and was not confirmed",
                    found.front()->id.value),
        "add --yes");
  }
  if (confirmed(context, found)) return {};
  return planner::fail(ErrorCode::refused, "contract was not confirmed; nothing was changed",
                       "--yes confirms without asking");
}

}  // namespace

Answer run_apply(Context& context) {
  ZDM_ANSWER_TRY(auto job, prepare(context));
  const auto environment = context.environment(job.config, job.options.fresh);
  if (auto sure = confirm(context, environment, job); !sure) return Answer::failed(sure.error());
  ProgressLine progress(context.console(), context.host());
  auto outcome = migrations::apply(
      environment, job.migrations, job.releases, job.options,
      [&progress](const migrations::ProgressEvent& event) { progress.show(event); });
  progress.clear();
  return {.report = ApplyAnswer{.applied = std::move(outcome.report),
                                .undo = false,
                                .failed = outcome.error.has_value()},
          .error = std::move(outcome.error)};
}

}  // namespace zdm::cli
