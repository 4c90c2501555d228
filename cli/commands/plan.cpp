#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "commands/commands.hpp"
#include "commands/context.hpp"

namespace zdm::cli {
namespace {

using migrations::Config;
using planner::PhaseState;

/// A phase within what the checkout allows is not recorded as done, be it an empty one.
bool pending(const migrations::PlanReport& plan, const std::vector<FileNote>& files) {
  for (const auto& migration : plan.migrations) {
    const auto file = std::find_if(files.begin(), files.end(), [&](const FileNote& note) {
      return note.id == migration.id.value;
    });
    if (file == files.end()) continue;
    for (const auto& phase : migration.phases) {
      const bool open = phase.state != PhaseState::done && phase.state != PhaseState::held;
      if (open && phase.phase <= file->phase) return true;
    }
  }
  return false;
}

Result<migrations::PlanReport> make_plan(Context& context, const Config& config, bool offline,
                                         const std::vector<planner::Migration>& all,
                                         const migrations::PlanOptions& options) {
  if (!offline) return migrations::plan(context.environment(config), all, options);
  const auto engine = config.database.engine();
  context.console().note(fmt::format(
      "zdm: no database was looked at: an assumed {}, where every table and column that the files "
      "name exists and nothing depends on them",
      engine == planner::Engine::sqlite ? "SQLite" : "PostgreSQL"));
  return migrations::plan_offline(engine, all, options);
}

/// The configuration; a URL that cannot be read ends it, but a plan could do without.
Result<Config> configure(Context& context) {
  if (context.without_database()) return context.config_without_database();
  auto config = context.config();
  if (config || !context.config_without_database()) return config;
  auto error = config.error();
  error.hint += error.hint.empty() ? "" : "; ";
  error.hint += "--database none plans without a database";
  return planner::fail(std::move(error));
}

}  // namespace

Answer run_plan(Context& context) {
  const auto& arguments = context.arguments();
  migrations::PlanOptions options;
  if (const auto phase = arguments.value("--phase"); phase && *phase != "all") {
    ZDM_ANSWER_TRY(options.phase, phase_argument("--phase", *phase, "all"));
  }
  ZDM_ANSWER_TRY(const auto config, configure(context));
  ZDM_ANSWER_TRY(const auto all, migrations::load_migrations(config.migrations_dir));
  ZDM_ANSWER_TRY(options.only, resolve(arguments.values("MIGRATION"), all, Unknown::refused));
  const bool offline = context.without_database() || context.no_database_named(config);
  ZDM_ANSWER_TRY(auto plan, make_plan(context, config, offline, all, options));
  auto files = file_notes(all);
  const bool asked = arguments.has("--exit-code") && pending(plan, files);
  auto error = std::exchange(plan.error, {});
  if (error && plan.migrations.empty()) return {.report = {}, .error = std::move(error)};
  return {.report = PlanAnswer{std::move(plan), std::move(files)},
          .error = std::move(error),
          .pending = asked};
}

}  // namespace zdm::cli
