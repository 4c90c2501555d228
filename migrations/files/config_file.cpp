#include "files/config_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "files/config_keys.hpp"
#include "files/named_tables.hpp"
#include "model/suggest.hpp"

namespace zdm::migrations {

using planner::ErrorCode;
using planner::fail_at;
using planner::Member;
using planner::Object;

namespace {

std::vector<std::string> table_names() {
  std::set<std::string> names = {"partition", "matview"};
  for (const ConfigKey& key : config_keys()) names.emplace(key.table);
  return {names.begin(), names.end()};
}

Result<const Object*> table_of(const Member& member, const std::string& shown) {
  if (const auto* object = std::get_if<Object>(&member.value.data)) return object;
  return fail_at(member.where, ErrorCode::usage, fmt::format("{} must be a table", shown),
                 fmt::format("write [{}]", shown));
}

Result<void> read_rules(const Member& member, ConfigFile& file) {
  static constexpr ConfigKey kRule = {
      .table = "gate.rules", .name = "", .kind = ValueKind::choice, .choices = "error|warning|off"};
  ZDM_TRY(const Object* rules, table_of(member, "gate.rules"));
  for (const Member& rule : *rules) {
    ConfigKey key = kRule;
    key.name = rule.key;
    ZDM_TRY(file.rules[rule.key], read_value(key, rule.value));
    file.rule_places[rule.key] = rule.where;
  }
  return {};
}

Result<void> read_key(std::string_view table, const Member& member, ConfigFile& file) {
  std::vector<std::string> known;
  for (const ConfigKey& key : config_keys()) {
    if (key.table != table) continue;
    known.emplace_back(key.name);
    if (key.name != member.key) continue;
    ConfigFile::Entry entry;
    entry.value = member.value;
    if (key.kind == ValueKind::texts) {
      ZDM_TRY(entry.list, read_texts(key, member.value));
      entry.text = printed(entry.list);
    } else {
      ZDM_TRY(entry.text, read_value(key, member.value));
    }
    file.entries[full_name(key)] = std::move(entry);
    return {};
  }
  return fail_at(member.where, ErrorCode::usage,
                 fmt::format("unknown key {} in [{}]{}", member.key, table,
                             planner::suggestion(member.key, known)),
                 fmt::format("[{}] takes {}", table, fmt::join(known, ", ")));
}

Result<void> read_table(const Member& member, const std::string& shown, ConfigFile& file) {
  ZDM_TRY(const Object* object, table_of(member, member.key));
  if (member.key == "partition") return read_partitions(*object, shown, file);
  if (member.key == "matview") return read_matviews(*object, shown, file);
  for (const Member& inner : *object) {
    if (member.key == "gate" && inner.key == "rules") {
      ZDM_CHECK(read_rules(inner, file));
    } else {
      ZDM_CHECK(read_key(member.key, inner, file));
    }
  }
  return {};
}

}  // namespace

Result<ConfigFile> read_config_file(const planner::Value& root, const std::string& shown) {
  ConfigFile file;
  const auto tables = table_names();
  for (const Member& member : std::get<Object>(root.data)) {
    if (std::ranges::count(tables, member.key) == 0) {
      const bool table = std::holds_alternative<Object>(member.value.data);
      return fail_at(member.where, ErrorCode::usage,
                     fmt::format("unknown {} {}{}", table ? "table" : "key",
                                 table ? fmt::format("[{}]", member.key) : member.key,
                                 planner::suggestion(member.key, tables)),
                     fmt::format("the tables are [{}]", fmt::join(tables, "], [")));
    }
    ZDM_CHECK(read_table(member, shown, file));
  }
  return file;
}

std::string printed(const std::vector<std::string>& list) {
  std::string text = "[";
  for (const std::string& element : list) {
    if (text.size() > 1) text += ", ";
    text += '"';
    for (const char byte : element) {
      if (byte == '"' || byte == '\\') text += '\\';
      text += byte == '\n' ? ' ' : byte;
    }
    text += '"';
  }
  return text + "]";
}

}  // namespace zdm::migrations
