#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "commands/phase_words.hpp"
#include "commands/words.hpp"
#include "gate/rule.hpp"
#include "recipes/change.hpp"
#include "suggest.hpp"

namespace zdm::cli {

Answer run_explain(Context& context) {
  const auto topic = context.arguments().value("TOPIC").value_or("");
  for (const auto& words : phase_words()) {
    if (planner::to_string(words.phase) == topic) {
      return {.report = ExplainReport{.kind = nullptr, .phase = &words}};
    }
  }
  for (const auto* kind : planner::kinds()) {
    if (kind->kind == topic) return {.report = ExplainReport{.kind = kind, .phase = nullptr}};
  }
  for (const auto& rule : planner::rules()) {
    if (rule.id == topic) return {.report = ExplainReport{.rule = &rule}};
  }
  return Answer::failed({.code = ErrorCode::usage,
                         .message = fmt::format("there is nothing to explain about {}", topic),
                         .hint = did_you_mean(topic, topics(),
                                              "man zdm-migration lists the kinds, man zdm-phases "
                                              "the phases, man zdm-check the rules")});
}

}  // namespace zdm::cli
