#include "gate/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <tuple>
#include <utility>

#include "database/catalog_reader.hpp"
#include "files/toml.hpp"
#include "gate/allow.hpp"
#include "gate/check_sql.hpp"
#include "gate/known.hpp"
#include "gate/own.hpp"
#include "gate/placeholders.hpp"
#include "gate/release_rules.hpp"
#include "gate/runner_marks.hpp"

namespace zdm::migrations {

namespace fs = std::filesystem;
using planner::ErrorCode;
using planner::fail;
using planner::Finding;
using planner::Severity;
using planner::SqlFile;

namespace {

/// A file of raw SQL, and what a base knows it by.
struct Script {
  std::string key;  ///< empty: none does
  std::string checksum;
  GateFile file;
};

/// What a run looks at: all of zdm's own migrations or none, and scripts.
struct Material {
  std::vector<planner::Migration> migrations;
  std::vector<Script> scripts;
};

bool same_directory(const std::string& path, const std::string& directory) {
  std::error_code problem;
  return fs::equivalent(path, directory, problem) && !problem;
}

/// Paths that name zdm's own migrations are taken out: `true` where there is one.
bool take_own(std::vector<std::string>& paths, const std::string& directory) {
  bool own = false;
  std::vector<std::string> others;
  for (auto& path : paths) {
    const bool whole = same_directory(path, directory);
    const bool one = fs::path(path).extension() == ".toml" &&
                     same_directory(fs::absolute(path).parent_path().string(), directory);
    own = own || whole || one;
    if (!one) others.push_back(std::move(path));
  }
  paths = std::move(others);
  return own;
}

/// As a person in the working directory would name it.
std::string near_path(const std::string& path) {
  std::error_code problem;
  const auto here = fs::current_path(problem);
  if (problem || path.empty()) return path;
  const auto near = fs::path(path).lexically_proximate(here);
  return near.empty() || *near.begin() == ".." ? path : near.string();
}

bool holds_sql(const std::string& directory) {
  std::error_code problem;
  for (fs::recursive_directory_iterator at(directory, problem), end; !problem && at != end;
       at.increment(problem)) {
    if (at->path().extension() == ".sql") return true;
  }
  return false;
}

/// The directory of zdm's own migrations need not hold SQL too.
void drop_without_sql(std::vector<std::string>& paths, const std::string& directory) {
  std::erase_if(paths, [&](const std::string& path) {
    return same_directory(path, directory) && !holds_sql(path);
  });
}

/// Whether files are compared: with what shipped, or to be kept for later.
enum class Compared { no, yes };

Compared is_compared(const GateRequest& request, const LockFile& lock) {
  const bool asked = request.base.since || request.base.directory || !request.cutting.empty();
  return asked || !lock.releases.empty() ? Compared::yes : Compared::no;
}

Result<std::vector<Script>> read_scripts(const InputRequest& request, const std::string& root,
                                         Compared compared) {
  std::vector<Script> scripts;
  if (request.paths.empty()) return scripts;
  ZDM_TRY(auto inputs, find_inputs(request));
  for (auto& input : inputs) {
    Script script;
    if (compared == Compared::yes && !input.absolute.empty()) {
      script.key = key_of(input.absolute, root);
      script.checksum = sql_checksum(input.raw.bytes);
    }
    const auto dialect = request.dialect.value_or(detect_dialect(input.raw));
    script.file = read_dialect(std::move(input.raw), dialect);
    for (SqlFile& part : script.file.parts) {
      if (part.shipped == part.bytes) std::string().swap(part.shipped);
    }
    if (!script.file.parts.empty()) scripts.push_back(std::move(script));
  }
  return scripts;
}

Result<Material> read_material(const GateRequest& request, Compared compared) {
  Material material;
  auto inputs = request.inputs;
  const auto& directory = request.config.migrations_dir;
  std::error_code ignored;
  bool own = false;
  if (inputs.paths.empty()) {
    for (const auto& path : request.config.gate_sql) inputs.paths.push_back(near_path(path));
    own = inputs.paths.empty() || fs::is_directory(directory, ignored);
    if (fs::is_directory(directory, ignored)) inputs.paths.push_back(near_path(directory));
  } else {
    own = take_own(inputs.paths, directory);
  }
  if (own) {
    drop_without_sql(inputs.paths, directory);
    ZDM_TRY(material.migrations, load_migrations(directory));
  }
  ZDM_TRY(material.scripts, read_scripts(inputs, request.config.root, compared));
  const bool asked = !request.inputs.paths.empty();
  if (!asked || !material.migrations.empty() || !material.scripts.empty()) return material;
  return fail(ErrorCode::usage, "none of these files ships anything",
              "down files and down sections are not checked; --dialect says whose files they are");
}

std::vector<planner::ReleaseEntry> all_entries(const Material& material) {
  auto entries = entries_of(material.migrations);
  for (const Script& script : material.scripts) {
    if (!script.key.empty()) entries.push_back({"sql", script.key, {}, script.checksum});
  }
  std::ranges::sort(entries, {}, [](const auto& entry) { return std::tie(entry.kind, entry.id); });
  return entries;
}

/// Flyway runs these again whenever they change.
bool is_repeatable(const std::string& key) {
  const auto name = flyway_name(fs::path(key).filename().string());
  return name && name->kind == 'R';
}

constexpr auto kShipped = static_cast<std::size_t>(-1);

/// A script by its name, and the first of its parts that is judged; kShipped: none is.
struct ScriptPath {
  std::string path;
  std::size_t part = kShipped;
};

class Gate {
 public:
  Gate(const GateRequest& request, Material material, planner::Base base)
      : request_(request), material_(std::move(material)), base_(std::move(base)) {}

