#include "backfill/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sql/quote.hpp"

namespace zdm::migrations {

namespace {

using planner::quote;
using planner::quote_literal;
using std::chrono::milliseconds;

constexpr int kPlaces = 256;      // the low byte of a line pointer's number
constexpr int kScatter = 101;     // odd: neighbours on a page go to visits far apart
constexpr double kShrink = 0.88;  // each visit's share of the rows, of the visit before

/// MaxHeapTuplesPerPage: a page has no more line pointers (access/htup_details.h).
std::int64_t most_rows_in(std::int64_t block_size) {
  return (block_size - 24) / (24 + 4);
}

/// Of kPlaces, those that visits up to this one take. A row that was filled is as a rule wider than
/// before, so that the room that one visit's old versions leave holds fewer rows of the next; what
/// does not fit moves to another page and into every index. Measured against equal shares of a hash
/// of the row's place: 16 instead of 21 % of the rows move (1 million rows of 90 bytes), and a
/// table of six indexes takes 0.65 of the CPU.
std::int64_t places_until(int visit, int visits) {
  const double share = (1 - std::pow(kShrink, visit + 1)) / (1 - std::pow(kShrink, visits));
  return std::lround(kPlaces * share);
}

}  // namespace

Result<ServerLimits> server_limits(Connection& connection) {
  ZDM_TRY(const Rows found, connection.run(R"sql(
    SELECT (SELECT setting FROM pg_settings WHERE name = 'deadlock_timeout'),
           current_setting('block_size'))sql"));
  const milliseconds half(found.first_integer(0) / 2);
  return ServerLimits{.statement_timeout = std::clamp(half, milliseconds(1), milliseconds(500)),
                      .block_size = found.first_integer(1)};
}

Batch::Batch(const BatchSettings& settings, const Lease& lease, const Leaf& leaf,
             std::uint32_t filenode)
    : settings_(&settings), lease_(&lease), leaf_(&leaf), filenode_(filenode) {
  conditions_ = fmt::format(
      "(SELECT l.fence FROM zdm.lease l WHERE l.target = {} AND l.scope = {} "
      "AND l.holder IS NOT NULL FOR KEY SHARE) = {} AND {}{}",
      quote_literal(lease.target), quote_literal(to_string(lease.scope)), lease.fence,
      filenode_condition(), settings.guarded ? " AND " + trigger_condition() : "");
}

std::string Batch::filenode_condition() const {
  return fmt::format("(SELECT to_regclass({})::oid = {} AND pg_relation_filenode({}) = {})",
                     quote_literal(quote(leaf_->name)), leaf_->oid, leaf_->oid, filenode_);
}

std::string Batch::trigger_condition() const {
  // A subscription's worker writes as a replica, where only ENABLE ALWAYS triggers fire.
  return fmt::format(
      "(SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = {} AND t.tgname IN ({}, {}) "
      "AND t.tgenabled IN ({})) = 2",
      leaf_->oid, quote_literal(planner::kSyncInsertTrigger),
      quote_literal(planner::kSyncUpdateTrigger), leaf_->subscribed ? "'A'" : "'O', 'A'");
}

std::string Batch::opening(milliseconds timeout) const {
  // The planner is left one way to read the leaf; jit would compile for the price of the others.
  return fmt::format(R"sql(
    BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
    SELECT set_config('lock_timeout', '50ms', true), set_config('statement_timeout', '{}ms', true),
           set_config('row_security', 'off', true), set_config('zdm.backfill', {}, true),
           set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true),
           set_config('enable_bitmapscan', 'off', true), set_config('jit', 'off', true){};)sql",
                     timeout.count(), quote_literal(settings_->token),
                     settings_->user_triggers == planner::UserTriggers::skip
                         ? ", set_config('session_replication_role', 'replica', true)"
                         : "");
}

std::string Batch::within(const BatchRange& range) const {
  if (!range.ctid.empty()) return fmt::format("ctid = '{}'::tid", range.ctid);
  if (settings_->walk == Walk::tid_lists) {
    const std::int64_t first = range.stripe ? *range.stripe + 1 : 1;
    return fmt::format(
        "ctid = ANY (ARRAY(SELECT ('(' || b || ',' || o || ')')::tid "
        "FROM generate_series({}, {}) b, generate_series({}, {}, {}) o))",
        range.from, range.to - 1, first, most_rows_in(settings_->block_size),
        range.stripe ? range.stripes : 1);
  }
  std::string condition =
      fmt::format("ctid >= '({},0)'::tid AND ctid < '({},0)'::tid", range.from, range.to);
  if (range.stripe) {
    // Bytes of tidsend: four of the block, two of the line pointer. Rows of earlier visits are
    // filled.
    condition += fmt::format(" AND (get_byte(tidsend(ctid), 5) * {} & {}) < {}", kScatter,
                             kPlaces - 1, places_until(*range.stripe, range.stripes));
  }
  return condition;
}

Result<BatchResult> Batch::write(Connection& work, const BatchRange& range,
                                 milliseconds timeout) const {
  std::string update =
      fmt::format("UPDATE ONLY {} SET {} WHERE {} AND ({}) AND {}", quote(leaf_->name),
                  settings_->fill.set, within(range), settings_->fill.predicate, conditions_);
  if (range.meter) {
    update = fmt::format(R"sql(
      WITH written AS ({} RETURNING ctid AS place)
      SELECT count(*), count(*) FILTER (WHERE place >= '({},0)'::tid AND place < '({},0)'::tid)
      FROM written)sql",
                         update, range.from, range.to);
  }
  ZDM_TRY(const Rows done, work.run(opening(timeout) + update));
  BatchResult result{.rows = range.meter ? done.first_integer(0) : done.affected,
                     .in_place = range.meter ? done.first_integer(1) : 0};
  return result.rows > 0 ? result : why_nothing(work);
}

/// No row matched, or a condition did not hold: those are asked one by one.
Result<BatchResult> Batch::why_nothing(Connection& work) const {
  ZDM_CHECK(check_fence(work, *lease_));
  ZDM_TRY(const Rows found,
          work.run(fmt::format("SELECT coalesce(to_regclass({})::oid = {}, false), "
                               "coalesce(pg_relation_filenode({}) = {}, false), {}",
                               quote_literal(quote(leaf_->name)), leaf_->oid, leaf_->oid, filenode_,
                               settings_->guarded ? trigger_condition() : "true")));
  if (found.first(0) != "t") return BatchResult{.end = BatchResult::End::renamed};
  if (found.first(1) != "t") return BatchResult{.end = BatchResult::End::rewritten};
  if (found.first(2) != "t") return BatchResult{.end = BatchResult::End::unguarded};
  return BatchResult{};
}

Result<void> Batch::commit(Connection& work, const std::string& record) {
  if (!record.empty()) {
    ZDM_CHECK(work.run(record + " COMMIT"));
  } else {
    ZDM_CHECK(work.run("COMMIT"));
  }
  return {};
}

}  // namespace zdm::migrations
