#include "recipes/key_reader.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "model/suggest.hpp"
#include "sql/quote.hpp"
#include "sql/type.hpp"

namespace zdm::planner {

namespace {

std::string_view type_name(const Value& value) {
  static constexpr std::array<std::string_view, 6> names = {
      "text", "an integer", "a number", "true or false", "a list", "a table"};
  return names[value.data.index()];
}

/// The value as T, or what was expected and what was found.
template <class T>
Result<T> as(const Value& value, std::string_view key, std::string_view expected) {
  if (const auto* found = std::get_if<T>(&value.data)) return *found;
  return fail_at(value.where, ErrorCode::usage,
                 fmt::format("`{}` must be {}, not {}", key, expected, type_name(value)), "");
}

Result<std::string> text_of(const Value& value, std::string_view key) {
  ZDM_TRY(auto text, as<std::string>(value, key, "text"));
  if (text.find_first_not_of(" \t\r\n\f\v") == std::string::npos) {
    return fail_at(value.where, ErrorCode::usage,
                   fmt::format("`{}` is {}", key, text.empty() ? "empty" : "blank"),
                   "give it a value, or leave the key out");
  }
  if (const auto zero = text.find('\0'); zero != std::string::npos) {
    return fail_at(place_of(value, zero), ErrorCode::usage,
                   fmt::format("`{}` has a zero byte, which no database can keep", key),
                   "take the \\u0000 out");
  }
  return text;
}

Result<std::string> name_of(const Value& value, std::string_view key) {
  ZDM_TRY(const auto text, text_of(value, key));
  auto name = parse_identifier(text);
  if (!name) {
    auto error = std::move(name).error();
    error.where = value.where;
    error.message = fmt::format("`{}`: {}", key, error.message);
    return fail(std::move(error));
  }
  return std::move(*name);
}

Result<std::string> type_of(const Value& value, std::string_view key, KeyReader::Serial serial) {
  ZDM_TRY(auto text, text_of(value, key));
  if (const auto wrong = type_fault(text)) {
    return fail_at(
        place_of(value, wrong->offset), ErrorCode::usage,
        fmt::format("`{}` is not one type: {}", key, wrong->message),
        "write a type, such as text, numeric(10, 2) or app.mood; defaults and constraints "
        "have keys of their own");
  }
  if (serial == KeyReader::Serial::refused && is_serial(text)) {
    return fail_at(
        value.where, ErrorCode::refused,
        fmt::format("a {} column would rewrite the table while nobody can read it", text),
        "make a sequence by a change of kind sql, and add a column of type bigint with "
        "the default nextval('…'): backfill numbers the rows");
  }
  return text;
}

Result<TableName> table_of(const Value& value, std::string_view key) {
  ZDM_TRY(const auto text, text_of(value, key));
  auto name = parse_table_name(text);
  if (!name) {
    auto error = std::move(name).error();
    error.where = value.where;
    error.message = fmt::format("`{}`: {}", key, error.message);
    return fail(std::move(error));
  }
  return std::move(*name);
}

}  // namespace

KeyReader::KeyReader(Object object, SourceSpan where, std::string what)
    : object_(std::move(object)), where_(std::move(where)), what_(std::move(what)) {}

const Member* KeyReader::find(std::string_view key) {
  asked_.emplace(key);
  const auto member = std::ranges::find(object_, key, &Member::key);
  return member == object_.end() ? nullptr : &*member;
}

bool KeyReader::has(std::string_view key) const {
  return std::ranges::find(object_, key, &Member::key) != object_.end();
}

bool KeyReader::is_text(std::string_view key) const {
  const auto member = std::ranges::find(object_, key, &Member::key);
  return member != object_.end() && std::holds_alternative<std::string>(member->value.data);
}

SourceSpan KeyReader::where(std::string_view key) const {
  const auto member = std::ranges::find(object_, key, &Member::key);
  return member == object_.end() ? where_ : member->where;
}

tl::unexpected<Error> KeyReader::missing(std::string_view key) const {
  // A key that nobody asked for and that reads much like this one is the likelier fault.
  for (const auto& member : object_) {
    if (asked_.contains(member.key) || !nearest(member.key, {std::string(key)})) continue;
    return fail_at(member.where, ErrorCode::usage,
                   fmt::format("{} needs the key `{}`, and has `{}`", what_, key, member.key),
                   fmt::format("did you mean {}?", key));
  }
  return fail_at(where_, ErrorCode::usage, fmt::format("{} needs the key `{}`", what_, key), "");
}

Result<std::string> KeyReader::text(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return missing(key);
  return text_of(member->value, key);
}

Result<std::string> KeyReader::type(std::string_view key, Serial serial) {
  const auto* member = find(key);
  if (member == nullptr) return missing(key);
  return type_of(member->value, key, serial);
}

Result<std::optional<std::string>> KeyReader::optional_type(std::string_view key) {
  if (find(key) == nullptr) return std::optional<std::string>{};
  ZDM_TRY(auto text, type(key));
  return std::optional<std::string>(std::move(text));
}

Result<std::optional<std::string>> KeyReader::optional_text(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return std::nullopt;
  ZDM_TRY(auto text, text_of(member->value, key));
  return text;
}

Result<bool> KeyReader::flag(std::string_view key, bool otherwise) {
  const auto* member = find(key);
  if (member == nullptr) return otherwise;
  return as<bool>(member->value, key, "true or false");
}

Result<std::optional<std::int64_t>> KeyReader::optional_integer(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return std::nullopt;
  ZDM_TRY(const auto number, as<std::int64_t>(member->value, key, "an integer"));
  return number;
}

Result<std::vector<std::string>> KeyReader::optional_texts(std::string_view key) {
  std::vector<std::string> texts;
  const auto* member = find(key);
  if (member == nullptr) return texts;
  ZDM_TRY(const auto list, as<Array>(member->value, key, "a list of texts"));
  for (const auto& each : list) {
    ZDM_TRY(auto text, text_of(each, key));
    texts.push_back(std::move(text));
  }
  return texts;
}

Result<TableName> KeyReader::table(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return missing(key);
  return table_of(member->value, key);
}

Result<std::optional<TableName>> KeyReader::optional_table(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return std::nullopt;
  ZDM_TRY(auto name, table_of(member->value, key));
  return name;
}

Result<std::string> KeyReader::identifier(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return missing(key);
  return name_of(member->value, key);
}

Result<std::optional<std::string>> KeyReader::optional_identifier(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return std::nullopt;
  ZDM_TRY(auto name, name_of(member->value, key));
  return name;
}

Result<std::vector<std::string>> KeyReader::optional_identifiers(std::string_view key) {
  std::vector<std::string> names;
  const auto* member = find(key);
  if (member == nullptr) return names;
  ZDM_TRY(const auto list, as<Array>(member->value, key, "a list of names"));
  for (const auto& each : list) {
    ZDM_TRY(auto name, name_of(each, key));
    if (std::ranges::find(names, name) != names.end()) {
      return fail_at(each.where, ErrorCode::usage, fmt::format("`{}` names {} twice", key, name),
                     "");
    }
    names.push_back(std::move(name));
  }
  return names;
}

Result<std::vector<std::vector<std::string>>> KeyReader::optional_identifier_lists(
    std::string_view key) {
  std::vector<std::vector<std::string>> lists;
  const auto* member = find(key);
  if (member == nullptr) return lists;
  ZDM_TRY(const auto outer, as<Array>(member->value, key, "a list of lists of names"));
  for (const auto& each : outer) {
    KeyReader inner({Member{.key = std::string(key), .where = each.where, .value = each}},
                    each.where, what_);
    ZDM_TRY(auto names, inner.identifiers(key));
    lists.push_back(std::move(names));
  }
  return lists;
}

Result<std::vector<std::string>> KeyReader::identifiers(std::string_view key) {
  if (!has(key)) return missing(key);
  ZDM_TRY(auto names, optional_identifiers(key));
  if (names.empty()) {
    return fail_at(where(key), ErrorCode::usage, fmt::format("`{}` is an empty list", key), "");
  }
  return names;
}

Result<SqlText> KeyReader::sql(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return missing(key);
  ZDM_TRY(auto text, text_of(member->value, key));
  return SqlText{.text = std::move(text), .source = member->value};
}

Result<std::optional<SqlText>> KeyReader::optional_sql(std::string_view key) {
  if (find(key) == nullptr) return std::nullopt;
  ZDM_TRY(auto text, sql(key));
  return text;
}

Result<std::vector<SqlText>> KeyReader::sql_list(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return missing(key);
  ZDM_TRY(const auto list, as<Array>(member->value, key, "a list of texts"));
  std::vector<SqlText> texts;
  for (const auto& each : list) {
    ZDM_TRY(auto text, text_of(each, key));
    texts.push_back({.text = std::move(text), .source = each});
  }
  if (texts.empty()) {
    return fail_at(member->where, ErrorCode::usage, fmt::format("`{}` is an empty list", key), "");
  }
  return texts;
}

Result<std::optional<KeyReader>> KeyReader::optional_object(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return std::nullopt;
  ZDM_TRY(const auto object, as<Object>(member->value, key, "a table: {key = \"…\"}"));
  return KeyReader(object, member->value.where, fmt::format("`{}`", key));
}

Result<std::vector<KeyReader>> KeyReader::objects(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return missing(key);
  ZDM_TRY(const auto list, as<Array>(member->value, key, "a list of tables"));
  std::vector<KeyReader> readers;
  for (const auto& each : list) {
    ZDM_TRY(const auto object, as<Object>(each, key, "a list of tables"));
    readers.emplace_back(object, each.where, fmt::format("an entry of `{}`", key));
  }
  return readers;
}

Result<std::vector<std::pair<std::string, SqlText>>> KeyReader::optional_sql_map(
    std::string_view key) {
  std::vector<std::pair<std::string, SqlText>> map;
  const auto* member = find(key);
  if (member == nullptr) return map;
  ZDM_TRY(const auto object, as<Object>(member->value, key, "a table: {column = \"expression\"}"));
  for (const auto& each : object) {
    auto name = parse_identifier(each.key);
    ZDM_TRY(auto text, text_of(each.value, each.key));
    // A TOML key is written bare or in TOML's own quotes: its text is the column's name as it is.
    map.emplace_back(name ? *name : each.key,
                     SqlText{.text = std::move(text), .source = each.value});
  }
  return map;
}

Result<CommonKeys> KeyReader::common() {
  CommonKeys common;
  ZDM_TRY(common.up, optional_sql("up"));
  if (!has("down") || is_text("down")) {
    ZDM_TRY(common.down, optional_sql("down"));
  }
  const auto choice = [&](std::string_view key,
                          std::vector<std::string> values) -> Result<std::size_t> {
    ZDM_TRY(const auto text, optional_text(key));
    if (!text) return std::size_t{0};
    const auto found = std::ranges::find(values, *text);
    if (found != values.end()) return static_cast<std::size_t>(found - values.begin());
    return fail_at(where(key), ErrorCode::usage,
                   fmt::format("`{}` cannot be \"{}\"{}", key, *text, suggestion(*text, values)),
                   fmt::format("one of: {}", fmt::join(values, ", ")));
  };
  ZDM_TRY(const auto on_error, choice("on_error", {"fail", "null"}));
  ZDM_TRY(const auto triggers, choice("user_triggers", {"refuse", "fire", "skip"}));
  ZDM_TRY(const auto dual_write, choice("dual_write", {"trigger", "app"}));
  common.on_error = on_error == 0 ? OnError::fail : OnError::null;
  common.user_triggers = triggers == 0   ? UserTriggers::refuse
                         : triggers == 1 ? UserTriggers::fire
                                         : UserTriggers::skip;
  common.dual_write_app = dual_write == 1;
  return common;
}

Result<void> KeyReader::finish() const {
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  for (const auto& member : object_) {
    if (asked_.contains(member.key)) continue;
    return fail_at(
        member.where, ErrorCode::usage,
        fmt::format("{} has no key `{}`{}", what_, member.key, suggestion(member.key, known)),
        fmt::format("its keys are {}", fmt::join(known, ", ")));
  }
  return {};
}

}  // namespace zdm::planner