  Result<GateReport> run() {
    report_.base = base_.known() ? base_.name : "none: each file is taken as a release of its own";
    const auto engine = request_.config.database.engine();
    ZDM_TRY(own_, plan_own(engine, material_.migrations, base_));
    judge_migrations();
    scripts_.reserve(material_.scripts.size());
    head_.reserve(material_.scripts.size());
    for (Script& script : material_.scripts) sort(std::exchange(script, {}));
    std::vector<Script>().swap(material_.scripts);
    if (engine == planner::Engine::sqlite) {
      add(unread_texts(own_.head));
    } else {
      append(own_.shipped, shipped_);
      append(own_.head, head_);
    }
    ZDM_CHECK(judge_sql());
    show_scripts();
    ZDM_CHECK(show_migrations());
    ZDM_CHECK(finish());
    return std::move(report_);
  }

 private:
  static void append(std::vector<SqlFile>& from, std::vector<SqlFile>& to) {
    std::move(from.begin(), from.end(), std::back_inserter(to));
  }

  void add(std::vector<Finding> findings) {
    for (Finding& finding : findings) findings_[finding.where.file].push_back(std::move(finding));
  }

  void judge_migrations() {
    add(planner::check_shipment({.migrations = material_.migrations,
                                 .base = base_,
                                 .work = own_.work,
                                 .every_apart = request_.config.gate_every_apart}));
  }

  /// Has it shipped, has it changed since, or is it new?
  void sort(Script script) {
    const auto* entry = planner::find_entry(base_, "sql", script.key);
    scripts_.push_back({script.file.parts.front().path, kShipped});
    if (entry != nullptr && entry->checksum == script.checksum) {
      return append(script.file.parts, shipped_);  // nothing will be said of it
    }
    if (entry != nullptr && !is_repeatable(script.key)) changed(scripts_.back().path);
    add(std::move(script.file.findings));
    scripts_.back().part = head_.size();
    append(script.file.parts, head_);
  }

  /// Where something is said of a file, its text goes with the report.
  void show_scripts() {
    report_.files.reserve(scripts_.size() + material_.migrations.size());
    for (auto& [path, part] : scripts_) {
      report_.files.push_back(part == kShipped ? SqlFile{.path = std::move(path), .bytes = {}}
                                               : std::move(head_[part]));
    }
    std::vector<SqlFile>().swap(head_);
  }

  /// The text of a file that nothing is said of is let go at once: there may be thousands.
  void judged(std::size_t part, std::vector<Finding> found) {
    SqlFile& file = head_[part];
    const bool comments = file.bytes.find("zdm:") != std::string::npos;
    const bool more = part + 1 < head_.size() && head_[part + 1].path == file.path;
    const bool silent = found.empty() && !findings_.contains(file.path);
    add(std::move(found));
    if (!silent || comments || more) return;
    std::string().swap(file.bytes);
    std::string().swap(file.shipped);
  }

  void changed(const std::string& path) {
    Finding finding{.rule = "shipped-file-changed", .severity = Severity::error};
    finding.where = {path, 1, 1, 1, 1};
    finding.message = fmt::format("{} shipped this file, and it reads differently now", base_.name);
    finding.help = "take it as it was: what ran cannot be changed by its file; write a new one";
    add({std::move(finding)});
  }

  /// Their text, for those who are shown a place in it.
  Result<void> show_migrations() {
    for (const auto& migration : material_.migrations) {
      ZDM_TRY(auto bytes, read_text_file(migration.path));
      report_.files.push_back({.path = migration.path, .bytes = std::move(bytes)});
    }
    return {};
  }

