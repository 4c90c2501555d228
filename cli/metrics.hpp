#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/error.hpp"

/// What --metrics-file writes: Prometheus' text format, for the textfile collector of its
/// node_exporter ("Exposition formats" of the Prometheus documentation).
namespace zdm::cli {

/// One value with its labels.
struct Sample {
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

/// A counter where its name ends in _total, else a gauge.
struct Metric {
  std::string name;  ///< "zdm_partition_horizon_seconds"
  std::string help;  ///< one sentence
  std::vector<Sample> samples;
};

/// A command's run, which every file tells about, whatever the command.
struct RunMetrics {
  std::string_view command;  ///< "partition rotate"
  /// Which database: a label of every sample, so that the files of two databases can lie side by
  /// side. Empty where the configuration could not be read.
  std::string database;
  int exit_code = 0;
  std::chrono::system_clock::time_point ended;
  std::chrono::duration<double> took{};
};

[[nodiscard]] std::string prometheus_text(const std::vector<Metric>& metrics);

/// Replaces `path` in one step: a scrape sees the old text or the new one. Carried over from the
/// old file is what this run has nothing to say about: the time of the last success, the database,
/// and the series of each set or view, save those of none that is in `there`. ErrorCode::failed
/// where it cannot be written.
[[nodiscard]] planner::Result<void> write_metrics(
    const std::string& path, const RunMetrics& run, const std::vector<Metric>& metrics,
    const std::optional<std::vector<std::string>>& there);

}  // namespace zdm::cli
