#include "commands/commands.hpp"
#include "commands/context.hpp"

namespace zdm::cli {

Answer run_rollback(Context& context) {
  const auto& arguments = context.arguments();
  migrations::RollbackOptions options;
  options.dry_run = arguments.has("--dry-run");
  if (const auto to = arguments.value("--to"); to && *to == "none") {
    options.to_none = true;
  } else if (to) {
    ZDM_ANSWER_TRY(options.to, phase_argument("--to", *to, "none"));
  }
  ZDM_ANSWER_TRY(const auto config, context.config());
  ZDM_ANSWER_TRY(const auto all, migrations::load_migrations(config.migrations_dir));
  ZDM_ANSWER_TRY(const auto ids, resolve(arguments.values("MIGRATION"), all, Unknown::lenient));
  if (!ids.empty()) options.migration = ids.front();
  ZDM_ANSWER_TRY(const auto releases, cut_releases(config));
  ProgressLine progress(context.console(), context.host());
  auto outcome = migrations::rollback(
      context.environment(config), all, releases, options,
      [&progress](const migrations::ProgressEvent& event) { progress.show(event); });
  progress.clear();
  return {.report = ApplyAnswer{.applied = std::move(outcome.report),
                                .undo = true,
                                .failed = outcome.error.has_value()},
          .error = std::move(outcome.error)};
}

}  // namespace zdm::cli
