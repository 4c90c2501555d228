#include "matviews/swap.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "matviews/build.hpp"
#include "matviews/shape_reader.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::quote;
using planner::RefreshMethod;

/// How often what stands on the view may change between the look and the lock.
constexpr int kMostChanges = 3;
/// Our own: what stood on the view is not what was planned with.
constexpr std::string_view kFollowersChanged = "zdm: followers changed";

Result<void> run_all(Connection& connection, const std::vector<std::string>& statements) {
  for (const auto& sql : statements) ZDM_CHECK(connection.run(sql));
  return {};
}

class Swap final {
 public:
  Swap(MatviewJob& job, SwapScene scene) : job_(job), scene_(std::move(scene)) {}

  Result<void> run() {
    for (std::size_t i = 0; i < scene_.members.size(); ++i) {
      auto built = build(i);
      if (built) continue;
      return planner::fail(i == 0 ? std::move(built).error() : of_member(i, built.error()));
    }
    result_.changed = changed_share(job_, first().built, result_.rows.value_or(0));
    for (int changes = 0;; ++changes) {
      auto exchanged = exchange();
      const bool again = !exchanged && exchanged.error().message == kFollowersChanged;
      if (!again) return exchanged;
      if (changes == kMostChanges) return restless();
      ZDM_CHECK(look_again());
    }
  }

  [[nodiscard]] const RunResult& result() const { return result_; }
  [[nodiscard]] std::vector<std::string> carried() const {
    std::vector<std::string> names;
    for (std::size_t i = 1; i < scene_.members.size(); ++i) {
      if (!scene_.members[i].populated) continue;  // its own refresh is its first
      names.push_back(quote(scene_.members[i].exchange.name));
    }
    return names;
  }

 private:
  [[nodiscard]] const planner::ExchangeMember& first() const {
    return scene_.members.front().exchange;
  }

  Result<void> build(std::size_t at) {
    const auto& member = scene_.members[at];
    ZDM_CHECK(job_.session.may_go_on());
    ZDM_CHECK(create_beside(job_, scene_, at));
    if (!member.populated) return {};
    const auto& reads = at == 0 ? job_.state.view : planner::Matview{};
    ZDM_TRY(const auto rows, fill_beside(job_, member.exchange.built, reads));
    rows_.push_back(rows);
    if (at == 0) result_.rows = rows;
    auto finished = finish_beside(job_, member.exchange);
    if (!finished && is_duplicate(finished.error()) && at == 0) {
      return planner::fail(name_duplicates(std::move(finished).error()));
    }
    return finished;
  }

  [[nodiscard]] Error of_member(std::size_t at, Error error) const {
    error.message = fmt::format("{}, which reads it and is built along: {}",
                                quote(scene_.members[at].exchange.name), error.message);
    return error;
  }

  Error name_duplicates(Error error) {
    error.hint =
        "the old content stays; correct the data or the view's query, then run the same command "
        "again";
    for (const auto& index : job_.state.view.unique_indexes) {
      if (!index.unusable.empty()) continue;
      const auto rows = duplicate_rows(job_.session, first().built, index.columns);
      if (rows.empty()) continue;
      error.message = fmt::format("the new content of {} has rows that share a key: {}",
                                  job_.report.name, fmt::join(rows, "; "));
      break;
    }
    return error;
  }

  Result<void> look_again() {
    ZDM_TRY(auto now, read_swap_scene(job_.session, job_.state.view));
    const bool same = std::ranges::equal(
        now.members, scene_.members, {}, [](const auto& each) { return each.oid; },
        [](const auto& each) { return each.oid; });
    if (!same) return restless();
    scene_.followers = std::move(now.followers);
    const auto obstacles = scene_.obstacles();
    if (obstacles.empty()) return {};
    return planner::fail(ErrorCode::refused,
                         fmt::format("{} cannot be exchanged any more: {}", job_.report.name,
                                     fmt::join(obstacles, "; ")),
                         "refresh it concurrently");
  }

  [[nodiscard]] Result<void> restless() const {
    return planner::fail(
        ErrorCode::failed,
        fmt::format("{}, or what stands on it, was changed while it was built", job_.report.name),
        "nothing was changed by zdm; run the same command again");
  }

