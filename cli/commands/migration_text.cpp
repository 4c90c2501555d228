#include "commands/migration_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "model/phase.hpp"
#include "suggest.hpp"

namespace zdm::cli {
namespace {

using planner::ErrorCode;
using planner::KeyInfo;
using planner::KindInfo;
using planner::Result;
using Given = std::map<std::string, std::string, std::less<>>;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// The key's value in TOML, by the words of KeyInfo::type.
Result<std::string> toml_value(const std::string& key, std::string_view type,
                               const std::string& text) {
  const bool list = contains(type, "list") || contains(type, "array");
  const bool table =
      contains(type, "table of") || contains(type, "object") || contains(type, "inline");
  const char first = text.empty() ? ' ' : text.front();
  if ((list && first == '[') || ((table || list) && (first == '{' || first == '['))) return text;
  if (contains(type, "boolean")) {
    if (text == "true" || text == "false") return text;
    return planner::fail(ErrorCode::usage, fmt::format("{} is true or false, not {}", key, text));
  }
  if (contains(type, "integer") || contains(type, "number")) {
    if (!text.empty() && text.find_first_not_of("-0123456789") == std::string::npos) return text;
    return planner::fail(ErrorCode::usage, fmt::format("{} is a number, not {}", key, text));
  }
  if (!list) return toml_string(text);
  std::vector<std::string> items;
  for (const auto part : split(text, ',')) items.push_back(toml_string(trimmed(part)));
  return fmt::format("[{}]", fmt::join(items, ", "));
}

const KeyInfo* own_key(const KindInfo& kind, std::string_view name) {
  for (const auto& key : kind.keys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

std::vector<std::string_view> known_keys(const KindInfo& kind) {
  std::vector<std::string_view> names;
  for (const auto& key : kind.keys) names.push_back(key.name);
  for (const auto common : split(kind.common_keys, ' ')) names.push_back(common);
  for (const auto* of_file : {"description", "phase"}) {
    if (own_key(kind, of_file) == nullptr) names.emplace_back(of_file);
  }
  return names;
}

Result<Given> read(const KindInfo& kind, const std::vector<std::string>& words) {
  const auto known = known_keys(kind);
  Given given;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return planner::fail(ErrorCode::usage, fmt::format("{} is not key=value", word),
                           fmt::format("keys of {} are {}", kind.kind, fmt::join(known, ", ")));
    }
    const auto key = word.substr(0, equals);
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return planner::fail(
          ErrorCode::usage, fmt::format("{} has no key {}", kind.kind, key),
          did_you_mean(key, known, fmt::format("its keys are {}", fmt::join(known, ", "))));
    }
    if (!given.emplace(key, word.substr(equals + 1)).second) {
      return planner::fail(ErrorCode::usage, fmt::format("{} is given twice", key));
    }
  }
  return given;
}

/// description and phase, unless the kind has keys of these names itself.
Result<std::string> head(const KindInfo& kind, Given& given) {
  const auto take = [&](const std::string& key) -> std::optional<std::string> {
    const auto found = given.find(key);
    if (own_key(kind, key) != nullptr || found == given.end()) return std::nullopt;
    auto text = found->second;
    given.erase(found);
    return text;
  };
  std::string text;
  if (const auto description = take("description")) {
    text += fmt::format("description = {}\n", toml_string(*description));
  }
  const auto phase = take("phase").value_or("expand");
  if (!planner::parse_phase(phase)) {
    return planner::fail(ErrorCode::usage, fmt::format("there is no phase {}", phase),
                         "phases are expand, backfill, switch, contract");
  }
  return text +
         fmt::format("phase = \"{}\"  # how far the release built from this checkout may take it\n",
                     phase);
}

}  // namespace

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\u{:04X}", byte);
    } else {
      result += c;
    }
  }
  return result + "\"";
}

Result<MigrationText> migration_text(const KindInfo& kind, const std::vector<std::string>& words) {
  ZDM_TRY(auto given, read(kind, words));
  MigrationText result;
  ZDM_TRY(result.text, head(kind, given));
  result.text += fmt::format("\n[[change]]\nkind = {}\n", toml_string(kind.kind));
  for (const auto& key : kind.keys) {
    const auto found = given.find(key.name);
    if (found != given.end()) {
      ZDM_TRY(const auto value, toml_value(found->first, key.type, found->second));
      result.text += fmt::format("{} = {}\n", key.name, value);
    } else if (key.required) {
      result.missing.emplace_back(key.name);
      result.text += fmt::format("# {} =   # required, {}: {}\n", key.name, key.type, key.meaning);
    }
  }
  for (const auto common : split(kind.common_keys, ' ')) {
    const auto found = given.find(common);
    if (found == given.end() || own_key(kind, common) != nullptr) continue;
    const bool table = !found->second.empty() && found->second.front() == '{';
    result.text +=
        fmt::format("{} = {}\n", common, table ? found->second : toml_string(found->second));
  }
  return result;
}

}  // namespace zdm::cli
