#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/context.hpp"

namespace zdm::cli {

Answer run_verify(Context& context) {
  ZDM_ANSWER_TRY(const auto config, context.config());
  ZDM_ANSWER_TRY(const auto all, migrations::load_migrations(config.migrations_dir));
  ZDM_ANSWER_TRY(const auto only,
                 resolve(context.arguments().values("MIGRATION"), all, Unknown::refused));
  ZDM_ANSWER_TRY(auto report, migrations::verify(context.environment(config), all, only));
  std::int64_t differing = 0;
  for (const auto& migration : report.migrations) differing += migration.differing;
  Answer answer{.report = VerifyAnswer{std::move(report)}};
  if (differing > 0) {
    answer.error = Error{.code = ErrorCode::failed,
                         .message = fmt::format("{} differ between the old and the new shape",
                                                differing == 1 ? std::string("1 row")
                                                               : fmt::format("{} rows", differing)),
                         .hint =
                             "repair the rows shown, or accept rows whose writer gave both sides "
                             "at apply with --allow divergent-rows"};
  }
  return answer;
}

}  // namespace zdm::cli