  Result<void> exchange() {
    std::vector<planner::ExchangeMember> members;
    for (const auto& member : scene_.members) members.push_back(member.exchange);
    const auto plan = planner::plan_exchange(members, scene_.followers);
    report_locks(job_.report, plan.claims);
    return job_.session.transact(
        {.claims = plan.claims,
         .body = [&](Connection& connection) { return exchange_now(connection, plan); },
         .settled = [&](Connection& connection) { return run_is_done(connection, job_.run); },
         .waiting = job_.waiting()});
  }

  /// What takes time and no lock comes first; between the locks and the commit are only the looks
  /// and the statements of the catalog.
  Result<void> exchange_now(Connection& connection, const planner::ExchangePlan& plan) {
    ZDM_CHECK(record(connection));
    ZDM_CHECK(pin_search_path(connection));
    ZDM_CHECK(is_as_planned(connection));  // also brings the catalog into this backend's cache
    ZDM_CHECK(run_all(connection, plan.lock));
    ZDM_CHECK(is_as_planned(connection));
    return run_all(connection, plan.exchange);
  }

  Result<void> record(Connection& connection) {
    const auto& ledger = job_.session.ledger();
    ZDM_CHECK(finish_matview_run(connection, job_.run, job_.elapsed_ms(), result_,
                                 job_.report.waited_for));
    for (std::size_t i = 1; i < scene_.members.size(); ++i) {
      if (!scene_.members[i].populated) continue;
      RunStart start{.view = quote(scene_.members[i].exchange.name),
                     .method = RefreshMethod::swap,
                     .reason = fmt::format("with {}", job_.report.name),
                     .actor = job_.session.environment().host.user(),
                     .host = job_.session.environment().host.hostname()};
      ZDM_TRY(const auto run, start_matview_run(connection, ledger, start));
      ZDM_CHECK(finish_matview_run(connection, run, job_.elapsed_ms(), {.rows = rows_of(i)}, {}));
    }
    return forget_built_views(connection, ledger, job_.report.name);
  }

  [[nodiscard]] std::optional<std::int64_t> rows_of(std::size_t member) const {
    const auto populated = std::count_if(
        scene_.members.begin(), scene_.members.begin() + static_cast<std::ptrdiff_t>(member),
        [](const auto& each) { return each.populated; });
    return rows_.at(static_cast<std::size_t>(populated));
  }

  Result<void> is_as_planned(Connection& connection) {
    std::vector<std::uint32_t> oids;
    for (const auto& member : scene_.members) {
      oids.push_back(member.oid);
      ZDM_TRY(const auto shape, read_shape(connection, member.oid));
      if (shape.text != member.shape_text) return restless();
    }
    ZDM_TRY(const auto followers, read_followers(connection, oids));
    if (followers == scene_.followers) return {};
    return planner::fail(ErrorCode::failed, std::string(kFollowersChanged));
  }

  MatviewJob& job_;
  SwapScene scene_;
  RunResult result_;
  std::vector<std::int64_t> rows_;  ///< of the populated members, in order
};

}  // namespace

Result<void> refresh_by_swap(MatviewJob& job, SwapScene scene, std::vector<std::string>& carried) {
  Swap swap(job, std::move(scene));
  auto done = swap.run();
  if (!done) {
    static_cast<void>(drop_leftovers(job.session, job.report.name));
    return done;
  }
  job.report.duration_ms = job.elapsed_ms();
  job.report.rows = swap.result().rows;
  job.report.changed = swap.result().changed;
  carried = swap.carried();
  return {};
}

Result<void> drop_leftovers(Session& session, const std::string& view) {
  ZDM_TRY(const auto found, session.read([&](Connection& connection) {
    return built_views(connection, session.ledger(), view);
  }));
  for (const auto& each : found) {
    auto body = [&](Connection& connection) -> Result<void> {
      // By its oid: a name could have come to mean another.
      ZDM_TRY(const auto still, built_views(connection, session.ledger(), view));
      const bool there = std::ranges::find(still, each.oid, &BuiltView::oid) != still.end();
      if (!there) return {};
      ZDM_CHECK(connection.run("DROP MATERIALIZED VIEW " + quote(each.built)));
      return {};
    };
    ZDM_CHECK(
        session.transact({.claims = {{quote(each.built), planner::LockMode::access_exclusive}},
                          .body = body,
                          .settled = {},
                          .waiting = {}}));
  }
  return session.transact({.claims = {},
                           .body =
                               [&](Connection& connection) {
                                 return forget_built_views(connection, session.ledger(), view);
                               },
                           .settled = {},
                           .waiting = {}});
}

}  // namespace zdm::migrations
