#include <fmt/format.h>

#include <algorithm>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "commands/words.hpp"
#include "suggest.hpp"

namespace zdm::cli {

Answer run_completion(Context& context) {
  const auto shell = context.arguments().value("SHELL").value_or("");
  const auto known = shells();
  if (std::ranges::find(known, shell) != known.end()) return {.report = CompletionReport{shell}};
  return Answer::failed(
      {.code = ErrorCode::usage,
       .message = fmt::format("zdm completion does not know {}", shell),
       .hint = did_you_mean(shell, known, fmt::format("it knows {}", fmt::join(known, ", ")))});
}

}  // namespace zdm::cli
