#include <fmt/format.h>

#include "views/completion/script.hpp"

namespace zdm::cli {
namespace {

std::string flag_rows(const Flag& flag, std::string_view condition,
                      const std::vector<std::string_view>& words) {
  std::string row = fmt::format("complete -c zdm{} -l {}", condition, flag.name.substr(2));
  if (!flag.short_name.empty()) row += fmt::format(" -s {}", flag.short_name.substr(1));
  if (flag.arity != Arity::none) row += words.empty() ? " -r -F" : " -x";
  if (!words.empty())
    row += fmt::format(" -a {}", in_quotes(fmt::format("{}", fmt::join(words, " "))));
  return fmt::format("{} -d {}\n", row, in_quotes(flag.summary));
}

std::string at(std::string_view verb) {
  return fmt::format(" -n \"__zdm_at '{}'\"", verb);
}

std::string verb_rows(std::string_view group) {
  std::string rows;
  for (const auto& verb : verbs_of(group)) {
    rows += fmt::format("complete -c zdm{} -a {} -d {}\n", at(group), in_quotes(verb.name),
                        in_quotes(verb.summary));
  }
  return rows;
}

std::string command_rows(const Command& command) {
  std::string rows;
  const auto where = at(command.name);
  for (const auto& flag : command.flags) rows += flag_rows(flag, where, words_of(flag, command));
  rows += fmt::format("complete -c zdm{} -l format -x -a {}\n", where,
                      in_quotes(fmt::format("{}", fmt::join(command.formats, " "))));
  if (const auto words = first_words(command); !words.empty()) {
    rows += fmt::format("complete -c zdm{} -a {}\n", where,
                        in_quotes(fmt::format("{}", fmt::join(words, " "))));
  } else if (!command.positionals.empty()) {
    rows += fmt::format("complete -c zdm{} -F\n", where);
  }
  return rows;
}

std::string all_rows() {
  std::string rows;
  for (const auto& flag : global_flags()) {
    if (flag.name == "--format") continue;  // each command has formats of its own
    const auto words = flag.words == nullptr ? std::vector<std::string_view>{} : flag.words();
    rows += flag_rows(flag, "", words);
  }
  rows += verb_rows("");
  for (const auto& group : groups()) rows += verb_rows(group.name);
  for (const auto& command : commands()) rows += command_rows(command);
  return rows;
}

std::string group_names() {
  std::string names;
  for (const auto& group : groups()) names += fmt::format(" {}", group.name);
  return names;
}

}  // namespace

std::string fish_script() {
  return fmt::format(R"fish(# zdm, completed by fish:  zdm completion fish | source
function __zdm_at --description 'the verbs so far are these'
  set -l words (commandline -opc)
  set -e words[1]
  set -l verb
  set -l value 0
  for word in $words
    if test $value = 1
      set value 0
      continue
    end
    switch $word
      case {with_value}
        set value 1
      case '-*'
      case '*'
        set verb $verb $word
        contains -- "$verb"{groups}; or break
    end
  end
  test "$verb" = "$argv[1]"
end
complete -c zdm -f
{rows})fish",
                     fmt::arg("with_value", fmt::join(flags_with_value(), " ")),
                     fmt::arg("groups", group_names()), fmt::arg("rows", all_rows()));
}

}  // namespace zdm::cli
