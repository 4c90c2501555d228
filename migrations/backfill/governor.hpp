#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace zdm::migrations {

/// What a signal from outside the loop says before a batch: the size of a WAL, replica lag, a
/// health check, a query of the user's. A new brake is one more of these.
struct Brake {
  enum class Pull { none, slow, hold, stop };
  Pull pull = Pull::none;
  std::chrono::nanoseconds pause{0};  ///< slow: before this batch; hold: before asking again
  std::string reason;
};

struct GovernorSettings {
  std::chrono::nanoseconds target{std::chrono::milliseconds(10)};  ///< of one batch
  int duty_percent = 100;           ///< share of the time in which batches may run
  std::chrono::nanoseconds gap{0};  ///< between two batches at least
  std::int64_t first = 64;          ///< units of the first batch: blocks, or rows on SQLite
  /// A batch below it costs more by its transaction than by its rows: the target alone makes none
  /// so small, only failures do.
  std::int64_t least = 1;
  std::int64_t most = 512;
  int stripes = 1;
};

struct Decision {
  enum class Verdict { go, slow, hold, stop };
  Verdict verdict = Verdict::go;
  std::chrono::nanoseconds pause{0};  ///< go: 0; slow: sleep, then go; hold: sleep, then ask again
  std::string reason;                 ///< for the progress line; empty when nothing holds us back
};

/// Decides before each batch whether to go, and how large it is. Pure: it is told what happened and
/// has no clock and no connection of its own.
class Governor final {
 public:
  explicit Governor(const GovernorSettings& settings);

  /// Before each batch. `random` in [0, 1) spreads the retries (full jitter).
  [[nodiscard]] Decision ask(std::span<const Brake> brakes, double random);
  /// Units of the next batch.
  [[nodiscard]] std::int64_t size() const { return size_; }

  /// A batch of `units` committed: the size moves towards the target, by half at most. The
  /// statement's time counts, since a smaller batch would not make the COMMIT any faster; but where
  /// that is slow, a statement of twice its time is short enough.
  void committed(std::int64_t units, std::chrono::nanoseconds statement,
                 std::chrono::nanoseconds commit = std::chrono::nanoseconds(0));
  /// A batch failed with 55P03, 57014, 40P01 or 40001: half the size, and wait before the next.
  void failed(std::string_view sqlstate);
  /// A row in the batch cannot be converted: close in on it.
  void halve();
  /// Timeouts of a batch of one unit in a row: it needs more time than we give it.
  [[nodiscard]] int timeouts_of_one() const { return timeouts_of_one_; }

  /// The next batch is the one in sixteen that counts how many rows stay on their page.
  [[nodiscard]] bool meter();
  /// What a metered batch counted on the second or a later visit of its blocks.
  void metered(std::int64_t rows, std::int64_t in_place);
  /// Visits per window: 1 while pages cannot be pruned, since stripes are then the slowest way of
  /// all (measured: 0.66 times a plain pass). Asked again after some windows.
  [[nodiscard]] int stripes() const { return pruning_blocked_ ? 1 : settings_.stripes; }
  [[nodiscard]] bool pruning_blocked() const { return pruning_blocked_; }
  /// Why pages cannot be pruned, once somebody looked.
  void explain_pruning(std::string reason) { pruning_reason_ = std::move(reason); }
  [[nodiscard]] const std::string& pruning_reason() const { return pruning_reason_; }
  /// Another leaf begins, to be visited so often.
  void stripe_by(int stripes, std::int64_t least = 1);
  void window_begun();

 private:
  GovernorSettings settings_;
  std::int64_t size_;
  std::chrono::nanoseconds owed_{0};    ///< pause for the duty's sake
  std::chrono::nanoseconds commit_{0};  ///< how long a COMMIT takes of late
  int failures_ = 0;                    ///< in a row
  int timeouts_of_one_ = 0;
  std::string failure_;
  int batches_ = 0;
  std::int64_t metered_batches_ = 0;
  std::int64_t metered_rows_ = 0;
  std::int64_t metered_in_place_ = 0;
  bool pruning_blocked_ = false;
  int windows_blocked_ = 0;
  std::string pruning_reason_;
};

}  // namespace zdm::migrations
