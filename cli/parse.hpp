#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"
#include "report.hpp"

namespace zdm::cli {

/// What to do with a command line.
struct Parsed {
  enum class Ask { run, version, help } ask = Ask::run;
  Arguments arguments;     ///< for run
  std::string help_topic;  ///< for help: "", "plan", "release", "release cut"
};

/// Reads the arguments after the program's name. Globals stand before or after the verb; given
/// twice, the last wins; `zdm help VERB` is `zdm VERB --help`. ErrorCode::usage, with a suggestion
/// for what is nearly a verb or a flag.
[[nodiscard]] Result<Parsed> parse(const std::vector<std::string>& given);

/// Whether a line that may not even parse asks for `--format json`.
[[nodiscard]] bool wants_json(const std::vector<std::string>& words);
/// The first verb named on a line that may not parse ("" when none is): names the JSON schema.
[[nodiscard]] std::string_view family_of(const std::vector<std::string>& words);

}  // namespace zdm::cli
