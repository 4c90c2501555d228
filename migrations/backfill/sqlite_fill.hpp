#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "backfill/backfill.hpp"
#include "backfill/governor.hpp"
#include "backfill/lasting_connection.hpp"
#include "backfill/pace.hpp"
#include "sync/compose.hpp"

namespace zdm::migrations {

/// What a table's rows are walked by: one of the names of its rowid, or the primary key of a
/// WITHOUT ROWID table. Refused: a table without either that a row can be found by.
[[nodiscard]] Result<std::vector<std::string>> walk_key(Connection& connection,
                                                        const std::string& table);

/// Fills one table of an SQLite file in the order of its key: BEGIN IMMEDIATE, the fence, the guard
/// row that keeps our triggers quiet, the UPDATE, COMMIT; batches of 5 ms at most with gaps of 5 ms
/// at least, since the busy handler of others polls and never gets the lock otherwise.
class SqliteFill final {
 public:
  SqliteFill(LastingConnection& work, const BackfillRequest& request,
             const std::function<void(const BackfillProgress&)>& progress);

  [[nodiscard]] Result<std::int64_t> run();

 private:
  /// Rows after `low` up to and with `high`, each a list of literals; empty: no bound.
  struct Range {
    std::string low;
    std::string high;
    std::int64_t size = 0;
  };

  enum class Record { nothing, cursor, end };

  [[nodiscard]] Result<void> prepare();
  [[nodiscard]] Result<void> enter_window();
  [[nodiscard]] Result<bool> pass();
  [[nodiscard]] Result<Range> next_range();
  [[nodiscard]] Result<bool> has_rows_to_fill(const Range& range);
  void advance(const Range& range);
  [[nodiscard]] Result<bool> one_batch(const Range& range);
  [[nodiscard]] Result<std::int64_t> write(Connection& work, const Range& range, Record record);
  [[nodiscard]] Result<void> after_error(const Range& range, const Error& error);
  [[nodiscard]] Error unconvertible(const Range& range, const Error& cause);
  [[nodiscard]] std::string within(const Range& range) const;
  [[nodiscard]] std::vector<Brake> brakes();
  [[nodiscard]] double fraction() const;

  LastingConnection& work_;
  const BackfillRequest& request_;
  Governor governor_;
  Pace pace_;
  planner::FillSql fill_;
  std::string table_;      ///< quoted
  std::string key_;        ///< quoted columns, separated by commas
  std::string key_value_;  ///< an expression: the key as a list of literals
  std::string wal_;        ///< path of the file's WAL
  std::string cursor_;
  bool whole_row_key_ = false;
  std::int64_t rows_total_ = 0;
  std::chrono::nanoseconds commit_took_{0};  ///< by the last batch; a rollback journal is slow
  std::int64_t looked_at_ = 0;
  std::int64_t window_rows_ = 0;
  bool first_pass_ = true;
};

}  // namespace zdm::migrations
