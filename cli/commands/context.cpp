#include "commands/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "database/killpoint.hpp"
#include "files/lock_file.hpp"
#include "suggest.hpp"
#include "tracked_connection.hpp"

namespace zdm::cli {
namespace {

/// What libpq looks at to find a server: PostgreSQL manual, 34.15 "Environment Variables".
constexpr std::array kLibpqVariables = {"PGHOST", "PGHOSTADDR", "PGPORT",    "PGDATABASE",
                                        "PGUSER", "PGSERVICE",  "PGPASSFILE"};

struct FlagKey {
  const char* flag;
  const char* key;
};
constexpr std::array kConfigFlags = {FlagKey{"--database", "database.url"},
                                     FlagKey{"--lock-timeout", "locks.timeout"},
                                     FlagKey{"--lock-budget", "locks.budget"}};

/// For tests: the process dies at a chosen statement of its work connections. Those of the control
/// connection are not counted, for they come when their time has come.
migrations::Opener killed_on_demand(const migrations::Host& host, migrations::Opener open) {
  auto points = migrations::kill_points(host);
  if (!points) {
    return [error = points.error()]() -> Result<std::unique_ptr<migrations::Connection>> {
      return planner::fail(error);
    };
  }
  return *points ? migrations::KillPoints::wrap(*points, std::move(open)) : open;
}

std::string stem_of(const std::string& name) {
  const std::filesystem::path path(name);
  return path.extension() == ".toml" ? path.stem().string() : name;
}

/// `number` is the leading run of digits of `id`, whatever zeros it starts with.
bool numbered(const std::string& id, std::string_view number) {
  const auto digits = [](std::string_view text) {
    const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
    auto run = text.substr(0, end);
    run.remove_prefix(std::min(run.find_first_not_of('0'), run.size()));
    return run;
  };
  if (number.empty() || number.find_first_not_of("0123456789") != std::string_view::npos)
    return false;
  return id.find_first_not_of("0123456789") != 0 && digits(id) == digits(number);
}

Result<planner::MigrationId> resolve_one(const std::string& name,
                                         const std::vector<planner::Migration>& migrations,
                                         Unknown unknown) {
  const auto id = stem_of(name);
  std::vector<std::string_view> known;
  std::vector<std::string> by_number;
  for (const auto& migration : migrations) {
    if (migration.id.value == id) return migration.id;
    known.push_back(migration.id.value);
    if (numbered(migration.id.value, id)) by_number.push_back(migration.id.value);
  }
  if (by_number.size() == 1) return planner::MigrationId{by_number.front()};
  if (by_number.size() > 1) {
    return planner::fail(ErrorCode::usage,
                         fmt::format("{} could be {}", id, fmt::join(by_number, " or ")),
                         "give the whole id");
  }
  if (unknown == Unknown::lenient) return planner::MigrationId{id};
  return planner::fail(
      ErrorCode::usage, fmt::format("there is no migration {}", id),
      did_you_mean(id, known,
                   known.empty()
                       ? std::string("the directory of migrations is empty: zdm new writes one")
                       : std::string("zdm status lists them")));
}

}  // namespace

bool Context::without_database() const {
  return arguments_.value("--database").value_or("") == "none";
}

bool Context::no_database_named(const migrations::Config& config) const {
  if (!config.database.text.empty()) return false;
  return std::none_of(kLibpqVariables.begin(), kLibpqVariables.end(), [this](const char* name) {
    return !host_.environment(name).value_or("").empty();
  });
}

migrations::ConfigRequest Context::request() const {
  migrations::ConfigRequest request;
  std::error_code ignored;
  request.working_directory = std::filesystem::current_path(ignored).string();
  request.file = arguments_.value("--config");
  for (const auto& [flag, key] : kConfigFlags) {
    const auto value = arguments_.value(flag);
    if (value) request.flags[key] = *value;
  }
  if (without_database()) request.flags.erase("database.url");
  return request;
}

Result<migrations::Config> Context::config() const {
  if (without_database()) {
    return planner::fail(ErrorCode::usage,
                         fmt::format("zdm {} needs a database", arguments_.command->name),
                         "only zdm plan can do without: --database none");
  }
  return migrations::load_config(host_, request());
}

Result<migrations::Config> Context::config_without_database() const {
  auto config = migrations::load_config(host_, request());
  if (config) return config;
  auto again = request();
  again.flags["database.url"] = "postgresql:///";  // stands in for one that cannot be expanded
  auto without = migrations::load_config(host_, again);
  if (!without) return config;
  without->database = {};
  return without;
}

migrations::Environment Context::environment(const migrations::Config& config, bool create) {
  const migrations::SessionSettings settings{
      .lock_timeout = config.lock_timeout, .search_path = config.search_path, .create = create};
  const migrations::Opener open = [url = config.database, settings] {
    return migrations::open(url, settings);
  };
  return {.host = host_,
          .url = config.database,
          .open_work = tracked(killed_on_demand(host_, open), interrupts_),
          .open_control = tracked(open, interrupts_),
          .target = {},
          .search_path = config.search_path,
          .locks = {.timeout = config.lock_timeout, .budget = config.lock_budget},
          .backfill = {.batch_target = config.batch_target, .duty_percent = config.duty_percent},
          .allowed = arguments_.values("--allow"),
          .stop = interrupts_.token(),
          .stop_reason = [this] { return interrupts_.reason(); },
          .assume_live = config.assume_live};
}

Result<std::vector<planner::MigrationId>> resolve(const std::vector<std::string>& names,
                                                  const std::vector<planner::Migration>& migrations,
                                                  Unknown unknown) {
  std::vector<planner::MigrationId> ids;
  for (const auto& name : names) {
    ZDM_TRY(auto id, resolve_one(name, migrations, unknown));
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(std::move(id));
  }
  return ids;
}

Result<Phase> phase_argument(const std::string& flag, const std::string& text,
                             const std::string& also) {
  const auto phase = planner::parse_phase(text);
  if (phase) return *phase;
  std::vector<std::string_view> words;
  for (const auto known : planner::kPhases) words.push_back(planner::to_string(known));
  if (!also.empty()) words.emplace_back(also);
  return planner::fail(
      ErrorCode::usage, fmt::format("{} does not know {}", flag, text),
      did_you_mean(text, words, fmt::format("it takes {}", fmt::join(words, ", "))));
}

std::vector<FileNote> file_notes(const std::vector<planner::Migration>& migrations) {
  std::vector<FileNote> notes;
  for (const auto& migration : migrations) {
    notes.push_back(
        {migration.id.value, migration.path, migration.phase, migration.hold.has_value()});
  }
  return notes;
}

std::string lock_path(const migrations::Config& config) {
  return (std::filesystem::path(config.root) / "zdm.lock").string();
}

Result<std::vector<std::string>> cut_releases(const migrations::Config& config) {
  ZDM_TRY(const auto file, migrations::read_lock_file(lock_path(config)));
  return migrations::ordered_releases(file);
}

Result<std::string> release_of(Context& context, const migrations::Config& config) {
  if (const auto given = context.arguments().value("--release")) {
    if (!given->empty()) return *given;
    return planner::fail(ErrorCode::usage, "--release is empty", "name the release being deployed");
  }
  const auto variable = context.host().environment("ZDM_RELEASE").value_or("");
  if (!variable.empty()) return variable;
  ZDM_TRY(const auto file, migrations::read_lock_file(lock_path(config)));
  return file.releases.empty() ? std::string{} : file.releases.back().release;
}

}  // namespace zdm::cli
