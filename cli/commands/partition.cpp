#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "partitions/operations.hpp"
#include "partitions/policies.hpp"
#include "partitions/set_report.hpp"
#include "redact.hpp"
#include "sql/quote.hpp"
#include "suggest.hpp"
#include "text_width.hpp"

namespace zdm::cli {
namespace {

using migrations::Environment;
using migrations::PartitionOptions;
using migrations::PartitionReport;
using planner::PartitionPolicy;

/// A set is called as zdm.toml calls it, or by its table, with or without the schema.
bool is_called(const PartitionPolicy& policy, const std::string& name) {
  if (policy.title == name) return true;
  const auto table = planner::parse_table_name(name);
  return table && table->name == policy.table.name &&
         (table->schema.empty() || table->schema == policy.table.schema);
}

Result<std::vector<PartitionPolicy>> chosen(const std::vector<std::string>& names,
                                            std::vector<PartitionPolicy> all) {
  if (names.empty()) return all;
  std::vector<PartitionPolicy> found;
  for (const auto& name : names) {
    std::vector<std::string_view> known;
    const auto before = found.size();
    for (const auto& policy : all) {
      known.push_back(policy.title);
      if (is_called(policy, name)) found.push_back(policy);
    }
    if (found.size() == before) {
      return planner::fail(
          ErrorCode::usage, fmt::format("zdm.toml has no [partition.\"{}\"]", name),
          did_you_mean(name, known, fmt::format("it has {}", fmt::join(known, ", "))));
    }
    if (found.size() > before + 1) {
      return planner::fail(ErrorCode::usage, fmt::format("{} could be several sets", name),
                           "give the schema too");
    }
  }
  return found;
}

struct Job {
  migrations::Config config;
  PartitionOptions options;
  std::vector<std::string> there;  ///< every set of zdm.toml
};

Result<Job> prepare(Context& context) {
  const auto& arguments = context.arguments();
  Job job;
  ZDM_TRY(job.config, context.config());
  job.options.dry_run = arguments.has("--dry-run");
  job.options.yes = arguments.has("--yes");
  job.options.totals = arguments.has("--metrics-file");
  job.options.now = arguments.value("--now");
  if (job.options.now && !job.options.dry_run && arguments.command->name == "partition rotate") {
    return planner::fail(ErrorCode::usage, "--now is for rehearsals: a rotation goes by the clock",
                         "add --dry-run, or use zdm partition plan");
  }
  ZDM_TRY(auto all, migrations::partition_policies(job.config.partitions));
  if (all.empty()) {
    return planner::fail(ErrorCode::usage, "no partition set is named",
                         "add [partition.\"schema.table\"] to zdm.toml: see zdm.toml(5)");
  }
  for (const auto& policy : all) job.there.push_back(planner::quote(policy.table));
  ZDM_TRY(job.options.policies, chosen(arguments.values("SET"), std::move(all)));
  if (job.config.database.engine() == planner::Engine::sqlite) {
    return planner::fail(
        ErrorCode::refused,
        fmt::format("{}: SQLite has no partitions", job.options.policies.front().title),
        "connect to PostgreSQL; on SQLite keep one table, and delete old rows");
  }
  return job;
}

/// Partitions are no migration: nobody waits behind a try for longer than this, unless told.
Environment environment_of(Context& context, const migrations::Config& config) {
  auto environment = context.environment(config);
  const auto setting =
      std::ranges::find(config.settings, std::string("locks.timeout"), &migrations::Setting::key);
  if (setting != config.settings.end() && setting->source == "default") {
    environment.locks.timeout = migrations::kPartitionLockTimeout;
  }
  return environment;
}

using Value = std::optional<double> (*)(const migrations::SetReport&);
struct SetMetric {
  const char* name;
  const char* help;
  Value value;
};

std::optional<double> count(std::size_t number) {
  return static_cast<double>(number);
}
std::optional<double> flag(bool truth) {
  return truth ? 1.0 : 0.0;
}

constexpr std::array<SetMetric, 11> kMetrics = {{
    {"zdm_partition_last_run_timestamp_seconds", "When the last run on this set ended.",
     [](const migrations::SetReport& set) {
       return set.history ? std::optional(set.history->last_run) : std::nullopt;
     }},
    {"zdm_partition_last_success_timestamp_seconds",
     "When the last run ended that left nothing of this set undone.",
     [](const migrations::SetReport& set) {
       // 0: never. Without a value no alert would notice.
       return set.history ? std::optional(set.history->last_success.value_or(0)) : std::nullopt;
     }},
    {"zdm_partition_current_range_exists", "1: a partition that is not the default holds now.",
     [](const migrations::SetReport& set) { return flag(!set.current_missing); }},
    {"zdm_partition_horizon_seconds", "For how long from now there are partitions without a break.",
     [](const migrations::SetReport& set) { return set.horizon_s; }},
    {"zdm_partition_horizon_partitions", "Partitions behind that of now, up to the first hole.",
     [](const migrations::SetReport& set) { return count(set.ahead); }},
    {"zdm_partition_partitions", "Partitions of the set, the default one included.",
     [](const migrations::SetReport& set) { return count(set.partitions.size()); }},
    {"zdm_partition_holes", "Holes between partitions.",
     [](const migrations::SetReport& set) { return count(set.holes.size()); }},
    {"zdm_partition_default_rows",
     "Rows of the default partition that are in the way of a new one.",
     [](const migrations::SetReport& set) {
       double rows = 0;
       for (const auto& finding : set.findings) rows += static_cast<double>(finding.rows);
       return std::optional(rows);
     }},
    {"zdm_partition_detach_pending", "1: a DETACH CONCURRENTLY is not finished.",
     [](const migrations::SetReport& set) {
       return flag(std::ranges::any_of(set.partitions,
                                       [](const auto& row) { return row.state == "pending"; }));
     }},
    {"zdm_partition_created_total", "Partitions made.",
     [](const migrations::SetReport& set) {
       return set.history ? std::optional(static_cast<double>(set.history->created)) : std::nullopt;
     }},
    {"zdm_partition_dropped_total", "Partitions retired: dropped, detached or archived.",
     [](const migrations::SetReport& set) {
       return set.history ? std::optional(static_cast<double>(set.history->retired)) : std::nullopt;
     }},
}};

/// Of the sets that could be looked at.
std::vector<Metric> metrics_of(const PartitionReport& report) {
  std::vector<Metric> metrics;
  for (const auto& each : kMetrics) {
    Metric metric{each.name, each.help, {}};
    for (const auto& set : report.sets) {
      if (set.partitions.empty() && set.error) continue;
      if (const auto value = each.value(set)) {
        metric.samples.push_back({{{"table", set.table}}, *value});
      }
    }
    metrics.push_back(std::move(metric));
  }
  return metrics;
}

/// A line for each thing that was not done, also with -q: cron throws away what the report says.
/// What decides the exit code is said at the end. A set without a partition for now has a line with
/// the words that monitoring looks for, whatever else is said.
void tell_troubles(const migrations::PartitionOutcome& outcome, Console& console) {
  const auto is_said = [&](const std::string& message) {
    return outcome.error && outcome.error->message.find(message) != std::string::npos;
  };
  const auto tell = [&](const std::string& message, const std::string& hint) {
    console.err.line(printable(
        redacted(fmt::format("zdm: warning: {}{}", message, hint.empty() ? "" : "; " + hint))));
  };
  for (const auto& set : outcome.report.sets) {
    const auto words = migrations::missing_current_words(set);
    if (set.current_missing && !is_said(words)) tell(words, {});
    for (const auto& finding : set.findings) {
      if (is_said(finding.message)) continue;
      tell(fmt::format("{}: {}: {}", set.table, finding.code, finding.message), finding.hint);
    }
    if (!set.error || is_said(set.error->message)) continue;
    const bool named = set.error->message.starts_with(set.table);
    tell((named ? "" : set.table + ": ") + set.error->message, set.error->hint);
  }
}

}  // namespace

Answer run_partition_list(Context& context) {
  ZDM_ANSWER_TRY(auto job, prepare(context));
  ZDM_ANSWER_TRY(auto report,
                 migrations::list_partitions(environment_of(context, job.config), job.options));
  auto metrics = metrics_of(report);
  // What there is, is no failure; only a set that cannot be read is.
  auto unreadable = report.sets;
  std::erase_if(unreadable, [](const auto& set) { return !set.error; });
  return {.report = PartitionAnswer{PartitionVerb::list, report},
          .error = migrations::error_of(unreadable),
          .metrics = std::move(metrics),
          .kept_metrics = std::move(job.there)};
}

Answer run_partition_plan(Context& context) {
  ZDM_ANSWER_TRY(auto job, prepare(context));
  auto outcome = migrations::plan_rotation(environment_of(context, job.config), job.options);
  return {.report = PartitionAnswer{PartitionVerb::plan, std::move(outcome.report)},
          .error = std::move(outcome.error)};
}

Answer run_partition_rotate(Context& context) {
  ZDM_ANSWER_TRY(auto job, prepare(context));
  ProgressLine progress(context.console(), context.host());
  auto outcome = migrations::rotate_partitions(
      environment_of(context, job.config), job.options,
      [&progress](const migrations::ProgressEvent& event) { progress.show(event); });
  progress.clear();
  if (!job.options.dry_run) tell_troubles(outcome, context.console());
  auto metrics = metrics_of(outcome.report);
  return {
      .report = PartitionAnswer{job.options.dry_run ? PartitionVerb::plan : PartitionVerb::rotate,
                                std::move(outcome.report)},
      .error = std::move(outcome.error),
      .metrics = std::move(metrics),
      .kept_metrics = std::move(job.there)};
}

}  // namespace zdm::cli
