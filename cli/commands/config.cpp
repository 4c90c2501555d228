#include "commands/commands.hpp"
#include "commands/context.hpp"

namespace zdm::cli {

Answer run_config(Context& context) {
  ZDM_ANSWER_TRY(auto config, context.config());
  return {.report = ConfigReport{std::move(config.settings)}};
}

}  // namespace zdm::cli
