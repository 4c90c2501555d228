#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "commands/table.hpp"

/// Scripts by which shells complete zdm's words, made from the table of commands.
namespace zdm::cli {

/// Each is a whole script, for `eval` or for a file of the shell's own folder of completions.
[[nodiscard]] std::string bash_script();
[[nodiscard]] std::string zsh_script();
[[nodiscard]] std::string fish_script();

/// The verbs of the first level, or those below a group: what may follow `group` ("": nothing yet).
struct Verb {
  std::string_view name;
  std::string_view summary;
};
[[nodiscard]] std::vector<Verb> verbs_of(std::string_view group);

/// The words that the value of the flag may be in that command; none: a file, or anything.
[[nodiscard]] std::vector<std::string_view> words_of(const Flag& flag, const Command& command);
/// The words that the first argument may be.
[[nodiscard]] std::vector<std::string_view> first_words(const Command& command);

/// Every flag that takes a value, as the shell must know which word after a flag is no verb.
[[nodiscard]] std::vector<std::string_view> flags_with_value();

/// 'text' as the three shells read it.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace zdm::cli
