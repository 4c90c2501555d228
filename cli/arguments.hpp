#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zdm::cli {

struct Command;

enum class ColorChoice { automatic, always, never };

/// What the command line said, checked against the table of commands: every key is a flag or
/// positional of `command` or a global flag.
struct Arguments {
  const Command* command = nullptr;
  /// "--phase", "MIGRATION" … to what was given, in order; a flag without value has empty texts.
  std::map<std::string, std::vector<std::string>, std::less<>> given;
  std::string format;  ///< one of command->formats
  ColorChoice color = ColorChoice::automatic;

  [[nodiscard]] bool has(std::string_view name) const { return given.find(name) != given.end(); }
  /// The last one given.
  [[nodiscard]] std::optional<std::string> value(std::string_view name) const {
    const auto found = given.find(name);
    if (found == given.end() || found->second.empty()) return std::nullopt;
    return found->second.back();
  }
  [[nodiscard]] std::vector<std::string> values(std::string_view name) const {
    const auto found = given.find(name);
    return found == given.end() ? std::vector<std::string>{} : found->second;
  }
};

}  // namespace zdm::cli
