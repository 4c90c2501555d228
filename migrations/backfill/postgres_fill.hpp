#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "backfill/backfill.hpp"
#include "backfill/batch.hpp"
#include "backfill/governor.hpp"
#include "backfill/lasting_connection.hpp"
#include "backfill/leaf.hpp"
#include "backfill/pace.hpp"
#include "backfill/window_source.hpp"

namespace zdm::migrations {

/// Fills one table of a PostgreSQL server: each leaf window by window, then, until a whole pass
/// finds nothing, each leaf once more.
///
/// No row is lost: when the trigger's CREATE committed, no transaction was left that had written
/// without it (ShareRowExclusiveLock), and it fires on every UPDATE of a row not filled yet. So
/// such a row still is where it was then, below the size read afterwards, unless the file was
/// rewritten, which its filenode shows.
class PostgresFill final {
 public:
  PostgresFill(LastingConnection& work, const BackfillRequest& request,
               const std::function<void(const BackfillProgress&)>& progress)
      : work_(work),
        request_(request),
        governor_(GovernorSettings{.target = request.batch_target,
                                   .duty_percent = request.duty_percent,
                                   .first = request.tuning.first_batch}),
        pace_(work.host(), progress) {}

  [[nodiscard]] Result<std::int64_t> run();

 private:
  enum class Step {
    onward,
    leaf_changed,  ///< rewritten, renamed, detached or dropped: read the leaves again
  };

  [[nodiscard]] Result<void> prepare();
  [[nodiscard]] Result<std::vector<Leaf>> leaves();
  [[nodiscard]] Result<void> fill_new_leaves();
  [[nodiscard]] Result<bool> sweep();
  [[nodiscard]] Result<bool> sweep_leaf(const Leaf& leaf);
  struct Probe {
    bool found = false;
    std::uint32_t filenode = 0;
  };
  [[nodiscard]] Result<Probe> probe(const Leaf& leaf, const Extent& extent,
                                    const BatchRange& range);
  /// False: the leaf is no longer the one that was read (rewritten, renamed, detached).
  [[nodiscard]] Result<bool> fill_leaf(const Leaf& leaf);
  [[nodiscard]] Result<bool> fill_window(WindowSource& source, const Leaf& leaf, Window window);
  [[nodiscard]] Result<Step> one_batch(WindowSource& source, const Batch& batch, const Leaf& leaf,
                                       Window& window);
  [[nodiscard]] Result<Step> after_error(WindowSource& source, const Batch& batch, const Leaf& leaf,
                                         Window& window, const Error& error);
  [[nodiscard]] Result<Step> row_by_row(WindowSource& source, const Batch& batch, const Leaf& leaf,
                                        Window& window);
  [[nodiscard]] Result<void> check_user_triggers();
  /// The leaf is no longer there as it was read; or else its trigger pair is missing:
  /// ErrorCode::drift.
  [[nodiscard]] Result<void> check_unguarded(const Leaf& leaf);
  [[nodiscard]] BatchRange next_range(const Window& window);
  [[nodiscard]] std::chrono::milliseconds timeout() const;
  [[nodiscard]] int stripes_of(const Leaf& leaf, const Extent& extent) const;
  void look_for_old_snapshot();
  void tell(const std::string& throttled);
  [[nodiscard]] double fraction() const;
  [[nodiscard]] Error explained(Error error, const Leaf& leaf) const;

  LastingConnection& work_;
  const BackfillRequest& request_;
  Governor governor_;
  Pace pace_;
  BatchSettings settings_;
  std::uint32_t root_ = 0;
  std::map<std::uint32_t, std::uint32_t> filled_;  ///< leaf → the filenode that was filled
  std::map<std::uint32_t, double> blocks_;         ///< leaf → its size
  std::map<std::uint32_t, double> blocks_done_;
  std::int64_t wrote_ = 0;  ///< in this call
  std::string throttled_;
};

}  // namespace zdm::migrations
