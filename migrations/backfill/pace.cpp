#include "backfill/pace.hpp"

#include <algorithm>
#include <vector>

namespace zdm::migrations {

namespace {

using std::chrono::milliseconds;
constexpr milliseconds kRecordEvery{900};
constexpr milliseconds kRateEvery{500};

}  // namespace

Pace::Pace(Host& host, const std::function<void(const BackfillProgress&)>& sink)
    : host_(&host), sink_(&sink), recorded_(host.steady()), rated_(recorded_) {}

void Pace::wrote(std::int64_t rows) {
  progress_.rows_done += rows;
  progress_.rows_total = std::max(progress_.rows_total, progress_.rows_done);
}

void Pace::tell(double fraction, const std::string& throttled) {
  progress_.fraction = std::clamp(fraction, progress_.fraction, 1.0);
  progress_.throttled = throttled;
  const auto passed = host_->steady() - rated_;
  if (passed >= kRateEvery) {
    const double rate = static_cast<double>(progress_.rows_done - rows_rated_) /
                        std::chrono::duration<double>(passed).count();
    progress_.rows_per_second =
        progress_.rows_per_second > 0 ? 0.7 * progress_.rows_per_second + 0.3 * rate : rate;
    rated_ += passed;
    rows_rated_ = progress_.rows_done;
  }
  if (*sink_) (*sink_)(progress_);
}

bool Pace::due() const {
  return host_->steady() - recorded_ >= kRecordEvery;
}

Result<void> obey(Governor& governor, LastingConnection& work,
                  const std::function<std::vector<Brake>()>& brakes,
                  const std::function<void(const std::string&)>& say) {
  for (;;) {
    if (const auto stop = work.stopped()) return planner::fail(*stop);
    const std::vector<Brake> pulled = brakes ? brakes() : std::vector<Brake>{};
    const Decision decision = governor.ask(pulled, work.host().random());
    if (decision.verdict == Decision::Verdict::stop) {
      return planner::fail(ErrorCode::busy, "the backfill stopped itself: " + decision.reason,
                           "Run the same command again once that is over: it carries on.");
    }
    if (decision.verdict == Decision::Verdict::go) return {};
    if (!decision.reason.empty()) say(decision.reason);
    work.host().sleep(decision.pause, work.stop());
    if (decision.verdict == Decision::Verdict::slow) return {};
  }
}

}  // namespace zdm::migrations
