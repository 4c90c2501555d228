#include "files/named_tables.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "files/config_keys.hpp"
#include "model/suggest.hpp"

namespace zdm::migrations {

using planner::ErrorCode;
using planner::fail_at;
using planner::Member;
using planner::Object;

namespace {

/// Reads the tables of one kind.
class Reader {
 public:
  Reader(std::string_view kind, std::span<const ConfigKey> keys, const std::string& shown,
         ConfigFile& file)
      : kind_(kind), keys_(keys), shown_(shown), file_(file) {}

  Result<NamedTable> read(const Member& member) {
    const auto* object = std::get_if<Object>(&member.value.data);
    if (object == nullptr || member.key.empty()) {
      return fail_at(member.where, ErrorCode::usage,
                     fmt::format("{} takes one table for each name", kind_),
                     fmt::format("write [{}.\"schema.name\"]", kind_));
    }
    NamedTable table{.name = member.key, .values = {}, .lists = {}, .where = member.where};
    for (const Member& inner : *object) ZDM_CHECK(read_key(inner, table));
    for (const ConfigKey& key : keys_) {
      const auto name = std::string(key.name);
      if (key.otherwise.empty() || table.values.contains(name)) continue;
      table.values[name] = key.otherwise;
      put_setting(table, name, std::string(key.otherwise), "default");
    }
    return table;
  }

 private:
  Result<void> read_key(const Member& member, NamedTable& table) {
    const auto key = std::ranges::find(keys_, member.key, &ConfigKey::name);
    if (key == keys_.end()) return unknown(member, table);
    const auto source = fmt::format("{}:{}", shown_, member.where.line);
    if (key->kind == ValueKind::texts) {
      ZDM_TRY(auto list, read_texts(*key, member.value));
      put_setting(table, member.key, printed(list), source);
      table.lists[member.key] = std::move(list);
      return {};
    }
    ZDM_TRY(auto text, value_of(*key, member.value));
    put_setting(table, member.key, text, source);
    table.values[member.key] = std::move(text);
    return {};
  }

  /// `keep` and `anchor` count in the key's own numbers where the partitions do.
  static Result<std::string> value_of(const ConfigKey& key, const planner::Value& value) {
    const bool may_count = key.name == "keep" || key.name == "anchor";
    if (!may_count || !std::holds_alternative<std::int64_t>(value.data)) {
      return read_value(key, value);
    }
    ConfigKey number = key;
    number.kind = ValueKind::integer;
    number.least = key.name == "keep" ? 1 : INT64_MIN;
    number.most = INT64_MAX;
    return read_value(number, value);
  }

  [[nodiscard]] tl::unexpected<Error> unknown(const Member& member, const NamedTable& table) const {
    std::vector<std::string> known;
    for (const ConfigKey& key : keys_) known.emplace_back(key.name);
    return fail_at(member.where, ErrorCode::usage,
                   fmt::format("unknown key {} in [{}.\"{}\"]{}", member.key, kind_, table.name,
                               planner::suggestion(member.key, known)),
                   fmt::format("it takes {}", fmt::join(known, ", ")));
  }

  void put_setting(const NamedTable& table, const std::string& name, const std::string& value,
                   const std::string& source) {
    file_.table_settings.push_back(
        {fmt::format("{}.\"{}\".{}", kind_, table.name, name), value, source});
  }

  std::string_view kind_;
  std::span<const ConfigKey> keys_;
  const std::string& shown_;
  ConfigFile& file_;
};

/// What must hold between the keys of a partition set; what is wrong otherwise.
std::string partition_problem(const NamedTable& table) {
  const auto has = [&](const char* key) { return table.values.contains(key); };
  if (!has("column")) return "needs column, the one it is partitioned by";
  if (has("interval") == has("step")) {
    return "needs either interval (time) or step (integers), and not both";
  }
  const bool number = has("keep") && table.values.at("keep").find(' ') == std::string::npos;
  if (has("keep") && has("interval") == number) {
    return has("interval") ? "needs keep as an interval, such as \"24 months\""
                           : "needs keep as a number, since it goes by step";
  }
  const bool archive = table.values.at("expire") == "archive";
  if (archive && !has("schema")) return "needs schema, where expired partitions are archived to";
  if (!archive && has("schema")) return "takes schema only with expire = \"archive\"";
  return {};
}

}  // namespace

Result<void> read_partitions(const Object& tables, const std::string& shown, ConfigFile& file) {
  Reader reader("partition", partition_keys(), shown, file);
  for (const Member& member : tables) {
    ZDM_TRY(auto table, reader.read(member));
    if (const auto problem = partition_problem(table); !problem.empty()) {
      return fail_at(member.where, ErrorCode::usage,
                     fmt::format("[partition.\"{}\"] {}", table.name, problem));
    }
    file.partitions.push_back(std::move(table));
  }
  return {};
}

Result<void> read_matviews(const Object& tables, const std::string& shown, ConfigFile& file) {
  Reader reader("matview", matview_keys(), shown, file);
  for (const Member& member : tables) {
    ZDM_TRY(auto table, reader.read(member));
    file.matviews.push_back(std::move(table));
  }
  return {};
}

}  // namespace zdm::migrations
