#include "parse.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "commands/table.hpp"
#include "commands/words.hpp"
#include "suggest.hpp"

namespace zdm::cli {
namespace {

/// What was defined for one level, to read the results back by the table's names.
struct Defined {
  std::string name;
  CLI::Option* option;
};

void define(CLI::App& app, const Flag& flag, std::vector<Defined>& defined) {
  std::string names(flag.name);
  if (!flag.short_name.empty()) names = fmt::format("{},{}", flag.short_name, flag.name);
  CLI::Option* option = nullptr;
  if (flag.arity == Arity::none) {
    option = app.add_flag(names)->disable_flag_override();
  } else {
    option = app.add_option(names);
    if (flag.arity == Arity::greedy) option->expected(1, -1)->allow_extra_args();
  }
  // Everything is kept; Arguments::value() takes the last.
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  defined.push_back({std::string(flag.name), option});
}

void define(CLI::App& app, const Positional& positional, std::vector<Defined>& defined) {
  auto* option = app.add_option(positional.many ? "many" : std::string(positional.name));
  if (positional.many) option->expected(0, -1)->allow_extra_args();
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  defined.push_back({std::string(positional.name), option});
}

/// The library's view of the table.
class Grammar {
 public:
  Grammar() : app_("", "zdm") {
    app_.set_help_flag("");
    app_.fallthrough(true);  // at every level: globals before and after the verb
    app_.allow_extras(true);
    app_.require_subcommand(0, 1);
    for (const auto& flag : global_flags()) define(app_, flag, globals_);
    for (const auto& group : groups()) app_.add_subcommand(std::string(group.name));
    for (const auto& command : commands()) add(command);
  }

  void parse(std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());
    app_.parse(words);
  }

  /// "plan", "release", "release cut": the verbs found, or "".
  [[nodiscard]] std::string verb() const {
    std::string words;
    const CLI::App* level = &app_;
    while (!level->get_subcommands().empty()) {
      level = level->get_subcommands().front();
      words += (words.empty() ? "" : " ") + level->get_name();
    }
    return words;
  }

  [[nodiscard]] std::vector<std::string> left_over() const {
    auto words = app_.remaining(true);
    words.erase(std::remove(words.begin(), words.end(), "--"), words.end());
    return words;
  }

  [[nodiscard]] Arguments arguments(const Command* command) const {
    Arguments result;
    result.command = command;
    for (const auto& entry : globals_) take(entry, result);
    for (const auto& [of, entries] : of_commands_) {
      if (of != command) continue;
      for (const auto& entry : entries) take(entry, result);
    }
    return result;
  }

 private:
  void add(const Command& command) {
    const auto space = command.name.find(' ');
    CLI::App* parent = &app_;
    auto word = command.name;
    if (space != std::string_view::npos) {
      parent = app_.get_subcommand(std::string(command.family()));
      word.remove_prefix(space + 1);
    }
    auto* sub = parent->add_subcommand(std::string(word));
    auto& entries = of_commands_.emplace_back(&command, std::vector<Defined>{}).second;
    for (const auto& positional : command.positionals) define(*sub, positional, entries);
    for (const auto& flag : command.flags) define(*sub, flag, entries);
  }

  static void take(const Defined& entry, Arguments& result) {
    if (entry.option->count() == 0) return;
    result.given[entry.name] = entry.option->results();
  }

