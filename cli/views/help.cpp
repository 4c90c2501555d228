#include <fmt/format.h>

#include "commands/table.hpp"
#include "text_width.hpp"
#include "views/view.hpp"

namespace zdm::cli {
namespace {

using Row = std::vector<std::string>;
using RowsOfText = std::vector<Row>;

Row flag_row(const Flag& flag) {
  auto name = flag.short_name.empty() ? std::string(flag.name)
                                      : fmt::format("{}, {}", flag.short_name, flag.name);
  if (!flag.value.empty()) name += fmt::format(" {}", flag.value);
  return {"  " + name, std::string(flag.summary)};
}

std::string block(std::string_view title, const RowsOfText& rows) {
  if (rows.empty()) return {};
  std::string text = fmt::format("\n{}:\n", title);
  for (const auto& line : aligned(rows)) text += line + "\n";
  return text;
}

std::string flag_block(std::string_view title, std::span<const Flag> flags) {
  RowsOfText rows;
  for (const auto& flag : flags) rows.push_back(flag_row(flag));
  return block(title, rows);
}

std::string help_of(const Command& command) {
  auto text = fmt::format("zdm {0}: {1}\n\nusage: zdm {0} {2}", command.name, command.summary,
                          command.usage);
  text.erase(text.find_last_not_of(' ') + 1);
  RowsOfText rows;
  for (const auto& positional : command.positionals) {
    rows.push_back({fmt::format("  {}", positional.name), std::string(positional.summary)});
  }
  text += "\n" + block("arguments", rows) + flag_block("flags", command.flags);
  text += flag_block("flags of every command", global_flags());
  return text + fmt::format("\n--format: {}\n", fmt::join(command.formats, ", "));
}

RowsOfText rows_of(std::string_view family) {
  RowsOfText rows;
  for (const auto& command : commands()) {
    if (!family.empty() && command.family() != family) continue;
    rows.push_back(
        {fmt::format("  {} {}", command.name, command.usage), std::string(command.summary)});
  }
  return rows;
}

std::string overview() {
  std::string text =
      "zdm carries a database schema from one release to the next without downtime.\n\n"
      "usage: zdm COMMAND [arguments] [flags]\n";
  text += block("commands", rows_of({}));
  text += flag_block("flags of every command, before or after its name", global_flags());
  return text +
         "\nexit codes: 0 done, 1 failed, 2 usage, 3 refused, 4 pending (--exit-code), 5 drift,\n"
         "6 busy, 7 cannot connect, 70 a bug, 130/143 interrupted at a safe point\n";
}

}  // namespace

std::string help_text(std::string_view topic) {
  for (const auto& command : commands()) {
    if (command.name == topic) return help_of(command);
  }
  for (const auto& group : groups()) {
    if (group.name != topic) continue;
    return fmt::format("zdm {}: {}\n{}{}", group.name, group.summary,
                       block("commands", rows_of(group.name)),
                       flag_block("flags of every command", global_flags()));
  }
  return overview();
}

}  // namespace zdm::cli
