#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "files/config_file.hpp"
#include "files/config_keys.hpp"
#include "files/project.hpp"
#include "files/toml.hpp"

namespace zdm::migrations {

namespace fs = std::filesystem;
using planner::ErrorCode;
using planner::fail;

namespace {

constexpr const char* kFileName = "zdm.toml";

/// zdm.toml of the directory or the nearest one above it; empty when there is none.
fs::path find_upward(fs::path directory) {
  for (;;) {
    std::error_code ignored;
    auto candidate = directory / kFileName;
    if (fs::exists(candidate, ignored) && !fs::is_directory(candidate, ignored)) return candidate;
    if (!directory.has_relative_path()) return {};
    directory = directory.parent_path();
  }
}

/// The winner among flag, environment, file and default.
struct Chosen {
  std::string text;
  std::string source;
  const ConfigFile::Entry* entry = nullptr;  ///< where the file gave it
};

/// Merges what the file says with environment and flags.
class Merge {
 public:
  Merge(const Host& host, const ConfigRequest& request, const ConfigFile& file, std::string shown,
        Config& config)
      : host_(host), request_(request), file_(file), shown_(std::move(shown)), config_(config) {}

  [[nodiscard]] Result<void> run() {
    for (const ConfigKey& key : config_keys()) {
      ZDM_TRY(const Chosen chosen, choose(key));
      ZDM_CHECK(apply(key, chosen));
    }
    config_.gate_rules = file_.rules;
    for (const auto& [rule, severity] : file_.rules) {
      put("gate.rules." + rule, severity, at(file_.rule_places.at(rule)));
    }
    config_.partitions = file_.partitions;
    config_.matviews = file_.matviews;
    auto& settings = config_.settings;
    settings.insert(settings.end(), file_.table_settings.begin(), file_.table_settings.end());
    std::ranges::sort(settings, {}, &Setting::key);
    return {};
  }

 private:
  [[nodiscard]] Result<Chosen> choose(const ConfigKey& key) const {
    const auto name = full_name(key);
    if (const auto flag = request_.flags.find(name); flag != request_.flags.end()) {
      return outside(key, flag->second,
                     key.flag.empty() ? "flag " + name : fmt::format("flag {}", key.flag));
    }
    for (const auto& variable : environment_names(key)) {
      const auto value = host_.environment(variable);
      if (value && !value->empty()) return outside(key, *value, "environment " + variable);
    }
    if (const auto entry = file_.entries.find(name); entry != file_.entries.end()) {
      return Chosen{entry->second.text, at(entry->second.value.where), &entry->second};
    }
    return Chosen{std::string(key.otherwise), "default", nullptr};
  }

  [[nodiscard]] static Result<Chosen> outside(const ConfigKey& key, const std::string& text,
                                              const std::string& source) {
    auto good = checked(key, text);
    if (good) return Chosen{std::move(*good), source, nullptr};
    const auto given_by = source.substr(source.find(' ') + 1);
    return fail(ErrorCode::usage, fmt::format("{} {}", given_by, good.error()));
  }

  [[nodiscard]] std::string at(const planner::SourceSpan& where) const {
    return fmt::format("{}:{}", shown_, where.line);
  }

  void put(std::string key, std::string value, std::string source) {
    config_.settings.push_back({std::move(key), std::move(value), std::move(source)});
  }

  /// Paths of the file are relative to it, those of flags and environment to where we are.
  [[nodiscard]] const std::string& base(const Chosen& chosen) const {
    const bool outside =
        chosen.source.starts_with("flag ") || chosen.source.starts_with("environment ");
    return outside ? request_.working_directory : config_.root;
  }

