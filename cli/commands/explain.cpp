#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "commands/phase_words.hpp"
#include "gate/rule.hpp"
#include "recipes/change.hpp"
#include "suggest.hpp"

namespace zdm::cli {

Answer run_explain(Context& context) {
  const auto topic = context.arguments().value("TOPIC").value_or("");
  std::vector<std::string_view> known;
  for (const auto& words : phase_words()) {
    if (planner::to_string(words.phase) == topic) {
      return {.report = ExplainReport{.kind = nullptr, .phase = &words}};
    }
    known.push_back(planner::to_string(words.phase));
  }
  for (const auto* kind : planner::kinds()) {
    if (kind->kind == topic) return {.report = ExplainReport{.kind = kind, .phase = nullptr}};
    known.push_back(kind->kind);
  }
  for (const auto& rule : planner::rules()) {
    if (rule.id == topic) return {.report = ExplainReport{.rule = &rule}};
    known.push_back(rule.id);
  }
  return Answer::failed({.code = ErrorCode::usage,
                         .message = fmt::format("there is nothing to explain about {}", topic),
                         .hint = did_you_mean(topic, known,
                                              "man zdm-migration lists the kinds, man zdm-phases "
                                              "the phases, man zdm-check the rules")});
}

}  // namespace zdm::cli