  /// Tables that the files name, as the database has them.
  Result<std::optional<planner::Catalog>> ask_database() {
    if (!request_.open_database) return std::optional<planner::Catalog>();
    ZDM_TRY(const auto connection, request_.open_database());
    if (connection->engine() == planner::Engine::sqlite) return std::optional<planner::Catalog>();
    const auto names = planner::named_in(head_);
    const planner::CatalogRequest wanted{.tables = names, .indexes = names};
    ZDM_TRY(auto catalog, read_catalog(*connection, wanted));
    return std::optional(std::move(catalog));
  }

  Result<void> judge_sql() {
    planner::GateOptions options{.postgres = request_.postgres};
    ZDM_TRY(const auto catalog, ask_database());
    if (catalog) {
      options.catalog = &*catalog;
      const int version = catalog->server_version / 10'000;
      if (!request_.postgres_given && version >= 12 && version <= 18) options.postgres = version;
    }
    if (base_.known()) options.base = base_.name;
    options.costs = request_.costs;
    options.shipped = std::move(shipped_);
    options.retired = planner::retired_by(material_.migrations, base_);
    options.judged = [this](const SqlFile& file, std::vector<Finding> found) {
      judged(static_cast<std::size_t>(&file - head_.data()), std::move(found));
    };
    auto verdict = planner::check_sql(head_, options);
    report_.statements = verdict.statements;
    report_.unanalysed = verdict.unanalysed;
    report_.costs = std::move(verdict.costs);
    add(std::move(verdict.findings));
    return {};
  }

  /// File by file: comments that allow, severities, order.
  Result<void> finish() {
    ZDM_TRY(const auto lock, read_lock_file(request_.lock_path));
    auto cut = ordered_releases(lock);
    if (!request_.cutting.empty()) cut.push_back(request_.cutting);
    for (const SqlFile& file : report_.files) {
      auto found = std::move(findings_[file.path]);
      restore_placeholders(file.bytes, found);
      findings_.erase(file.path);
      const bool toml = fs::path(file.path).extension() == ".toml";
      auto told = toml ? planner::apply_allows_in_toml(file, found, cut)
                       : planner::apply_allows(file, found, cut);
      std::move(told.begin(), told.end(), std::back_inserter(found));
      keep(std::move(found));
    }
    for (auto& [path, found] : findings_) keep(std::move(found));
    return {};
  }

  void keep(std::vector<Finding> found) {
    std::ranges::stable_sort(found, {}, [](const Finding& finding) {
      return std::tie(finding.where.line, finding.where.column);
    });
    const auto& wanted = request_.config.gate_rules;
    for (Finding& finding : found) {
      const auto severity = wanted.find(finding.rule);
      if (severity != wanted.end() && severity->second == "off") continue;
      if (severity != wanted.end()) {
        finding.severity = severity->second == "warning" ? Severity::warning : Severity::error;
      }
      report_.findings.push_back(std::move(finding));
    }
  }

  const GateRequest& request_;
  Material material_;
  planner::Base base_;
  OwnSql own_;
  std::vector<SqlFile> shipped_;
  std::vector<SqlFile> head_;
  std::vector<ScriptPath> scripts_;  // in their order
  std::map<std::string, std::vector<Finding>> findings_;
  GateReport report_;
};

Result<void> tell_fork(const LockFile& lock, std::vector<Finding>& findings) {
  const auto fork = find_fork(lock);
  if (!fork) return {};
  Finding finding{.rule = "lock-forked", .severity = Severity::error};
  finding.where = {near_path(lock.path), fork->line, 1, fork->line, 1};
  finding.message = fmt::format("releases {} and {} both follow {}", fork->first, fork->second,
                                fork->parent.empty() ? "nothing" : fork->parent);
  finding.help = fork->edit;
  findings.insert(findings.begin(), std::move(finding));
  return {};
}

}  // namespace

Result<GateReport> run_gate(const GateRequest& request) {
  ZDM_TRY(const auto lock, read_lock_file(request.lock_path));
  ZDM_TRY(auto material, read_material(request, is_compared(request, lock)));
  Head head{.root = request.config.root, .migrations_dir = request.config.migrations_dir};
  head.entries = all_entries(material);
  ZDM_TRY(auto base, find_base(request.base, head, lock));
  base.where.file = near_path(base.where.file);
  ZDM_TRY(auto report, Gate(request, std::move(material), std::move(base)).run());
  ZDM_CHECK(tell_fork(lock, report.findings));
  report.entries = std::move(head.entries);
  return report;
}

Result<std::vector<planner::ReleaseEntry>> entries_of_checkout(const Config& config) {
  ZDM_TRY(const auto material,
          read_material({.config = config, .lock_path = {}, .inputs = {}}, Compared::yes));
  return all_entries(material);
}

}  // namespace zdm::migrations
