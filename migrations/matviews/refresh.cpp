#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "matviews/graph.hpp"
#include "matviews/known_views.hpp"
#include "matviews/one_view.hpp"
#include "matviews/swap.hpp"
#include "matviews/view_reader.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::MatviewGraph;
using planner::MatviewSchedule;
using planner::quote;

/// The most a reader may wait behind a try of ours: together with the moment of the exchange it
/// stays below a tenth of a second.
constexpr std::chrono::milliseconds kMostWait{80};

Result<MatviewGraph> graph_of(const std::vector<MatviewState>& views) {
  std::vector<planner::MatviewNode> nodes;
  for (const auto& state : views) {
    nodes.push_back(
        {.name = state.view.name,
         .reads = state.view.reads,
         .after = state.policy ? state.policy->after : std::vector<planner::TableName>{}});
  }
  return MatviewGraph::make(std::move(nodes));
}

/// Works a schedule off with some threads; each view has connections of its own.
class Crew final {
 public:
  Crew(const Environment& environment, const std::vector<MatviewState>& views,
       const MatviewGraph& graph, std::set<std::size_t> chosen,
       const MatviewRefreshOptions& options, const ProgressSink& progress)
      : environment_(environment),
        views_(views),
        graph_(graph),
        schedule_(graph, std::move(chosen)),
        options_(options),
        progress_(progress) {}

  MatviewRefreshReport run() {
    std::vector<std::jthread> others;
    for (int i = 1; i < options_.jobs; ++i) others.emplace_back([this] { work(); });
    work();
    for (auto& each : others) each.join();
    return std::move(report_);
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (environment_.stop.stop_requested()) return;
      const auto node = schedule_.next();
      if (!node) {
        if (schedule_.done() || under_way_ == 0) return;
        changed_.wait(lock);
        continue;
      }
      ++under_way_;
      const auto name = quote(graph_.node(*node).name);
      const bool carried = carried_.contains(name);
      lock.unlock();
      OneView one;
      if (carried) {
        one.report = {.name = name, .method = "swap", .state = "done"};
        one.report.reason = "built anew with a view that it reads";
      } else {
        one = refresh_one(environment_, state_of(*node), options_, progress_);
      }
      lock.lock();
      --under_way_;
      end(*node, std::move(one));
      changed_.notify_all();
    }
  }

  [[nodiscard]] const MatviewState& state_of(std::size_t node) const {
    return *std::ranges::find_if(views_, [&](const MatviewState& state) {
      return state.view.name == graph_.node(node).name;
    });
  }

  void end(std::size_t node, OneView one) {
    carried_.insert(one.carried.begin(), one.carried.end());
    const bool fresh = !one.report.error;
    const auto name = one.report.name;
    const auto why = one.report.state;
    report_.views.push_back(std::move(one.report));
    for (const std::size_t later : schedule_.ended(node, fresh)) {
      MatviewReport lost{.name = quote(graph_.node(later).name), .state = "skipped"};
      lost.reason =
          fmt::format("it reads {}, which {}", name, why == "refused" ? "was refused" : "failed");
      report_.views.push_back(std::move(lost));
    }
  }

  const Environment& environment_;
  const std::vector<MatviewState>& views_;
  const MatviewGraph& graph_;
  MatviewSchedule schedule_;
  const MatviewRefreshOptions& options_;
  const ProgressSink& progress_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int under_way_ = 0;
  std::set<std::string> carried_;
  MatviewRefreshReport report_;
};

/// The error that decides the exit: a failure before a refusal, the first of them.
std::optional<Error> summed_up(const MatviewRefreshReport& report) {
  const MatviewReport* first = nullptr;
  std::size_t wrong = 0;
  for (const auto& view : report.views) {
    if (!view.error) continue;
    ++wrong;
    const bool worse = first != nullptr && first->error->code == ErrorCode::refused &&
                       view.error->code != ErrorCode::refused;
    if (first == nullptr || worse) first = &view;
  }
  if (first == nullptr) return std::nullopt;
  Error error = *first->error;
  if (report.views.size() == 1) return error;
  error.message = fmt::format("{} of {} materialized views were not refreshed; {}: {}", wrong,
                              report.views.size(), first->name, error.message);
  return error;
}

