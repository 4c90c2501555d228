#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "backfill/backfill.hpp"
#include "backfill/governor.hpp"
#include "backfill/lasting_connection.hpp"

namespace zdm::migrations {

/// Counts rows and tells the progress; says when the ledger is to hear of it again.
class Pace final {
 public:
  Pace(Host& host, const std::function<void(const BackfillProgress&)>& sink);

  void before(std::int64_t rows) { progress_.rows_done = rows_rated_ = rows; }
  void total(std::int64_t rows) { progress_.rows_total = rows; }
  void wrote(std::int64_t rows);
  /// Tells the sink. `fraction` of the whole table is done.
  void tell(double fraction, const std::string& throttled);
  /// A second has passed since the cursor was last written (law 5).
  [[nodiscard]] bool due() const;
  void recorded() { recorded_ = host_->steady(); }
  [[nodiscard]] const BackfillProgress& now() const { return progress_; }

 private:
  Host* host_;
  const std::function<void(const BackfillProgress&)>* sink_;
  BackfillProgress progress_;
  std::chrono::steady_clock::time_point recorded_;
  std::chrono::steady_clock::time_point rated_;
  std::int64_t rows_rated_ = 0;
};

/// Does what the governor decides: sleeps, asks again while it says hold, or gives the error to
/// stop with. `say` hears why, before each sleep.
[[nodiscard]] Result<void> obey(Governor& governor, LastingConnection& work,
                                const std::function<std::vector<Brake>()>& brakes,
                                const std::function<void(const std::string&)>& say);

}  // namespace zdm::migrations
