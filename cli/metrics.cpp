#include "metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "files/write_file.hpp"
#include "metrics_reader.hpp"

namespace zdm::cli {
namespace {

constexpr std::string_view kLastSuccess = "zdm_last_success_timestamp_seconds";

/// Backslash and line feed everywhere, the quote in the values of labels.
std::string escaped(std::string_view text, bool label) {
  std::string result;
  for (const char byte : text) {
    if (byte == '\n') {
      result += "\\n";
      continue;
    }
    if (byte == '\\' || (label && byte == '"')) result += '\\';
    result += byte;
  }
  return result;
}

std::string labels_text(const Sample& sample) {
  std::string text;
  for (const auto& [name, value] : sample.labels) {
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, escaped(value, true));
  }
  return text.empty() ? text : "{" + text + "}";
}

/// Prometheus' words for what is no number.
std::string value_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

Sample of_command(const RunMetrics& run, double value) {
  return {.labels = {{"command", std::string(run.command)}}, .value = value};
}

/// The database in front of all labels.
Sample in_database(const RunMetrics& run, Sample sample) {
  if (!run.database.empty()) {
    sample.labels.insert(sample.labels.begin(), {"database", run.database});
  }
  return sample;
}

double unix_seconds(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  return static_cast<double>(since.count()) / 1000;
}

std::string label(const Sample& sample, std::string_view name) {
  const auto found =
      std::ranges::find(sample.labels, name, [](const auto& each) { return each.first; });
  return found == sample.labels.end() ? std::string() : found->second;
}

/// Where this run could not even read which database it is about, the one of the last.
std::string database_of(const std::vector<Metric>& old, const RunMetrics& run) {
  if (!run.database.empty()) return run.database;
  for (const auto& metric : old) {
    for (const auto& sample : metric.samples) {
      if (label(sample, "command") == run.command) return label(sample, "database");
    }
  }
  return {};
}

/// What the file says of this command's last success.
std::optional<double> earlier_success(const std::vector<Metric>& old, const RunMetrics& run) {
  const auto labels = in_database(run, of_command(run, 0)).labels;
  for (const auto& metric : old) {
    if (metric.name != kLastSuccess) continue;
    for (const auto& sample : metric.samples) {
      if (sample.labels == labels) return sample.value;
    }
  }
  return std::nullopt;
}

/// The series of a command that are one for each of its objects.
struct Family {
  std::string_view command;
  std::string_view metrics;
  std::string_view object;  ///< the label
};
constexpr std::array<Family, 2> kFamilies = {
    {{"partition ", "zdm_partition_", "table"}, {"matview ", "zdm_matview_", "view"}}};

/// zdm.toml may name a table without its schema.
bool is_there(const std::string& object, const std::vector<std::string>& there) {
  return std::ranges::any_of(there, [&](const std::string& name) {
    return object == name || object.ends_with("." + name);
  });
}

/// Adds what the old file says of objects, where this run says nothing of it.
void carry_over(std::vector<Metric>& metrics, const std::vector<Metric>& old, const RunMetrics& run,
                const std::optional<std::vector<std::string>>& there) {
  const auto family = std::ranges::find_if(
      kFamilies, [&](const Family& each) { return run.command.starts_with(each.command); });
  if (family == kFamilies.end()) return;
  for (const auto& was : old) {
    if (!was.name.starts_with(family->metrics)) continue;
    auto now = std::ranges::find(metrics, was.name, &Metric::name);
    if (now == metrics.end()) now = metrics.insert(now, {was.name, was.help, {}});
    for (const auto& sample : was.samples) {
      if (label(sample, "database") != run.database) continue;
      if (there && !is_there(label(sample, family->object), *there)) continue;
      const bool said =
          std::ranges::find(now->samples, sample.labels, &Sample::labels) != now->samples.end();
      if (!said) now->samples.push_back(sample);
    }
  }
}

std::vector<Metric> of_run(const std::vector<Metric>& old, const RunMetrics& run) {
  std::vector<Metric> metrics = {
      {"zdm_last_run_timestamp_seconds",
       "When the command last ended.",
       {of_command(run, unix_seconds(run.ended))}},
      {"zdm_last_run_exit_code",
       "Its exit code: 0 is done, see zdm(1).",
       {of_command(run, run.exit_code)}},
      {"zdm_last_run_duration_seconds", "How long it took.", {of_command(run, run.took.count())}}};
  const auto success =
      run.exit_code == 0 ? std::optional(unix_seconds(run.ended)) : earlier_success(old, run);
  if (success) {
    metrics.push_back({std::string(kLastSuccess),
                       "When the command last ended with exit code 0.",
                       {of_command(run, *success)}});
  }
  return metrics;
}

}  // namespace

std::string prometheus_text(const std::vector<Metric>& metrics) {
  std::string text;
  for (const auto& metric : metrics) {
    if (metric.samples.empty()) continue;
    text +=
        fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", metric.name, escaped(metric.help, false),
                    metric.name.ends_with("_total") ? "counter" : "gauge");
    for (const auto& sample : metric.samples) {
      text += fmt::format("{}{} {}\n", metric.name, labels_text(sample), value_text(sample.value));
    }
  }
  return text;
}

planner::Result<void> write_metrics(const std::string& path, const RunMetrics& run,
                                    const std::vector<Metric>& metrics,
                                    const std::optional<std::vector<std::string>>& there) {
  const auto old = read_metrics(path);
  RunMetrics of = run;
  of.database = database_of(old, run);
  const auto labelled = [&](std::vector<Metric> plain) {
    for (auto& metric : plain) {
      for (auto& sample : metric.samples) sample = in_database(of, std::move(sample));
    }
    return plain;
  };
  auto all = labelled(of_run(old, of));
  auto objects = labelled(metrics);
  carry_over(objects, old, of, there);
  all.insert(all.end(), objects.begin(), objects.end());
  return migrations::replace_file(path, prometheus_text(all));
}

}  // namespace zdm::cli
