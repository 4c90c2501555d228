#include <fmt/format.h>

#include "views/completion/script.hpp"

namespace zdm::cli {
namespace {

std::vector<std::string_view> names_of(std::span<const Flag> flags) {
  std::vector<std::string_view> names;
  for (const auto& flag : flags) {
    names.push_back(flag.name);
    if (!flag.short_name.empty()) names.push_back(flag.short_name);
  }
  return names;
}

std::string group_pattern() {
  std::string pattern;
  for (const auto& group : groups()) {
    pattern += fmt::format("{}{}", pattern.empty() ? "" : "|", group.name);
  }
  return pattern;
}

std::string values_of_command(const Command& command) {
  std::string rows;
  const auto add = [&](std::span<const Flag> flags) {
    for (const auto& flag : flags) {
      const auto words = words_of(flag, command);
      if (words.empty()) continue;
      rows += fmt::format("    '{} {}') words='{}' ;;\n", command.name, flag.name,
                          fmt::join(words, " "));
    }
  };
  add(command.flags);
  add(global_flags());
  return rows;
}

std::string values() {
  std::string rows;
  for (const auto& command : commands()) rows += values_of_command(command);
  for (const auto& flag : global_flags()) {
    if (flag.words == nullptr) continue;
    rows += fmt::format("    *' {}') words='{}' ;;\n", flag.name, fmt::join(flag.words(), " "));
  }
  return rows;
}

/// The flags whose values have no words of their own, as patterns.
std::string free_values() {
  std::string pattern;
  for (const auto name : flags_with_value()) {
    pattern += fmt::format("{}*' {}'", pattern.empty() ? "" : " | ", name);
  }
  return pattern;
}

std::string flags() {
  std::string rows;
  for (const auto& command : commands()) {
    if (command.flags.empty()) continue;
    rows += fmt::format("      '{}') words=\"$words {}\" ;;\n", command.name,
                        fmt::join(names_of(command.flags), " "));
  }
  return rows;
}

std::string arguments() {
  const auto row = [](std::string_view verb, const auto& words) {
    return fmt::format("      '{}') words='{}' ;;\n", verb, fmt::join(words, " "));
  };
  const auto names = [](std::string_view group) {
    std::vector<std::string_view> found;
    for (const auto& verb : verbs_of(group)) found.push_back(verb.name);
    return found;
  };
  std::string rows = row("", names(""));
  for (const auto& group : groups()) rows += row(group.name, names(group.name));
  for (const auto& command : commands()) {
    if (const auto words = first_words(command); !words.empty()) rows += row(command.name, words);
  }
  return rows;
}

}  // namespace

std::string bash_script() {
  return fmt::format(
      R"bash(# zdm, completed by bash:  eval "$(zdm completion bash)"
_zdm() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}
  local verb='' words='' word i
  # --flag=value is three words, since = is one of COMP_WORDBREAKS.
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]]; then
    prev=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${{COMP_WORDS[i]}}
    case $word in
      {with_value})
        i=$((i + 1))
        [[ ${{COMP_WORDS[i]}} == '=' ]] && i=$((i + 1))
        ;;
      -* | '=') ;;
      *)
        verb="${{verb:+$verb }}$word"
        case $verb in
          {groups}) ;;
          *) break ;;
        esac
        ;;
    esac
  done
  COMPREPLY=()
  case "$verb $prev" in
{values}    {free}) return ;; # a file, a number, a name: left to bash
  esac
  if [[ -z $words && $cur == -* ]]; then
    words='{globals}'
    case $verb in
{flags}    esac
  elif [[ -z $words ]]; then
    case $verb in
{arguments}    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}}
complete -o default -F _zdm zdm
)bash",
      fmt::arg("with_value", fmt::join(flags_with_value(), " | ")),
      fmt::arg("groups", group_pattern()), fmt::arg("values", values()),
      fmt::arg("free", free_values()),
      fmt::arg("globals", fmt::join(names_of(global_flags()), " ")), fmt::arg("flags", flags()),
      fmt::arg("arguments", arguments()));
}

}  // namespace zdm::cli
