#include "matviews/one_view.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "matviews/build.hpp"
#include "matviews/swap.hpp"
#include "matviews/view_reader.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::MethodPolicy;
using planner::quote;
using planner::RefreshMethod;

/// REFRESH runs with a search path of pg_catalog alone from here on.
constexpr int kSafeSearchPath = 170000;

struct Chosen {
  RefreshMethod method = RefreshMethod::concurrently;
  std::string reason;
  std::optional<SwapScene> scene;
};

class Refreshing final {
 public:
  Refreshing(const Environment& environment, MatviewState state,
             const MatviewRefreshOptions& options, const ProgressSink& progress)
      : environment_(environment),
        state_(std::move(state)),
        options_(options),
        progress_(progress) {
    one_.report.name = quote(state_.view.name);
  }

  OneView run() {
    if (auto done = steps(); !done) failed(with_hint(std::move(done).error()));
    return std::move(one_);
  }

 private:
  Result<void> steps() {
    ZDM_TRY(session_, Session::open(environment_));
    if (auto taken = lease(*session_, one_.report.name); !taken) return taken;
    if (skipped()) return {};
    ZDM_CHECK(drop_leftovers(*session_, one_.report.name));
    ZDM_CHECK(look_again());
    if (options_.due && !state_.due().value_or(false)) return fresh();
    MatviewJob job{.session = *session_,
                   .state = state_,
                   .options = options_,
                   .progress = progress_,
                   .report = one_.report};
    ZDM_CHECK(check(job));
    ZDM_TRY(auto chosen, choose(job));
    if (skipped()) return {};
    ZDM_CHECK(wait_for_standbys(job));
    ZDM_CHECK(job.session.may_go_on());
    ZDM_CHECK(refresh(job, std::move(chosen)));
    one_.report.state = "done";
    note(job);
    if (one_.report.method == to_string(RefreshMethod::concurrently)) vacuum_after(job);
    return {};
  }

  [[nodiscard]] bool skipped() const { return one_.report.state == "skipped"; }

  /// Another zdm that refreshes it is no failure: its content will be as fresh.
  Result<void> lease(Session& session, const std::string& view) {
    auto taken = session.take("matview refresh", LeaseScope::matviews, view);
    if (taken) return taken;
    const Error& error = taken.error();
    const bool held =
        error.code == ErrorCode::busy && error.sqlstate.empty() && !session.stopping();
    if (!held) return taken;
    one_.report.state = "skipped";
    one_.report.reason = error.message;
    one_.report.holder =
        error.blockers.empty() ? std::string() : error.blockers.front().application;
    return {};
  }

  Result<void> look_again() {
    ZDM_TRY(auto now, session_->read([&](Connection& connection) {
      return read_matview(connection, state_.view.name);
    }));
    if (!now) {
      return planner::fail(
          ErrorCode::refused,
          fmt::format("there is no materialized view {} any more", one_.report.name),
          "zdm matview list shows what is there");
    }
    now->reads = std::move(state_.view.reads);
    now->reads_directly = std::move(state_.view.reads_directly);
    state_.view = std::move(*now);
    ZDM_TRY(const auto taken, session_->read([&](Connection& connection) {
      return names_in_schema(connection, state_.view.name.schema);
    }));
    state_.eligibility = planner::eligibility(state_.view, taken);
    ZDM_TRY(auto recorded, session_->read([&](Connection& connection) {
      return recorded_runs(connection, session_->ledger());
    }));
    auto& runs = recorded[one_.report.name];
    state_.history = std::move(runs.history);
    state_.last = std::move(runs.last);
    return {};
  }

  Result<void> fresh() {
    one_.report.state = "skipped";
    one_.report.reason =
        state_.due() ? fmt::format("refreshed {} ago, due every {}", age_text(state_.last->age_ms),
                                   age_text(state_.policy->every->count()))
                     : std::string("zdm.toml does not say how old it may be (every)");
    return {};
  }

  Result<void> check(MatviewJob& job) {
    if (!state_.view.may_refresh) {
      return planner::fail(
          ErrorCode::refused,
          fmt::format("{} belongs to {}, and this role is no member of it", job.report.name,
                      planner::quote_identifier(state_.view.owner)),
          "connect as its owner; from PostgreSQL 17 on the privilege MAINTAIN is enough");
    }
    if (session_->work().server_version() < kSafeSearchPath) return {};
    ZDM_TRY(const auto unsafe, session_->read([&](Connection& connection) {
      return unsafe_functions(connection, state_.view.oid);
    }));
    if (unsafe.empty()) return {};
    return planner::fail(
        ErrorCode::refused,
        fmt::format("{} would not be refreshed: {}", job.report.name, fmt::join(unsafe, "; ")),
        "REFRESH runs with search path pg_catalog from PostgreSQL 17 on: write names with their "
        "schema, or ALTER FUNCTION … SET search_path = …");
  }

  Result<Chosen> choose(MatviewJob& job) {
    if (!state_.view.populated) return Chosen{RefreshMethod::first, "it was never populated", {}};
    const auto policy = options_.method.value_or(state_.policy ? state_.policy->method
                                                               : MethodPolicy::concurrently);
    if (policy == MethodPolicy::swap) return swap(job);
    if (!state_.eligibility.eligible()) return without_key(job);
    if (policy == MethodPolicy::concurrently) {
      return Chosen{RefreshMethod::concurrently, "", {}};
    }
    return measured();
  }

