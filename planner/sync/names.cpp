#include "sync/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "sql/quote.hpp"
#include "sync/compose.hpp"

namespace zdm::planner {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(Engine engine, std::string_view a, std::string_view b) {
  if (engine == Engine::postgresql) {
    return a == b;
  }
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string on_one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text;
}

}  // namespace

std::string backfill_token(std::uint32_t table_oid, std::int64_t generation) {
  return fmt::format("{}:{}", table_oid, generation);
}

std::string_view to_string(SyncEvent event) {
  return event == SyncEvent::insert ? "insert" : "update";
}

std::string sync_function(const Table& table, SyncEvent event) {
  return fmt::format("zdm.sync_{}_{}", table.oid, to_string(event));
}

std::string_view postgres_trigger(SyncEvent event) {
  return event == SyncEvent::insert ? kSyncInsertTrigger : kSyncUpdateTrigger;
}

std::string sqlite_trigger(const Table& table, SyncEvent event) {
  return unique_name(fmt::format("{}{}", kTriggerPrefix, table.name.name),
                     fmt::format("_{}", to_string(event)), {});
}

const Column* find_column(Engine engine, const Table& table, std::string_view name) {
  const auto found = std::ranges::find_if(
      table.columns, [&](const Column& column) { return same_name(engine, column.name, name); });
  return found == table.columns.end() ? nullptr : &*found;
}

std::string rule_label(const SyncRule& rule) {
  return on_one_line(fmt::format("{}, change {}", rule.migration.value, rule.change + 1));
}

std::string migration_list(const std::vector<SyncRule>& rules) {
  std::vector<std::string> ids;
  for (const SyncRule& rule : rules) {
    if (std::ranges::find(ids, rule.migration.value) == ids.end()) {
      ids.push_back(rule.migration.value);
    }
  }
  return on_one_line(join(ids, ", "));
}

std::string in_brackets(const std::string& expression) {
  const bool comment = expression.find("--") != std::string::npos;
  return fmt::format("({}{})", expression, comment ? "\n" : "");
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

}  // namespace zdm::planner
