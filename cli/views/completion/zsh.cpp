#include <fmt/format.h>

#include "views/completion/script.hpp"

namespace zdm::cli {
namespace {

/// In the specs of _arguments a colon ends a part and a bracket ends the explanation
/// (zshcompsys(1)).
std::string escaped(std::string_view text) {
  std::string result;
  for (const char byte : text) {
    if (byte == ':' || byte == '[' || byte == ']' || byte == '\\') result += '\\';
    result += byte;
  }
  return result;
}

/// What completes a value: its words, or files.
std::string action(const std::vector<std::string_view>& words) {
  return words.empty() ? "_files" : fmt::format("({})", fmt::join(words, " "));
}

std::string spec(const Flag& flag, const Command* command) {
  const bool repeats = flag.arity == Arity::each || flag.arity == Arity::greedy;
  std::string text = fmt::format("{}{}[{}]", repeats ? "*" : "", flag.name, escaped(flag.summary));
  if (flag.arity != Arity::none) {
    std::vector<std::string_view> words;
    if (command != nullptr) words = words_of(flag, *command);
    if (command == nullptr && flag.words != nullptr) words = flag.words();
    text += fmt::format(":{}:{}", escaped(flag.value), action(words));
  }
  std::string specs = in_quotes(text);
  if (!flag.short_name.empty()) {
    specs += " " + in_quotes(fmt::format("{}[{}]", flag.short_name, escaped(flag.summary)));
  }
  return specs;
}

std::string specs_of(const Command& command) {
  std::string specs;
  const auto add = [&](const std::string& each) { specs += " \\\n        " + each; };
  for (const auto& flag : command.flags) add(spec(flag, &command));
  for (const auto& flag : global_flags()) add(spec(flag, &command));
  for (const auto& positional : command.positionals) {
    const auto words =
        positional.words == nullptr ? std::vector<std::string_view>{} : positional.words();
    add(in_quotes(fmt::format("{}:{}:{}", positional.many ? "*" : "", escaped(positional.name),
                              action(words))));
  }
  return specs;
}

std::string verb_list(std::string_view group) {
  std::string list;
  for (const auto& verb : verbs_of(group)) {
    list += " " + in_quotes(fmt::format("{}:{}", verb.name, verb.summary));
  }
  return list;
}

std::string cases() {
  std::string rows;
  for (const auto& command : commands()) {
    rows += fmt::format("      {})\n        _arguments -S{} ;;\n", in_quotes(command.name),
                        specs_of(command));
  }
  return rows;
}

std::string groups_cases() {
  std::string rows;
  for (const auto& group : groups()) {
    rows += fmt::format("      {})\n        verbs=({}) ;;\n", in_quotes(group.name),
                        verb_list(group.name));
  }
  return rows;
}

std::string global_specs() {
  std::string specs;
  for (const auto& flag : global_flags()) specs += " \\\n    " + spec(flag, nullptr);
  return specs;
}

}  // namespace

std::string zsh_script() {
  return fmt::format(R"zsh(#compdef zdm
# zdm, completed by zsh:  zdm completion zsh > "${{fpath[1]}}/_zdm"
_zdm() {{
  local curcontext="$curcontext" state line ret=1
  local -a verbs
  local -A opt_args
  _arguments -C -S -A '-*'{globals} \
    '1: :->verb' '*:: :->rest' && return 0
  case $state in
    verb)
      verbs=({verbs})
      _describe -t commands 'zdm command' verbs && ret=0
      ;;
    rest)
      local verb=$words[1]
      case $verb in
{groups}      esac
      if (( $#verbs )) && (( CURRENT == 2 )); then
        _describe -t commands "zdm $verb command" verbs && return 0
      elif (( $#verbs )); then
        shift words
        (( CURRENT-- ))
        verb="$verb $words[1]"
      fi
      case $verb in
{cases}      esac
      ret=$?
      ;;
  esac
  return ret
}}
if [ "$funcstack[1]" = '_zdm' ]; then
  _zdm "$@"
else
  compdef _zdm zdm
fi
)zsh",
                     fmt::arg("globals", global_specs()), fmt::arg("verbs", verb_list("")),
                     fmt::arg("groups", groups_cases()), fmt::arg("cases", cases()));
}

}  // namespace zdm::cli