  [[nodiscard]] Result<void> apply(const ConfigKey& key, const Chosen& chosen) {
    const auto name = full_name(key);
    if (name == "database.url") return apply_database(chosen);
    if (name == "migrations.dir") {
      auto directory = (fs::path(base(chosen)) / chosen.text).lexically_normal().string();
      if (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
      config_.migrations_dir = directory;
      put(name, directory, chosen.source);
      return {};
    }
    fill(name, chosen);
    put(name, name == "backfill.health_url" ? without_user(chosen.text) : chosen.text,
        chosen.source);
    return {};
  }

  [[nodiscard]] Result<void> apply_database(const Chosen& chosen) {
    std::string url = chosen.text;
    if (chosen.entry != nullptr) {
      ZDM_TRY(url, expand_variables(host_, chosen.entry->value));
    }
    config_.database.text = Secret(with_absolute_path(url, base(chosen)));
    put("database.url", url.empty() ? std::string() : config_.database.display(), chosen.source);
    return {};
  }

  /// The texts were checked already.
  void fill(const std::string& name, const Chosen& chosen) {
    const std::string& text = chosen.text;
    if (name == "locks.timeout") config_.lock_timeout = parse_duration(text).value();
    if (name == "locks.budget") config_.lock_budget = parse_duration(text).value();
    if (name == "backfill.batch_target") config_.batch_target = parse_duration(text).value();
    if (name == "backfill.max_replica_lag" && !text.empty()) {
      config_.max_replica_lag = parse_duration(text).value();
    }
    if (name == "backfill.workers") config_.workers = integer(text);
    if (name == "backfill.duty") config_.duty_percent = integer(text);
    if (name == "backfill.health_url") config_.health_url = text;
    if (name == "backfill.pause_when" && chosen.entry != nullptr) {
      config_.pause_when = chosen.entry->list;
    }
    if (name == "migrations.search_path") config_.search_path = text;
    if (name == "release.live") config_.assume_live = text == "assumed";
    if (name == "gate.sql" && chosen.entry != nullptr) {
      for (const auto& path : chosen.entry->list) {
        config_.gate_sql.push_back((fs::path(config_.root) / path).lexically_normal().string());
      }
    }
    if (name == "gate.apart") config_.gate_every_apart = text == "every";
    if (name == "gate.postgres") config_.gate_postgres = integer(text);
  }

  [[nodiscard]] static int integer(const std::string& text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  /// http://user:password@host may stand in a health URL too.
  [[nodiscard]] static std::string without_user(const std::string& url) {
    const auto scheme = url.find("://");
    const auto user = url.find('@');
    if (scheme == std::string::npos || user == std::string::npos) return url;
    return url.substr(0, scheme + 3) + "***" + url.substr(user);
  }

  const Host& host_;
  const ConfigRequest& request_;
  const ConfigFile& file_;
  std::string shown_;
  Config& config_;
};

Result<fs::path> locate(const ConfigRequest& request) {
  const fs::path directory(request.working_directory);
  if (!request.file) return find_upward(directory);
  if (*request.file == "none") return fs::path();
  const auto path = (directory / *request.file).lexically_normal();
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    return fail(ErrorCode::usage, fmt::format("there is no file {}", *request.file),
                "--config takes the path of a zdm.toml, or none");
  }
  return path;
}

std::string shown_name(const fs::path& path, const ConfigRequest& request) {
  const auto near = path.lexically_proximate(request.working_directory);
  return near.empty() ? path.string() : near.string();
}

}  // namespace

Result<Config> load_config(const Host& host, const ConfigRequest& request) {
  Config config;
  ZDM_TRY(const fs::path path, locate(request));
  config.file = path.string();
  config.root = path.empty() ? request.working_directory : path.parent_path().string();
  ConfigFile file;
  const auto shown = shown_name(path, request);
  if (!path.empty()) {
    ZDM_TRY(const std::string bytes, read_text_file(config.file));
    ZDM_TRY(const planner::Value root, parse_toml(bytes, shown));
    ZDM_TRY(file, read_config_file(root, shown));
  }
  ZDM_CHECK(Merge(host, request, file, shown, config).run());
  return config;
}

}  // namespace zdm::migrations
