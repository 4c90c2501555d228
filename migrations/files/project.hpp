#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "database/open.hpp"
#include "host/host.hpp"
#include "model/migration.hpp"

namespace zdm::migrations {

/// One setting with where it came from, for `zdm config`.
struct Setting {
  std::string key;    ///< "locks.timeout"
  std::string value;  ///< printed; secrets as ***
  std::string
      source;  ///< "zdm.toml:12", "environment ZDM_LOCKS_TIMEOUT", "flag --lock-timeout", "default"
};

/// Severity of a gate rule as a team wants it: "error", "warning" or "off".
using GateRules = std::map<std::string, std::string>;

/// One [partition."…"] or [matview."…"] table: its keys in text form, defaults filled in. Lists are
/// in `lists` instead.
struct NamedTable {
  std::string name;
  std::map<std::string, std::string> values;
  std::map<std::string, std::vector<std::string>> lists;
  planner::SourceSpan where;
};

/// zdm.toml with the environment over it and the flags over that.
struct Config {
  std::string file;  ///< path of zdm.toml, or empty
  std::string root;  ///< the directory relative paths are relative to
  DatabaseUrl database;
  std::string migrations_dir;  ///< absolute
  std::string search_path;
  bool assume_live = false;
  std::chrono::milliseconds lock_timeout{500};
  std::chrono::milliseconds lock_budget{std::chrono::minutes(10)};
  int workers = 1;
  std::chrono::milliseconds batch_target{10};
  int duty_percent = 100;
  std::optional<std::chrono::milliseconds> max_replica_lag;  ///< nothing: not looked at
  std::vector<std::string> pause_when;                       ///< queries; true pauses the backfill
  std::string health_url;                                    ///< empty: none
  bool gate_every_apart = false;                             ///< gate.apart = "every"
  int gate_postgres = 15;
  std::vector<std::string> gate_sql;  ///< gate.sql: absolute paths and patterns of raw SQL
  GateRules gate_rules;
  std::vector<NamedTable> partitions;  ///< in file order
  std::vector<NamedTable> matviews;    ///< in file order
  std::vector<Setting> settings;       ///< every one, sorted by key
};

/// What the command line gave: `flags` maps "database.url", "locks.timeout", "locks.budget" … to
/// texts.
struct ConfigRequest {
  std::string working_directory;
  std::optional<std::string> file;  ///< --config FILE; "none": do not look
  std::map<std::string, std::string> flags;
};

/// Finds, reads and merges: flag over environment over file over default. Relative paths of the
/// file are relative to its directory, those of flags and environment to the working directory. An
/// empty environment variable counts as unset. ErrorCode::usage with file:line:column: a file asked
/// for that is missing, unknown tables and keys (with a suggestion), values of the wrong type or
/// range,
/// `${NAME}` of an unset variable where the file's database.url is the one in use.
[[nodiscard]] Result<Config> load_config(const Host& host, const ConfigRequest& request);

/// Reads every *.toml of the directory, in natural order; two ids equal in it are an error, so is a
/// missing directory. Hidden files, subdirectories and zdm.toml itself are passed over.
[[nodiscard]] Result<std::vector<planner::Migration>> load_migrations(const std::string& directory);
/// One file.
[[nodiscard]] Result<planner::Migration> load_migration(const std::string& path);

/// "500ms", "10min", "1s", "2h", "3d". ErrorCode::usage otherwise (a bare number has no unit).
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace zdm::migrations
