#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backfill/backfill.hpp"
#include "backfill/leaf.hpp"

namespace zdm::migrations {

/// A stretch of blocks of one leaf, visited `stripes` times; the last visit takes all that is left.
struct Window {
  int number = 0;  ///< within its backfill
  std::int64_t from = 0;
  std::int64_t to = 0;  ///< the block after its last
  int stripes = 1;
  int stripe = 0;           ///< the visit it is on
  std::int64_t cursor = 0;  ///< blocks before it are done in this visit
  std::int64_t rows = 0;    ///< written in it, as far as recorded

  [[nodiscard]] bool last_visit() const { return stripe + 1 >= stripes; }
  /// Blocks done, each visit counting for its share.
  [[nodiscard]] double blocks_done() const;
};

/// Registers the backfill in the ledger, or finds it there; returns the rows that earlier runs
/// wrote.
[[nodiscard]] Result<std::int64_t> enter_backfill(Connection& work, const BackfillRequest& request,
                                                  std::string_view method);
/// One UPDATE that records how far the whole backfill is.
[[nodiscard]] std::string progress_sql(Engine engine, const BackfillRequest& request,
                                       const BackfillProgress& progress);

/// Hands out the windows of one leaf, in the order of its blocks, and keeps them in the ledger, so
/// that another run carries on with the window and the block where this one stopped. Windows belong
/// to a file of the leaf: after a rewrite those of the old file do not count.
class WindowSource final {
 public:
  WindowSource(const BackfillRequest& request, const Leaf& leaf, const Extent& extent)
      : request_(&request), leaf_(&leaf), extent_(extent) {}

  /// The window to work on: one an earlier run left unfinished, else the following one, claimed in
  /// a fenced transaction. Nothing when the bound is reached. `stripes` is for new ones.
  [[nodiscard]] Result<std::optional<Window>> next(Connection& work, int stripes);
  /// Claims a stretch to be looked through once more.
  [[nodiscard]] Result<Window> claim(Connection& work, std::int64_t from, std::int64_t to,
                                     int stripes);
  /// Records where a window stands, for the batch's own transaction.
  [[nodiscard]] std::string save_sql(const Window& window, bool done) const;
  /// The same in a fenced transaction of its own.
  [[nodiscard]] Result<void> save(Connection& work, const Window& window, bool done) const;

  [[nodiscard]] const Extent& extent() const { return extent_; }
  /// Blocks of windows that are done.
  [[nodiscard]] std::int64_t blocks_done() const { return handed_out_; }

 private:
  [[nodiscard]] Result<std::optional<Window>> unfinished(Connection& work);

  const BackfillRequest* request_;
  const Leaf* leaf_;
  Extent extent_;
  bool looked_ = false;
  std::int64_t handed_out_ = 0;  ///< blocks before it belong to some window
};

}  // namespace zdm::migrations
