#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "commands/phase_words.hpp"
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
  return Answer::failed(
      {.code = ErrorCode::usage,
       .message = fmt::format("there is nothing to explain about {}", topic),
       .hint = did_you_mean(topic, known, fmt::format("topics are {}", fmt::join(known, ", ")))});
}

}  // namespace zdm::cli
