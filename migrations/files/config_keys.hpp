#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.hpp"
#include "model/value.hpp"

namespace zdm::migrations {

enum class ValueKind { text, url, path, duration, integer, percent, texts, choice, interval };

/// One key of zdm.toml. The tables below feed reading, validation, defaults, the names of
/// environment variables and `zdm config`.
struct ConfigKey {
  std::string_view table;  ///< "locks"
  std::string_view name;   ///< "timeout"
  ValueKind kind = ValueKind::text;
  std::string_view otherwise;  ///< the default as it would be written; empty: none
  std::string_view choices;    ///< "recorded|assumed", for ValueKind::choice
  std::int64_t least = 0;      ///< of an integer; of a duration in milliseconds
  std::int64_t most = 0;
  std::string_view flag;  ///< the flag that gives it, or empty
};

/// The keys of the tables that are there once.
[[nodiscard]] std::span<const ConfigKey> config_keys();
/// The keys of each [partition."…"] and each [matview."…"].
[[nodiscard]] std::span<const ConfigKey> partition_keys();
[[nodiscard]] std::span<const ConfigKey> matview_keys();

/// "locks.timeout".
[[nodiscard]] std::string full_name(const ConfigKey& key);
/// The environment variables that give it, the strongest first: ZDM_LOCKS_TIMEOUT. None for lists.
[[nodiscard]] std::vector<std::string> environment_names(const ConfigKey& key);

/// The value in text form, in its range; what is wrong with it otherwise, as the end of a sentence
/// that starts with the key's name: "takes a duration …".
[[nodiscard]] tl::expected<std::string, std::string> checked(const ConfigKey& key,
                                                             std::string_view text);
/// The same for a value of a file, whose type must fit too. ErrorCode::usage where it stands.
[[nodiscard]] planner::Result<std::string> read_value(const ConfigKey& key,
                                                      const planner::Value& value);
/// The same for a list of texts.
[[nodiscard]] planner::Result<std::vector<std::string>> read_texts(const ConfigKey& key,
                                                                   const planner::Value& value);

}  // namespace zdm::migrations
