#include "metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>

#include "files/write_file.hpp"

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

/// A line that the file has, without its line break.
std::string earlier_line(const std::string& path, std::string_view start) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(start)) return line;
  }
  return {};
}

/// What the file says of this command's last success.
std::optional<double> earlier_success(const std::string& path, const RunMetrics& run) {
  const std::string start =
      std::string(kLastSuccess) + labels_text(in_database(run, of_command(run, 0))) + " ";
  const std::string line = earlier_line(path, start);
  double value = 0;
  const char* const end = line.data() + line.size();
  const char* const from = line.data() + std::min(start.size(), line.size());
  const auto [at, problem] = std::from_chars(from, end, value);
  return problem == std::errc() && at == end ? std::optional(value) : std::nullopt;
}

std::vector<Metric> of_run(const std::string& path, const RunMetrics& run) {
  std::vector<Metric> metrics = {
      {"zdm_last_run_timestamp_seconds",
       "When the command last ended.",
       {of_command(run, unix_seconds(run.ended))}},
      {"zdm_last_run_exit_code",
       "Its exit code: 0 is done, see zdm(1).",
       {of_command(run, run.exit_code)}},
      {"zdm_last_run_duration_seconds", "How long it took.", {of_command(run, run.took.count())}}};
  const auto success =
      run.exit_code == 0 ? std::optional(unix_seconds(run.ended)) : earlier_success(path, run);
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
                                    const std::vector<Metric>& metrics) {
  auto all = of_run(path, run);
  all.insert(all.end(), metrics.begin(), metrics.end());
  for (auto& metric : all) {
    for (auto& sample : metric.samples) sample = in_database(run, std::move(sample));
  }
  return migrations::replace_file(path, prometheus_text(all));
}

}  // namespace zdm::cli
