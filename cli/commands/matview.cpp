#include <fmt/format.h>

#include <charconv>

#include "commands/commands.hpp"
#include "commands/context.hpp"
#include "commands/words.hpp"
#include "matviews/matviews.hpp"
#include "sql/quote.hpp"
#include "suggest.hpp"

namespace zdm::cli {
namespace {

using migrations::MatviewState;

constexpr int kMostJobs = 64;

Result<int> jobs_of(const Arguments& arguments) {
  const auto text = arguments.value("--jobs");
  if (!text) return 1;
  int jobs = 0;
  const auto* end = text->data() + text->size();
  const auto [at, problem] = std::from_chars(text->data(), end, jobs);
  if (problem == std::errc() && at == end && jobs >= 1 && jobs <= kMostJobs) return jobs;
  return planner::fail(ErrorCode::usage,
                       fmt::format("--jobs takes a number from 1 to {}, not {}", kMostJobs, *text));
}

Result<std::optional<planner::MethodPolicy>> method_of(const Arguments& arguments) {
  const auto text = arguments.value("--method");
  if (!text) return std::optional<planner::MethodPolicy>();
  const auto method = planner::parse_method_policy(*text);
  if (method) return method;
  return planner::fail(
      ErrorCode::usage, fmt::format("--method does not know {}", *text),
      did_you_mean(*text, refresh_methods(), "it takes auto, concurrently or swap"));
}

Metric metric(std::string name, std::string help) {
  return {.name = "zdm_matview_" + std::move(name), .help = std::move(help), .samples = {}};
}

void add(Metric& metric, const MatviewState& state, double value) {
  metric.samples.push_back({{{"view", planner::quote(state.view.name)}}, value});
}

double seconds(std::int64_t milliseconds) {
  return static_cast<double>(milliseconds) / 1000;
}

/// How every view stands now, from the ledger: a run that failed shows the older success.
std::vector<Metric> metrics_of(const std::vector<MatviewState>& views) {
  auto run = metric("last_run_timestamp_seconds", "When its last run ended.");
  auto success = metric("last_success_timestamp_seconds", "When its last successful run ended.");
  auto age = metric("age_seconds", "Since its last successful refresh began.");
  auto every = metric("every_seconds", "How old its policy lets it become.");
  auto took = metric("duration_seconds", "Of its last successful refresh.");
  auto rows = metric("rows", "After its last successful refresh.");
  for (const auto& state : views) {
    if (state.last_run_ended) add(run, state, *state.last_run_ended);
    if (state.policy && state.policy->every) {
      add(every, state, seconds(state.policy->every->count()));
    }
    if (!state.last) continue;
    add(success, state, state.last->ended);
    add(age, state, seconds(state.last->age_ms));
    add(took, state, seconds(state.last->duration_ms));
    add(rows, state, static_cast<double>(state.last->rows.value_or(state.view.rows)));
  }
  std::vector<Metric> all;
  for (auto* each : {&run, &success, &age, &every, &took, &rows}) {
    if (!each->samples.empty()) all.push_back(std::move(*each));
  }
  return all;
}

}  // namespace

Answer run_matview_list(Context& context) {
  ZDM_ANSWER_TRY(const auto config, context.config());
  migrations::MatviewListOptions options{.only = context.arguments().values("NAME")};
  ZDM_ANSWER_TRY(options.policies, migrations::matview_policies(config.matviews));
  ZDM_ANSWER_TRY(auto report, migrations::list_matviews(context.environment(config), options));
  return {.report = MatviewListAnswer{std::move(report)}, .error = {}};
}

Answer run_matview_refresh(Context& context) {
  const auto& arguments = context.arguments();
  migrations::MatviewRefreshOptions options{.only = arguments.values("NAME"),
                                            .due = arguments.has("--due"),
                                            .blocking = arguments.has("--blocking"),
                                            .create_index = arguments.has("--create-index")};
  ZDM_ANSWER_TRY(options.jobs, jobs_of(arguments));
  ZDM_ANSWER_TRY(options.method, method_of(arguments));
  ZDM_ANSWER_TRY(const auto config, context.config());
  ZDM_ANSWER_TRY(options.policies, migrations::matview_policies(config.matviews));
  const auto environment = context.environment(config);
  ProgressLine progress(context.console(), context.host());
  auto outcome = migrations::refresh_matviews(
      environment, options,
      [&progress](const migrations::ProgressEvent& event) { progress.show(event); });
  progress.clear();
  Answer answer{.report = MatviewRefreshAnswer{std::move(outcome.report)},
                .error = std::move(outcome.error)};
  if (!arguments.has("--metrics-file")) return answer;
  const auto listed = migrations::list_matviews(
      environment, {.only = {}, .policies = options.policies, .details = false});
  if (!listed) return answer;
  answer.metrics = metrics_of(listed->views);
  answer.kept_metrics.emplace();
  for (const auto& state : listed->views) {
    answer.kept_metrics->push_back(planner::quote(state.view.name));
  }
  return answer;
}

}  // namespace zdm::cli
