#include <algorithm>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "views/view.hpp"

namespace zdm::cli {
namespace {

using migrations::Config;
using migrations::MigrationStatus;
using planner::PhaseState;

constexpr std::chrono::seconds kWatchEvery{2};

bool pending(const MigrationStatus& migration) {
  return migration.in_file && migration.state != PhaseState::held && migration.next_phase &&
         *migration.next_phase <= migration.target_phase;
}

struct Asked {
  Config config;
  std::vector<planner::Migration> migrations;
  std::vector<planner::MigrationId> only;
  std::string release;
};

Answer once(Context& context, const Asked& asked) {
  ZDM_ANSWER_TRY(auto status, migrations::status(context.environment(asked.config),
                                                 asked.migrations, asked.only));
  const bool open = std::any_of(status.migrations.begin(), status.migrations.end(), pending);
  return {.report = StatusAnswer{std::move(status), file_notes(asked.migrations), asked.release},
          .error = {},
          .pending = open && context.arguments().has("--exit-code")};
}

/// Draws again and again; a database that goes away meanwhile is said, and asked again.
Answer watch(Context& context, const Asked& asked) {
  auto answer = once(context, asked);
  if (answer.error) return answer;
  auto& console = context.console();
  while (!context.interrupts().stopped()) {
    if (console.out.redraws()) console.out.write("\x1b[H\x1b[2J");
    draw_text(answer, console);
    if (!console.out.finish()) break;
    context.host().sleep(kWatchEvery, context.interrupts().token());
    if (context.interrupts().stopped()) break;
    answer = once(context, asked);
  }
  return Answer::failed({.code = context.interrupts().reason(), .message = "stopped watching"});
}

}  // namespace

Answer run_status(Context& context) {
  const auto& arguments = context.arguments();
  if (arguments.has("--watch") && arguments.format != "text") {
    return Answer::failed({.code = ErrorCode::usage,
                           .message = "--watch draws text only",
                           .hint = "ask zdm status --format json again and again instead"});
  }
  Asked asked;
  ZDM_ANSWER_TRY(asked.config, context.config());
  ZDM_ANSWER_TRY(asked.migrations, migrations::load_migrations(asked.config.migrations_dir));
  ZDM_ANSWER_TRY(asked.only,
                 resolve(arguments.values("MIGRATION"), asked.migrations, Unknown::lenient));
  ZDM_ANSWER_TRY(asked.release, release_of(context, asked.config));
  return arguments.has("--watch") ? watch(context, asked) : once(context, asked);
}

}  // namespace zdm::cli
