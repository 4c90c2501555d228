#include "backfill/window_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "ledger/schema.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {

namespace {

using planner::quote;
using planner::quote_literal;

std::int64_t integer(const Text& field) {
  return field ? std::strtoll(field->c_str(), nullptr, 10) : 0;
}

}  // namespace

double Window::blocks_done() const {
  const auto whole = static_cast<double>(to - from);
  return (whole * stripe + static_cast<double>(cursor - from)) / stripes;
}

Result<std::int64_t> enter_backfill(Connection& work, const BackfillRequest& request,
                                    std::string_view method) {
  const Engine engine = work.engine();
  ZDM_TRY(Transaction transaction, Transaction::begin(work));
  ZDM_CHECK(check_fence(work, request.lease));
  ZDM_CHECK(work.run(fmt::format(
      R"sql(
      INSERT INTO {} (run, ordinal, target, relation, generation, method) VALUES ({}, {}, {}, {}, {}, {})
      ON CONFLICT (run, ordinal) DO UPDATE SET generation = excluded.generation,
        method = excluded.method, relation = excluded.relation, throttled = NULL)sql",
      table(engine, "backfill"), request.run, request.ordinal,
      quote_literal(request.lease.target, engine),
      quote_literal(quote(request.action.table), engine), request.generation,
      quote_literal(method, engine))));
  ZDM_TRY(
      const Rows before,
      work.run(fmt::format("SELECT coalesce(sum(rows), 0) FROM {} WHERE run = {} AND ordinal = {}",
                           table(engine, "backfill_window"), request.run, request.ordinal)));
  ZDM_CHECK(transaction.commit());
  return before.first_integer();
}

std::string progress_sql(Engine engine, const BackfillRequest& request,
                         const BackfillProgress& progress) {
  return fmt::format(
      "UPDATE {} SET rows_done = {}, rows_total = {}, fraction = {:.6f}, rows_per_second = {:.1f}, "
      "throttled = {}, updated = {} WHERE run = {} AND ordinal = {};",
      table(engine, "backfill"), progress.rows_done, progress.rows_total, progress.fraction,
      progress.rows_per_second,
      progress.throttled.empty() ? "NULL" : quote_literal(progress.throttled, engine),
      now_sql(engine), request.run, request.ordinal);
}

Result<std::optional<Window>> WindowSource::unfinished(Connection& work) {
  const std::string windows = table(work.engine(), "backfill_window");
  const std::string of_this_file =
      fmt::format("run = {} AND ordinal = {} AND leaf_oid = {} AND filenode = {}", request_->run,
                  request_->ordinal, leaf_->oid, extent_.filenode);
  ZDM_TRY(const Rows highest,
          work.run(fmt::format("SELECT coalesce(max(to_key::bigint), 0) FROM {} WHERE {}", windows,
                               of_this_file)));
  handed_out_ = highest.first_integer();
  ZDM_TRY(const Rows found,
          work.run(fmt::format(
              R"sql(SELECT number, from_key, to_key, stripes, stripe, cursor, rows FROM {}
            WHERE {} AND state <> 'done' ORDER BY number LIMIT 1)sql",
              windows, of_this_file)));
  if (found.empty()) return std::nullopt;
  const std::vector<Text>& row = found.rows.front();
  return Window{.number = static_cast<int>(integer(row[0])),
                .from = integer(row[1]),
                .to = integer(row[2]),
                .stripes = static_cast<int>(integer(row[3])),
                .stripe = static_cast<int>(integer(row[4])),
                .cursor = integer(row[5]),
                .rows = integer(row[6])};
}

Result<std::optional<Window>> WindowSource::next(Connection& work, int stripes) {
  if (!looked_) {
    ZDM_TRY(std::optional<Window> left, unfinished(work));
    if (left) return left;
    looked_ = true;
  }
  if (handed_out_ >= extent_.blocks) return std::nullopt;
  const std::int64_t to = std::min(extent_.blocks, handed_out_ + request_->tuning.window);
  ZDM_TRY(Window window, claim(work, handed_out_, to, stripes));
  handed_out_ = to;
  return window;
}

Result<Window> WindowSource::claim(Connection& work, std::int64_t from, std::int64_t to,
                                   int stripes) {
  const std::string windows = table(work.engine(), "backfill_window");
  ZDM_TRY(Transaction transaction, Transaction::begin(work));
  ZDM_CHECK(check_fence(work, request_->lease));
  ZDM_TRY(
      const Rows made,
      work.run(fmt::format(
          R"sql(INSERT INTO {0} (run, ordinal, number, target, leaf, leaf_oid, filenode, from_key, to_key,
                             stripes, cursor, state, fence)
            SELECT {1}, {2}, (SELECT coalesce(max(number), 0) + 1 FROM {0}
                              WHERE run = {1} AND ordinal = {2}),
                   {3}, {4}, {5}, {6}, '{7}', '{8}', {9}, '{7}', 'running', {10}
            RETURNING number)sql",
          windows, request_->run, request_->ordinal, quote_literal(request_->lease.target),
          quote_literal(quote(leaf_->name)), leaf_->oid, extent_.filenode, from, to, stripes,
          request_->lease.fence)));
  ZDM_CHECK(transaction.commit());
  return Window{.number = static_cast<int>(made.first_integer()),
                .from = from,
                .to = to,
                .stripes = stripes,
                .cursor = from};
}

std::string WindowSource::save_sql(const Window& window, bool done) const {
  return fmt::format(
      "UPDATE zdm.backfill_window SET stripes = {}, stripe = {}, cursor = '{}', rows = {}, state = "
      "'{}', "
      "fence = {}, updated = clock_timestamp() WHERE run = {} AND ordinal = {} AND number = {};",
      window.stripes, window.stripe, window.cursor, window.rows, done ? "done" : "running",
      request_->lease.fence, request_->run, request_->ordinal, window.number);
}

Result<void> WindowSource::save(Connection& work, const Window& window, bool done) const {
  ZDM_TRY(Transaction transaction, Transaction::begin(work));
  ZDM_CHECK(check_fence(work, request_->lease));
  ZDM_CHECK(work.run(save_sql(window, done)));
  return transaction.commit();
}

}  // namespace zdm::migrations
