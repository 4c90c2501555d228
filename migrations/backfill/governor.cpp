#include "backfill/governor.hpp"

#include <algorithm>
#include <cmath>

namespace zdm::migrations {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr int kMeterEvery = 16;
constexpr nanoseconds kSlowCommit = milliseconds(50);  // no statement is made longer for its sake
constexpr std::int64_t kMeteredBatches = 3;            // before the meter is believed
constexpr std::int64_t kMeteredRows = 300;
constexpr double kInPlace = 0.3;         // below it stripes do not pay
constexpr int kWindowsBeforeRetry = 16;  // of a plain pass, before stripes are tried again

nanoseconds scaled(nanoseconds time, double factor) {
  return nanoseconds(std::llround(static_cast<double>(time.count()) * factor));
}

std::string in_words(std::string_view sqlstate) {
  if (sqlstate == "55P03") return "a row is locked for longer than the lock timeout (55P03)";
  if (sqlstate == "SQLITE_BUSY") return "another connection writes to the file (SQLITE_BUSY)";
  if (sqlstate == "57014") return "a batch ran into its statement timeout (57014)";
  if (sqlstate == "40P01") return "a batch was the victim of a deadlock (40P01)";
  if (sqlstate == "40001") return "a batch could not be serialized (40001)";
  return "a batch failed for now (" + std::string(sqlstate) + ")";
}

}  // namespace

Governor::Governor(const GovernorSettings& settings)
    : settings_(settings), size_(std::clamp<std::int64_t>(settings.first, 1, settings.most)) {}

Decision Governor::ask(std::span<const Brake> brakes, double random) {
  Decision decision;
  const auto pull = [&decision](Decision::Verdict verdict, nanoseconds pause,
                                const std::string& why) {
    decision.pause = std::max(decision.pause, pause);
    if (verdict <= decision.verdict) return;
    decision.verdict = verdict;
    decision.reason = why;
  };
  if (failures_ > 0) {
    const double most = std::min(1000.0, 20.0 * std::pow(2.0, std::min(failures_, 10)));
    pull(Decision::Verdict::slow, scaled(milliseconds(1), most * random), failure_);
  }
  for (const Brake& brake : brakes) {
    switch (brake.pull) {
      case Brake::Pull::none:
        break;
      case Brake::Pull::slow:
        pull(Decision::Verdict::slow, brake.pause, brake.reason);
        break;
      case Brake::Pull::hold:
        pull(Decision::Verdict::hold, brake.pause, brake.reason);
        break;
      case Brake::Pull::stop:
        pull(Decision::Verdict::stop, brake.pause, brake.reason);
        break;
    }
  }
  if (owed_ > nanoseconds(0)) {
    pull(Decision::Verdict::slow, owed_,
         settings_.duty_percent < 100 ? "duty " + std::to_string(settings_.duty_percent) + " %"
                                      : "");
  }
  if (decision.verdict == Decision::Verdict::slow) owed_ = nanoseconds(0);
  if (decision.reason.empty() && pruning_blocked_) decision.reason = pruning_reason_;
  return decision;
}

void Governor::committed(std::int64_t units, nanoseconds statement, nanoseconds commit) {
  failures_ = 0;
  timeouts_of_one_ = 0;
  commit_ = commit_ == nanoseconds(0) ? commit : scaled(commit_, 0.9) + scaled(commit, 0.1);
  const nanoseconds target = std::max(settings_.target, std::min(2 * commit_, kSlowCommit));
  const double share =
      static_cast<double>(size_) / static_cast<double>(std::max<std::int64_t>(units, 1));
  const nanoseconds whole = std::max(scaled(statement, share), nanoseconds(1));
  const double factor = std::clamp(
      static_cast<double>(target.count()) / static_cast<double>(whole.count()), 0.5, 1.5);
  // After failures it grows back from below the least.
  const std::int64_t least = whole > 3 * target ? 1 : std::min(settings_.least, size_);
  size_ = std::clamp<std::int64_t>(std::llround(static_cast<double>(size_) * factor), least,
                                   settings_.most);
  owed_ = settings_.gap;
  if (settings_.duty_percent < 100) {
    const double duty = std::max(settings_.duty_percent, 1) / 100.0;
    owed_ = std::max(owed_, scaled(statement + commit, (1.0 - duty) / duty));
  }
}

void Governor::failed(std::string_view sqlstate) {
  ++failures_;
  failure_ = in_words(sqlstate);
  if (sqlstate == "57014" && size_ == 1) ++timeouts_of_one_;
  halve();
}

void Governor::halve() {
  size_ = std::max<std::int64_t>(1, size_ / 2);
}

bool Governor::meter() {
  return batches_++ % kMeterEvery == kMeterEvery - 1;
}

void Governor::metered(std::int64_t rows, std::int64_t in_place) {
  if (rows <= 0) return;
  ++metered_batches_;
  metered_rows_ += rows;
  metered_in_place_ += in_place;
  if (metered_batches_ < kMeteredBatches || metered_rows_ < kMeteredRows) return;
  const double share = static_cast<double>(metered_in_place_) / static_cast<double>(metered_rows_);
  if (share < kInPlace && settings_.stripes > 1) {
    pruning_blocked_ = true;
    windows_blocked_ = 0;
    pruning_reason_ =
        "pages cannot be pruned: one visit instead of " + std::to_string(settings_.stripes);
  }
  metered_batches_ = metered_rows_ = metered_in_place_ = 0;
}

void Governor::stripe_by(int stripes, std::int64_t least) {
  settings_.stripes = stripes;
  settings_.least = least;
  pruning_blocked_ = false;
  metered_batches_ = metered_rows_ = metered_in_place_ = 0;
}

void Governor::window_begun() {
  if (pruning_blocked_ && ++windows_blocked_ > kWindowsBeforeRetry) pruning_blocked_ = false;
}

}  // namespace zdm::migrations