/// What was built for views that are gone meanwhile; what others are at is left to them.
void drop_strays(const Environment& environment, Session& session,
                 const std::vector<MatviewState>& views) {
  const auto built = session.read(
      [&](Connection& connection) { return built_views(connection, session.ledger(), {}); });
  if (!built) return;
  std::set<std::string> strays;
  for (const auto& each : *built) strays.insert(each.view);
  for (const auto& state : views) strays.erase(quote(state.view.name));
  for (const auto& view : strays) {
    const auto own = Session::open(environment);
    if (!own || !(*own)->take("matview refresh", LeaseScope::matviews, view)) continue;
    static_cast<void>(drop_leftovers(**own, view));
  }
}

struct Prepared {
  std::vector<MatviewState> views;
  std::optional<MatviewGraph> graph;
  std::set<std::size_t> chosen;  ///< nodes of the graph
  std::vector<LostName> lost;
};

Result<std::set<std::size_t>> choose(const Prepared& prepared,
                                     const MatviewRefreshOptions& options) {
  ZDM_TRY(const auto indexes, select_views(prepared.views, options.only));
  std::set<planner::TableName> names;
  for (const std::size_t index : indexes) {
    const auto& state = prepared.views[index];
    const bool no_policy = options.due && options.only.empty() && !state.due();
    if (!no_policy) names.insert(state.view.name);
  }
  if (names.empty()) {
    return planner::fail(
        options.due ? ErrorCode::usage : ErrorCode::refused,
        options.due ? "--due refreshes what is older than its `every`, and no view has one"
                    : "there is no materialized view in this database",
        options.due ? "write every = \"15min\" into [matview.\"schema.name\"] of zdm.toml"
                    : "look at --database: is it the one you mean?");
  }
  std::set<std::size_t> nodes;
  for (std::size_t i = 0; i < prepared.graph->size(); ++i) {
    if (names.contains(prepared.graph->node(i).name)) nodes.insert(i);
  }
  return nodes;
}

Result<Prepared> prepare(const Environment& environment, const MatviewRefreshOptions& options) {
  ZDM_CHECK(require_postgresql(environment));
  ZDM_TRY(const auto session, Session::open(environment));
  ZDM_CHECK(session->require_writable());
  Prepared prepared;
  ZDM_TRY(prepared.views, read_known_views(*session, options.policies));
  ZDM_TRY(prepared.graph, graph_of(prepared.views));
  ZDM_TRY(prepared.chosen, choose(prepared, options));
  if (options.only.empty()) {
    prepared.lost = names_without_view(prepared.views, options.policies);
  }
  drop_strays(environment, *session, prepared.views);
  return prepared;
}

MatviewReport lost_report(const LostName& lost) {
  MatviewReport report{.name = quote(lost.name), .state = "refused"};
  report.error =
      Error{.code = ErrorCode::refused,
            .message = fmt::format("there is no materialized view {}", report.name),
            .hint = lost.after_of ? fmt::format("create it, or take its name out of after of {}",
                                                quote(*lost.after_of))
                                  : "create it, or take its table out of zdm.toml",
            .where = lost.where};
  return report;
}

}  // namespace

MatviewRefreshOutcome refresh_matviews(Environment environment,
                                       const MatviewRefreshOptions& options,
                                       const ProgressSink& progress) {
  environment.locks.timeout = std::min(environment.locks.timeout, kMostWait);
  MatviewRefreshOutcome outcome;
  auto prepared = prepare(environment, options);
  if (!prepared) {
    outcome.error = std::move(prepared).error();
    return outcome;
  }
  const std::size_t chosen = prepared->chosen.size();
  outcome.report =
      Crew(environment, prepared->views, *prepared->graph, prepared->chosen, options, progress)
          .run();
  const bool all_done = outcome.report.views.size() >= chosen;
  for (const auto& lost : prepared->lost) outcome.report.views.push_back(lost_report(lost));
  outcome.error = summed_up(outcome.report);
  if (!outcome.error && !all_done && environment.stop.stop_requested()) {
    outcome.error =
        Error{.code = environment.stop_reason ? environment.stop_reason() : ErrorCode::interrupted,
              .message = "stopped before every view was refreshed",
              .hint = "run the same command again"};
  }
  return outcome;
}

}  // namespace zdm::migrations
