#include "views/completion/script.hpp"

#include <algorithm>

namespace zdm::cli {

std::vector<Verb> verbs_of(std::string_view group) {
  std::vector<Verb> verbs;
  for (const auto& command : commands()) {
    const bool below = command.family() != command.name;
    if (group.empty() && !below) verbs.push_back({command.name, command.summary});
    if (below && command.family() == group) {
      verbs.push_back({command.name.substr(group.size() + 1), command.summary});
    }
  }
  if (group.empty()) {
    for (const auto& each : groups()) verbs.push_back({each.name, each.summary});
  }
  return verbs;
}

std::vector<std::string_view> words_of(const Flag& flag, const Command& command) {
  if (flag.name == "--format") return {command.formats.begin(), command.formats.end()};
  return flag.words == nullptr ? std::vector<std::string_view>{} : flag.words();
}

std::vector<std::string_view> first_words(const Command& command) {
  if (command.positionals.empty() || command.positionals.front().words == nullptr) return {};
  return command.positionals.front().words();
}

std::vector<std::string_view> flags_with_value() {
  std::vector<std::string_view> names;
  const auto add = [&names](std::span<const Flag> flags) {
    for (const auto& flag : flags) {
      if (flag.arity != Arity::none && std::ranges::find(names, flag.name) == names.end()) {
        names.push_back(flag.name);
      }
    }
  };
  add(global_flags());
  for (const auto& command : commands()) add(command.flags);
  return names;
}

std::string in_quotes(std::string_view text) {
  std::string quoted = "'";
  for (const char byte : text) {
    if (byte == '\'') {
      quoted += R"('\'')";
    } else {
      quoted += byte;
    }
  }
  return quoted + "'";
}

}  // namespace zdm::cli
