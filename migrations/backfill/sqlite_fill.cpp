#include "backfill/sqlite_fill.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "backfill/bad_row.hpp"
#include "backfill/window_source.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {

namespace {

using planner::fail;
using planner::quote;
using planner::quote_identifier;
using planner::quote_literal;
using std::chrono::milliseconds;

constexpr milliseconds kBatch{5};
constexpr milliseconds kGap{5};
constexpr std::int64_t kFirst = 500;
constexpr std::int64_t kLeast =
    500;  // where each COMMIT waits for the disk, smaller ones only add waits
constexpr std::int64_t kMost = 50'000;
constexpr int kPasses = 50;
constexpr std::uintmax_t kLargeWal = 64ULL << 20U;

/// SQLite gives one code to a malformed statement and to an expression that fails on a row.
bool concerns_a_row(const Error& error) {
  return is_about_a_row(error) || error.sqlstate == "42601";
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

Result<std::vector<std::string>> walk_key(Connection& connection, const std::string& table) {
  ZDM_TRY(const Rows columns,
          connection.run(fmt::format("SELECT name, pk FROM pragma_table_xinfo({}) ORDER BY pk",
                                     quote_literal(table, Engine::sqlite))));
  if (columns.rows.empty()) {
    return fail(ErrorCode::drift, fmt::format("table {} does not exist", table),
                "it was dropped or renamed outside zdm: restore it, or roll the migration back");
  }
  constexpr std::array<std::string_view, 3> kRowid = {"rowid", "_rowid_", "oid"};
  for (const std::string_view name : kRowid) {
    const bool taken = std::any_of(columns.rows.begin(), columns.rows.end(), [&](const auto& row) {
      return same_name(row[0].value_or(""), name);
    });
    if (taken) continue;
    // A WITHOUT ROWID table has no such column.
    if (connection.run(fmt::format("SELECT {} FROM {} LIMIT 0", name, quote_identifier(table)))) {
      return std::vector<std::string>{std::string(name)};
    }
  }
  std::vector<std::string> key;
  for (const auto& row : columns.rows) {
    if (row[1].value_or("0") != "0") key.push_back(quote_identifier(row[0].value_or("")));
  }
  if (!key.empty()) return key;
  return fail(
      ErrorCode::refused,
      fmt::format("the rows of {} cannot be told apart: columns hide all names of its rowid",
                  table),
      "Rename one of the columns rowid, _rowid_ and oid.");
}

SqliteFill::SqliteFill(LastingConnection& work, const BackfillRequest& request,
                       const std::function<void(const BackfillProgress&)>& progress)
    : work_(work),
      request_(request),
      governor_(GovernorSettings{
          .target = std::min<std::chrono::nanoseconds>(request.batch_target, kBatch),
          .duty_percent = request.duty_percent,
          .gap = kGap,
          .first = kFirst,
          .least = kLeast,
          .most = kMost}),
      pace_(work.host(), progress) {}

Result<std::int64_t> SqliteFill::run() {
  ZDM_CHECK(prepare());
  for (int pass_number = 0; pass_number < kPasses; ++pass_number) {
    ZDM_TRY(const bool found, pass());
    if (!found) return pace_.now().rows_done;
  }
  return fail(ErrorCode::failed,
              fmt::format("rows of {} keep appearing that nobody filled", table_),
              "An application writes the table past its triggers. Stop it, then run the same "
              "command again.");
}

Result<void> SqliteFill::prepare() {
  Connection& work = work_.get();
  table_ = quote(request_.action.table);
  fill_ = planner::compose_fill(Engine::sqlite, request_.action.fills);
  ZDM_TRY(const std::vector<std::string> key, walk_key(work, request_.action.table.name));
  for (const std::string& column : key) {
    key_ += (key_.empty() ? "" : ", ") + column;
    key_value_ += (key_value_.empty() ? "" : " || ', ' || ") + fmt::format("quote({})", column);
  }
  whole_row_key_ = key.size() > 1;
  ZDM_TRY(const Rows count,
          work_.insist([&](Connection& c) { return c.run("SELECT count(*) FROM " + table_); }));
  rows_total_ = count.first_integer();
  ZDM_TRY(const Rows file, work.run("SELECT file FROM pragma_database_list WHERE name = 'main'"));
  wal_ = file.first() + "-wal";
  ZDM_TRY(const std::int64_t before, work_.insist([&](Connection& c) {
    return enter_backfill(c, request_, "ranges of the key");
  }));
  pace_.before(before);
  pace_.total(rows_total_);
  return work_.insist([this](Connection&) { return enter_window(); });
}

/// One window: the whole table, in the order of its key.
Result<void> SqliteFill::enter_window() {
  Connection& work = work_.get();
  ZDM_TRY(Transaction transaction, Transaction::begin(work));
  ZDM_CHECK(check_fence(work, request_.lease));
  ZDM_CHECK(work.run(fmt::format(
      R"sql(INSERT INTO zdm_backfill_window (run, ordinal, number, target, leaf, cursor, state, fence)
            VALUES ({}, {}, 1, {}, {}, '', 'running', {})
            ON CONFLICT (run, ordinal, number) DO UPDATE SET fence = excluded.fence)sql",
      request_.run, request_.ordinal, quote_literal(request_.lease.target, Engine::sqlite),
      quote_literal(table_, Engine::sqlite), request_.lease.fence)));
  ZDM_TRY(const Rows window,
          work.run(fmt::format("SELECT cursor, rows, state FROM zdm_backfill_window WHERE run = {} "
                               "AND ordinal = {} AND number = 1",
                               request_.run, request_.ordinal)));
  ZDM_CHECK(transaction.commit());
  first_pass_ = window.first(2) != "done";
  cursor_ = first_pass_ ? window.first(0) : "";
  window_rows_ = window.first_integer(1);
  return {};
}

/// From the cursor to the end; true when a row was written, or might have been.
Result<bool> SqliteFill::pass() {
  bool found = first_pass_;
  for (bool more = true; more;) {
    auto go = obey(
        governor_, work_, [this] { return brakes(); },
        [this](const std::string& why) { pace_.tell(fraction(), why); });
    if (!go) {
      if (!write(work_.get(), {}, Record::cursor)) work_.leave_transaction();
      return fail(std::move(go).error());
    }
    ZDM_TRY(const Range range, work_.insist([this](Connection&) { return next_range(); }));
    ZDM_TRY(const bool due, work_.insist([&](Connection&) { return has_rows_to_fill(range); }));
    if (!due && !pace_.due() && !range.high.empty()) {
      advance(range);
      continue;
    }
    found = found || due;
    ZDM_TRY(const bool done, one_batch(range));
    more = !done || !range.high.empty();
  }
  cursor_.clear();
  first_pass_ = false;
  return found;
}

void SqliteFill::advance(const Range& range) {
  cursor_ = range.high;
  looked_at_ += range.size;
}

/// The next `size` rows after the cursor; the last range has no upper bound.
Result<SqliteFill::Range> SqliteFill::next_range() {
  Range range{.low = cursor_, .size = governor_.size()};
  ZDM_TRY(const Rows bound,
          work_.get().run(fmt::format("SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT 1 OFFSET {}",
                                      key_value_, table_, within(range), key_, range.size - 1)));
  range.high = bound.first();
  return range;
}

Result<bool> SqliteFill::has_rows_to_fill(const Range& range) {
  auto found = work_.get().run(fmt::format("SELECT EXISTS (SELECT 1 FROM {} WHERE {} AND ({}))",
                                           table_, within(range), fill_.predicate));
  if (!found && concerns_a_row(found.error())) return true;  // the batch will say which
  if (!found) return fail(std::move(found).error());
  return found->first_true();
}

std::string SqliteFill::within(const Range& range) const {
  const std::string key = whole_row_key_ ? "(" + key_ + ")" : key_;
  const auto compared = [&](std::string_view sign, const std::string& value) {
    return whole_row_key_ ? fmt::format("{} {} ({})", key, sign, value)
                          : fmt::format("{} {} {}", key, sign, value);
  };
  std::string condition = "true";
  if (!range.low.empty()) condition = compared(">", range.low);
  if (!range.high.empty()) condition += " AND " + compared("<=", range.high);
  return condition;
}

/// True: the range is done; false: it failed for now, and is to be tried again.
Result<bool> SqliteFill::one_batch(const Range& range) {
  const auto began = work_.host().steady();
  const bool last = range.high.empty() && first_pass_;
  const Record record = last ? Record::end : pace_.due() ? Record::cursor : Record::nothing;
  const auto written = write(work_.get(), range, record);
  if (!written) {
    work_.leave_transaction();
    ZDM_CHECK(after_error(range, written.error()));
    return false;
  }
  if (record != Record::nothing) pace_.recorded();
  window_rows_ += *written;
  pace_.wrote(*written);
  governor_.committed(range.size, work_.host().steady() - began - commit_took_, commit_took_);
  advance(range);
  pace_.tell(fraction(), "");
  return true;
}

/// One batch, or with an empty range the cursor alone.
Result<std::int64_t> SqliteFill::write(Connection& work, const Range& range, Record record) {
  std::int64_t rows = 0;
  ZDM_TRY(Transaction transaction, Transaction::begin(work));
  ZDM_CHECK(check_fence(work, request_.lease));
  if (range.size > 0) {
    ZDM_CHECK(work.run(planner::sqlite_guard_enter(request_.action.table)));
    ZDM_TRY(const Rows done, work.run(fmt::format("UPDATE {} SET {} WHERE {} AND ({})", table_,
                                                  fill_.set, within(range), fill_.predicate)));
    rows = done.affected;
    ZDM_CHECK(work.run(planner::sqlite_guard_leave(request_.action.table)));
  }
  if (record != Record::nothing) {
    // Past the first pass only the count goes on: another run starts with a look at all rows.
    const std::string cursor = !first_pass_ ? "" : range.size > 0 ? range.high : cursor_;
    const bool done = record == Record::end || !first_pass_;
    ZDM_CHECK(work.run(fmt::format(
        "UPDATE zdm_backfill_window SET cursor = {}, rows = {}, state = '{}', "
        "updated = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE run = {} AND ordinal = {} AND "
        "number = 1; {}",
        quote_literal(cursor, Engine::sqlite), window_rows_ + rows, done ? "done" : "running",
        request_.run, request_.ordinal, progress_sql(Engine::sqlite, request_, pace_.now()))));
  }
  const auto executed = work_.host().steady();
  ZDM_CHECK(transaction.commit());
  commit_took_ = work_.host().steady() - executed;
  return rows;
}

Result<void> SqliteFill::after_error(const Range& range, const Error& error) {
  const Trouble trouble = classify(error.sqlstate);
  if (trouble == Trouble::lock || trouble == Trouble::cancelled) {
    governor_.failed(trouble == Trouble::lock ? "SQLITE_BUSY" : error.sqlstate);
    return {};
  }
  if (error.code == ErrorCode::busy || !concerns_a_row(error)) return fail(error);
  if (range.size > 1) {
    governor_.halve();
    return {};
  }
  const Error named = unconvertible(range, error);
  if (!write(work_.get(), {}, Record::cursor)) work_.leave_transaction();
  return fail(named);
}

Error SqliteFill::unconvertible(const Range& range, const Error& cause) {
  return Error{
      .code = ErrorCode::failed,
      .message = fmt::format("the row {} of {} cannot be filled: {}",
                             whole_row_key_ ? fmt::format("({})=({})", key_, range.high)
                                            : fmt::format("{}={}", key_, range.high),
                             table_, cause.message),
      .hint =
          "Repair the row, or correct `up` with amended = \"reason\"; then run the same command "
          "again: it carries on there.",
      .sqlstate = cause.sqlstate,
      .statement = cause.statement};
}

/// A reader that stays open lets the WAL grow with all that we write.
std::vector<Brake> SqliteFill::brakes() {
  std::vector<Brake> pulled = request_.brakes ? request_.brakes() : std::vector<Brake>{};
  std::error_code missing;
  const std::uintmax_t size = std::filesystem::file_size(wal_, missing);
  if (missing || size < kLargeWal) return pulled;
  const auto checkpoint = work_.get().run("PRAGMA wal_checkpoint(PASSIVE)");
  const auto page = work_.get().run("PRAGMA page_size");
  if (!checkpoint || !page) return pulled;
  const std::int64_t behind =
      (checkpoint->first_integer(1) - checkpoint->first_integer(2)) * page->first_integer();
  if (behind < static_cast<std::int64_t>(kLargeWal / 2)) return pulled;
  pulled.push_back({.pull = Brake::Pull::slow,
                    .pause = milliseconds(250),
                    .reason = fmt::format("a reader keeps {} MB of the WAL from being checkpointed",
                                          behind >> 20)});
  return pulled;
}

double SqliteFill::fraction() const {
  return rows_total_ > 0 ? static_cast<double>(looked_at_) / static_cast<double>(rows_total_) : 0;
}

}  // namespace zdm::migrations