  Result<Chosen> swap(MatviewJob& job) {
    ZDM_TRY(auto scene, read_swap_scene(*session_, state_.view));
    if (const auto obstacles = scene.obstacles(); !obstacles.empty()) {
      return planner::fail(
          ErrorCode::refused,
          fmt::format("{} cannot be exchanged: {}", job.report.name, fmt::join(obstacles, "; ")),
          "refresh it with method \"concurrently\"");
    }
    ZDM_CHECK(lease_others(scene));
    return Chosen{RefreshMethod::swap, "", std::move(scene)};
  }

  /// The views that are built anew with it must not be refreshed by another meanwhile.
  Result<void> lease_others(const SwapScene& scene) {
    for (std::size_t i = 1; i < scene.members.size() && !skipped(); ++i) {
      ZDM_TRY(auto other, Session::open(environment_));
      ZDM_CHECK(lease(*other, quote(scene.members[i].exchange.name)));
      others_.push_back(std::move(other));
    }
    return {};
  }

  Result<Chosen> measured() {
    ZDM_TRY(auto scene, read_swap_scene(*session_, state_.view));
    planner::RefreshSituation situation{
        .history = state_.history, .bloat = state_.view.bloat, .swap_refused = {}};
    if (const auto obstacles = scene.obstacles(); !obstacles.empty()) {
      situation.swap_refused = fmt::format("{}", fmt::join(obstacles, "; "));
    } else if (scene.members.size() > 1) {
      situation.swap_refused = fmt::format("{} reads it, and would be built anew with it",
                                           quote(scene.members[1].exchange.name));
    }
    const auto choice = planner::choose_method(situation);
    Chosen chosen{choice.method, choice.reason, {}};
    if (choice.method == RefreshMethod::swap) chosen.scene = std::move(scene);
    return chosen;
  }

  Result<Chosen> without_key(MatviewJob& job) {
    const auto& eligibility = state_.eligibility;
    if (options_.create_index && !eligibility.create_index.empty()) {
      ZDM_CHECK(create_key(job));
      job.report.notes.push_back(fmt::format("created: {}", eligibility.create_index));
      ZDM_CHECK(look_again());
      if (eligibility.eligible()) {
        return Chosen{RefreshMethod::concurrently, "its unique index is new", {}};
      }
    }
    if (options_.blocking) {
      return Chosen{RefreshMethod::blocking, "--blocking: " + eligibility.reason, {}};
    }
    return planner::fail(
        ErrorCode::refused,
        fmt::format("{} cannot be refreshed while people read it: {}", job.report.name,
                    eligibility.reason),
        eligibility.create_index.empty()
            ? "use --method swap, or let its readers wait: --blocking"
            : fmt::format("run {}; or let zdm do it: --create-index; or use --method swap; or let "
                          "its readers wait: --blocking",
                          eligibility.create_index));
  }

  Result<void> refresh(MatviewJob& job, Chosen chosen) {
    ZDM_CHECK(job.begin(chosen.method, chosen.reason));
    auto done = chosen.scene ? refresh_by_swap(job, std::move(*chosen.scene), one_.carried)
                             : refresh_in_place(job, chosen.method);
    if (done) return done;
    Error error = session_->or_stop(std::move(done).error());
    if (chosen.method == RefreshMethod::concurrently && is_duplicate(error)) {
      error = with_duplicates(job, std::move(error));
    }
    one_.report.duration_ms = job.elapsed_ms();
    record_failure(job, error);
    return planner::fail(std::move(error));
  }

  /// Best effort: the next run ends it otherwise.
  void record_failure(const MatviewJob& job, const Error& error) {
    const Work work{.claims = {},
                    .body =
                        [&](Connection& connection) {
                          return fail_matview_run(connection, job.run, job.elapsed_ms(),
                                                  error.message);
                        },
                    .settled = {},
                    .waiting = {}};
    if (!session_->work().usable() && !session_->reconnect()) return;
    static_cast<void>(session_->transact(work));
  }

  void note(const MatviewJob& job) {
    auto& report = one_.report;
    if (report.null_keys.value_or(0) > 0) {
      report.notes.push_back(
          fmt::format("{} rows hold NULL in the key ({}): every refresh writes them anew",
                      *report.null_keys, fmt::join(job.state.eligibility.key, ", ")));
    }
    for (const auto& view : one_.carried) {
      report.notes.push_back(fmt::format("{} was built anew with it", view));
    }
  }

  void failed(Error error) {
    one_.report.state = error.code == ErrorCode::refused ? "refused" : "failed";
    one_.report.error = std::move(error);
  }

  const Environment& environment_;
  MatviewState state_;
  const MatviewRefreshOptions& options_;
  const ProgressSink& progress_;
  OneView one_;
  std::unique_ptr<Session> session_;
  std::vector<std::unique_ptr<Session>> others_;
};

}  // namespace

std::string age_text(std::int64_t milliseconds) {
  constexpr std::int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                         kDay = 24 * kHour;
  if (milliseconds >= 2 * kDay) return fmt::format("{} d", milliseconds / kDay);
  if (milliseconds >= 2 * kHour) return fmt::format("{} h", milliseconds / kHour);
  if (milliseconds >= 2 * kMinute) return fmt::format("{} min", milliseconds / kMinute);
  return fmt::format("{} s", milliseconds / kSecond);
}

OneView refresh_one(const Environment& environment, const MatviewState& known,
                    const MatviewRefreshOptions& options, const ProgressSink& progress) {
  return Refreshing(environment, known, options, progress).run();
}

}  // namespace zdm::migrations
