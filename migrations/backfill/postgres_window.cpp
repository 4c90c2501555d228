// The inner loop of PostgresFill: one window, batch by batch.
#include <fmt/format.h>

#include <algorithm>

#include "backfill/bad_row.hpp"
#include "backfill/postgres_fill.hpp"
#include "database/errors.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {

namespace {

using planner::fail;
using planner::quote;
using std::chrono::milliseconds;

constexpr milliseconds kLongestTimeout{60'000};

}  // namespace

Result<bool> PostgresFill::fill_window(WindowSource& source, const Leaf& leaf, Window window) {
  const Batch batch(settings_, request_.lease, leaf, source.extent().filenode);
  while (window.cursor < window.to || !window.last_visit()) {
    if (window.cursor >= window.to) {
      ++window.stripe;
      window.cursor = window.from;
    }
    if (governor_.pruning_blocked() && !window.last_visit()) {
      const double before = window.blocks_done();
      window.stripe = window.stripes - 1;
      window.cursor = window.from;
      blocks_done_[leaf.oid] += window.blocks_done() - before;
    }
    if (auto go =
            obey(governor_, work_, request_.brakes, [this](const std::string& why) { tell(why); });
        !go) {
      // What is not recorded is only visited again.
      if (!source.save(work_.get(), window, false)) work_.leave_transaction();
      return fail(std::move(go).error());
    }
    ZDM_TRY(const Step step, one_batch(source, batch, leaf, window));
    if (step == Step::leaf_changed) return false;
  }
  return true;
}

BatchRange PostgresFill::next_range(const Window& window) {
  BatchRange range{.from = window.cursor,
                   .to = std::min(window.to, window.cursor + governor_.size()),
                   .stripes = window.stripes};
  if (!window.last_visit()) range.stripe = window.stripe;
  range.meter = window.stripe > 0 && governor_.meter();
  return range;
}

milliseconds PostgresFill::timeout() const {
  const int tries = std::clamp(governor_.timeouts_of_one() - 2, 0, 10);
  return std::clamp(settings_.statement_timeout * (1 << tries), settings_.statement_timeout,
                    kLongestTimeout);
}

Result<PostgresFill::Step> PostgresFill::one_batch(WindowSource& source, const Batch& batch,
                                                   const Leaf& leaf, Window& window) {
  const BatchRange range = next_range(window);
  const auto began = work_.host().steady();
  const auto written = batch.write(work_.get(), range, timeout());
  if (!written) return after_error(source, batch, leaf, window, written.error());
  if (written->end != BatchResult::End::written) {
    work_.leave_transaction();
    if (written->end == BatchResult::End::unguarded) ZDM_CHECK(check_unguarded(leaf));
    return Step::leaf_changed;
  }
  const auto executed = work_.host().steady();
  Window after = window;
  after.cursor = range.to;
  after.rows += written->rows;
  const bool ends = after.cursor >= after.to && after.last_visit();
  const bool record = ends || pace_.due();
  std::string recorded;
  if (record) {
    recorded =
        source.save_sql(after, ends) + progress_sql(Engine::postgresql, request_, pace_.now());
  }
  if (auto committed = Batch::commit(work_.get(), recorded); !committed) {
    return after_error(source, batch, leaf, window, committed.error());
  }
  if (record) pace_.recorded();
  work_.progress();
  blocks_done_[leaf.oid] += after.blocks_done() - window.blocks_done();
  window = after;
  wrote_ += written->rows;
  pace_.wrote(written->rows);
  governor_.committed(range.to - range.from, executed - began, work_.host().steady() - executed);
  if (range.meter) {
    const bool was_blocked = governor_.pruning_blocked();
    governor_.metered(written->rows, written->in_place);
    if (governor_.pruning_blocked() && !was_blocked) look_for_old_snapshot();
  }
  tell(governor_.pruning_blocked() ? governor_.pruning_reason() : "");
  return Step::onward;
}

Result<PostgresFill::Step> PostgresFill::after_error(WindowSource& source, const Batch& batch,
                                                     const Leaf& leaf, Window& window,
                                                     const Error& error) {
  work_.leave_transaction();
  if (!work_.get().usable()) {
    tell("the work connection was lost: opening another");
    ZDM_CHECK(work_.reconnect());
    return Step::onward;
  }
  const Trouble trouble = classify(error.sqlstate);
  if (trouble == Trouble::lock || trouble == Trouble::cancelled) {
    governor_.failed(error.sqlstate);
    return Step::onward;
  }
  if (error.sqlstate == "42P01") {
    ZDM_CHECK(check_unguarded(leaf));
    return Step::leaf_changed;
  }
  if (!is_about_a_row(error)) return fail(explained(error, leaf));
  if (std::min(governor_.size(), window.to - window.cursor) > 1) {
    governor_.halve();
    return Step::onward;
  }
  return row_by_row(source, batch, leaf, window);
}

/// The block at the cursor has a row that cannot be filled: all others are, and that one is named.
Result<PostgresFill::Step> PostgresFill::row_by_row(WindowSource& source, const Batch& batch,
                                                    const Leaf& leaf, Window& window) {
  const BatchRange block{.from = window.cursor, .to = window.cursor + 1};
  ZDM_TRY(const Rows places, work_.insist([&](Connection& work) -> Result<Rows> {
    ZDM_TRY(Rows read, work.run(batch.opening(timeout()) +
                                fmt::format("SELECT ctid FROM ONLY {} WHERE {}", quote(leaf.name),
                                            batch.within(block))));
    ZDM_CHECK(work.run("COMMIT"));
    return read;
  }));
  for (const std::vector<Text>& place : places.rows) {
    const std::string ctid = place[0].value_or("");
    const auto write = [&](Connection& work) -> Result<BatchResult> {
      ZDM_TRY(
          const BatchResult result,
          batch.write(work, {.from = block.from, .to = block.to, .ctid = ctid}, kLongestTimeout));
      if (result.end == BatchResult::End::written) ZDM_CHECK(Batch::commit(work, ""));
      return result;
    };
    const auto written = work_.insist(write);
    if (!written) {
      work_.leave_transaction();
      if (!is_about_a_row(written.error())) return fail(explained(written.error(), leaf));
      const Error named =
          unconvertible(work_.get(), leaf, ctid, request_.action.fills, written.error());
      ZDM_CHECK(work_.insist([&](Connection& work) { return source.save(work, window, false); }));
      return fail(named);
    }
    if (written->end != BatchResult::End::written) {
      work_.leave_transaction();
      return Step::leaf_changed;
    }
    window.rows += written->rows;
    wrote_ += written->rows;
    pace_.wrote(written->rows);
  }
  ++window.cursor;
  const bool ends = window.cursor >= window.to && window.last_visit();
  ZDM_CHECK(work_.insist([&](Connection& work) { return source.save(work, window, ends); }));
  return Step::onward;
}

Result<void> PostgresFill::check_unguarded(const Leaf& leaf) {
  ZDM_TRY(const std::vector<Leaf> now, leaves());
  const bool still_there = std::any_of(now.begin(), now.end(), [&](const Leaf& other) {
    return other.oid == leaf.oid && other.name == leaf.name;
  });
  if (!still_there) return {};
  return fail(
      ErrorCode::drift,
      fmt::format("the trigger pair {}, {} of {} is not there or not enabled",
                  planner::kSyncInsertTrigger, planner::kSyncUpdateTrigger, quote(leaf.name)),
      "Somebody dropped or disabled it. Rows written since may lack the new shape: enable it "
      "(ENABLE ALWAYS on a subscription's table), or roll the phase back and apply it again.");
}

void PostgresFill::look_for_old_snapshot() {
  const auto found = work_.get().run(R"sql(
    SELECT who, round(extract(epoch FROM age)) FROM (
      SELECT 'pid ' || pid || coalesce(' (' || nullif(application_name, '') || ')', '') AS who,
             clock_timestamp() - xact_start AS age
      FROM pg_stat_activity
      WHERE datname = current_database() AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()
      UNION ALL
      SELECT 'the prepared transaction ' || gid, clock_timestamp() - prepared FROM pg_prepared_xacts
      WHERE database = current_database()
      UNION ALL
      SELECT 'the replication slot ' || slot_name, NULL FROM pg_replication_slots WHERE xmin IS NOT NULL
    ) holders WHERE age IS NULL OR age > interval '1 second' ORDER BY age DESC NULLS LAST LIMIT 1)sql");
  if (!found || found->empty()) return;
  governor_.explain_pruning(fmt::format(
      "pages cannot be pruned while {} holds an old snapshot{}: each block is visited once",
      found->first(0), found->first(1).empty() ? "" : " (" + found->first(1) + " s)"));
}

Error PostgresFill::explained(Error error, const Leaf& leaf) const {
  if (explain_hidden_rows(error, leaf.name)) return error;
  if (error.sqlstate == "42501" && settings_.user_triggers == planner::UserTriggers::skip) {
    error.message = "user_triggers = \"skip\" needs the right to set session_replication_role: " +
                    error.message;
    error.hint =
        "Run zdm as a superuser (PostgreSQL 15 and later: GRANT SET ON PARAMETER "
        "session_replication_role TO its role), or use user_triggers = \"fire\".";
  } else if (error.hint.empty() && error.code == ErrorCode::failed) {
    error.hint = "Once the reason is gone, run the same command again: it carries on.";
  }
  return error;
}

}  // namespace zdm::migrations