  CLI::App app_;
  std::vector<Defined> globals_;
  std::vector<std::pair<const Command*, std::vector<Defined>>> of_commands_;
};

const Command* find_command(std::string_view name) {
  for (const auto& command : commands()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

std::vector<std::string_view> flag_names(const Command* command) {
  std::vector<std::string_view> names;
  const auto add = [&names](std::span<const Flag> flags) {
    for (const auto& flag : flags) names.push_back(flag.name);
  };
  add(global_flags());
  if (command != nullptr) add(command->flags);
  return names;
}

/// The words that may follow `prefix` ("" or "release").
std::vector<std::string_view> verbs_after(std::string_view prefix) {
  std::vector<std::string_view> verbs;
  for (const auto& command : commands()) {
    auto word = prefix.empty() ? command.family() : command.name;
    if (!prefix.empty()) {
      if (command.family() != prefix || command.name == prefix) continue;
      word.remove_prefix(prefix.size() + 1);
    }
    if (verbs.empty() || verbs.back() != word) verbs.push_back(word);
  }
  return verbs;
}

tl::unexpected<Error> unknown_flag(std::string word, const Command* command) {
  word = word.substr(0, word.find('='));  // a value may be a secret
  const std::string of = command == nullptr ? "zdm" : fmt::format("zdm {}", command->name);
  return planner::fail(
      ErrorCode::usage, fmt::format("{} has no flag {}", of, word),
      did_you_mean(word, flag_names(command), fmt::format("{} -h lists the flags", of)));
}

tl::unexpected<Error> unknown_verb(const std::string& prefix, const std::string& word) {
  const auto verbs = verbs_after(prefix);
  const auto full = prefix.empty() ? word : fmt::format("{} {}", prefix, word);
  return planner::fail(
      ErrorCode::usage, fmt::format("there is no command {}", full),
      did_you_mean(word, verbs, fmt::format("commands are {}", fmt::join(verbs, ", "))));
}

Result<void> check_left_over(const Grammar& grammar, const Command* command) {
  const auto left = grammar.left_over();
  if (left.empty()) return {};
  const auto& word = left.front();
  if (word.size() > 1 && word.front() == '-') return unknown_flag(word, command);
  if (command == nullptr) return unknown_verb(grammar.verb(), word);
  return planner::fail(ErrorCode::usage,
                       fmt::format("zdm {} does not take {}", command->name, word),
                       fmt::format("usage: zdm {} {}", command->name, command->usage));
}

/// A flag standing where a flag's value belongs was meant as a flag.
Result<void> check_values(const Arguments& arguments) {
  const auto names = flag_names(arguments.command);
  for (const auto& [name, values] : arguments.given) {
    for (const auto& value : values) {
      if (std::find(names.begin(), names.end(), value) == names.end()) continue;
      return planner::fail(ErrorCode::usage, fmt::format("{} needs a value", name),
                           fmt::format("if the value really is {0}, write {1}={0}", value, name));
    }
  }
  return {};
}

Result<void> check_required(const Arguments& arguments) {
  const auto& command = *arguments.command;
  std::vector<std::string_view> missing;
  for (const auto& positional : command.positionals) {
    if (positional.required && !arguments.has(positional.name)) missing.push_back(positional.name);
  }
  if (missing.empty()) return {};
  return planner::fail(ErrorCode::usage,
                       fmt::format("zdm {} needs {}", command.name, fmt::join(missing, " and ")),
                       fmt::format("usage: zdm {} {}", command.name, command.usage));
}

Result<void> set_format(Arguments& arguments) {
  const auto formats = arguments.command->formats;
  arguments.format = arguments.value("--format").value_or(std::string(formats.front()));
  if (std::find(formats.begin(), formats.end(), arguments.format) != formats.end()) return {};
  return planner::fail(
      ErrorCode::usage,
      fmt::format("zdm {} cannot draw --format {}", arguments.command->name, arguments.format),
      fmt::format("it draws {}", fmt::join(formats, ", ")));
}

Result<void> set_color(Arguments& arguments) {
  const auto color = arguments.value("--color").value_or("auto");
  if (color == "auto") {
    arguments.color = ColorChoice::automatic;
  } else if (color == "always") {
    arguments.color = ColorChoice::always;
  } else if (color == "never") {
    arguments.color = ColorChoice::never;
  } else {
    return planner::fail(ErrorCode::usage, fmt::format("--color does not know {}", color),
                         "it takes auto, always or never");
  }
  return {};
}

/// A hazard that is misspelt would be accepted and then refused where it counts, hours later.
Result<void> check_hazards(const Arguments& arguments) {
  const auto known = hazards();
  for (const auto& hazard : arguments.values("--allow")) {
    if (std::find(known.begin(), known.end(), hazard) != known.end()) continue;
    return planner::fail(
        ErrorCode::usage, fmt::format("--allow does not know {}", hazard),
        did_you_mean(hazard, known, fmt::format("hazards are {}", fmt::join(known, ", "))));
  }
  return {};
}

/// What the library throws: a flag without its value, or a switch with one.
Error from_library(const CLI::ParseError& error) {
  const std::string what = error.what();
  const auto name = what.substr(0, what.find_first_of(": "));
  if (name.substr(0, 1) != "-") return {.code = ErrorCode::usage, .message = what};
  const bool is_switch = dynamic_cast<const CLI::InvalidError*>(&error) != nullptr ||
                         what.find("flag override") != std::string::npos;
  return {.code = ErrorCode::usage,
          .message =
              fmt::format(fmt::runtime(is_switch ? "{} takes no value" : "{} needs a value"), name),
          .hint = "zdm -h lists the flags"};
}

Result<Parsed> interpret(const Grammar& grammar) {
  const auto verb = grammar.verb();
  const auto* command = find_command(verb);
  Parsed parsed;
  parsed.arguments = grammar.arguments(command);
  if (parsed.arguments.has("--version")) {
    parsed.ask = Parsed::Ask::version;
    return parsed;
  }
  ZDM_CHECK(check_left_over(grammar, command));
  if (parsed.arguments.has("--help")) {
    parsed.ask = Parsed::Ask::help;
    parsed.help_topic = verb;
    return parsed;
  }
  if (command == nullptr) {
    const auto verbs = verbs_after(verb);
    return planner::fail(ErrorCode::usage,
                         fmt::format("zdm{}{} needs a command", verb.empty() ? "" : " ", verb),
                         fmt::format("one of {}; zdm -h says more", fmt::join(verbs, ", ")));
  }
  ZDM_CHECK(check_values(parsed.arguments));
  ZDM_CHECK(check_required(parsed.arguments));
  ZDM_CHECK(check_hazards(parsed.arguments));
  ZDM_CHECK(set_color(parsed.arguments));
  ZDM_CHECK(set_format(parsed.arguments));
  return parsed;
}

}  // namespace

Result<Parsed> parse(const std::vector<std::string>& given) {
  auto words = given;
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  try {
    Grammar grammar;
    grammar.parse(std::move(words));
    return interpret(grammar);
  } catch (const CLI::ParseError& error) {
    return planner::fail(from_library(error));
  } catch (const CLI::Error& error) {
    return planner::fail(ErrorCode::bug, fmt::format("the table of commands: {}", error.what()));
  }
}

bool wants_json(const std::vector<std::string>& words) {
  bool json = false;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i] == "--format" && i + 1 < words.size()) json = words[i + 1] == "json";
    if (words[i].rfind("--format=", 0) == 0) json = words[i] == "--format=json";
  }
  return json;
}

std::string_view family_of(const std::vector<std::string>& words) {
  for (const auto& word : words) {
    for (const auto& command : commands()) {
      if (command.family() == word) return command.family();
    }
  }
  return {};
}

}  // namespace zdm::cli
