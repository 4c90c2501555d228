#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "database/open.hpp"
#include "host/host.hpp"

namespace zdm::migrations {

/// Where in the life of a statement the process dies.
enum class KillMoment {
  before,  ///< not sent yet
  sent,    ///< sent, its answer not read: the server may go on with it. SQLite: the same as before
  after,   ///< its answer was read, and nobody got it
};

/// The n-th statement of the process, counted from 1 over all wrapped connections.
struct KillPoint {
  std::int64_t statement = 0;
  KillMoment moment = KillMoment::before;
};

/// "12:before", "12:sent", "12:after".
[[nodiscard]] std::optional<KillPoint> parse_kill_point(std::string_view text);

/// Counts the statements of the connections it wraps, and ends the process with SIGKILL at one of
/// them: tests go through all of them and see that the next run finishes the work (law 5). The
/// statements that set up a session are not counted: they write nothing.
class KillPoints final {
 public:
  explicit KillPoints(std::optional<KillPoint> at, std::string count_file = {});
  KillPoints(const KillPoints&) = delete;
  KillPoints& operator=(const KillPoints&) = delete;
  /// Writes the number of statements to the count file, if there is one.
  ~KillPoints();

  /// The opener's connections, counted from now on; they keep `points` alive.
  [[nodiscard]] static Opener wrap(std::shared_ptr<KillPoints> points, Opener opener);

  [[nodiscard]] std::int64_t count() const { return count_.load(); }
  /// Counts a statement; the moment to die at when it is the one.
  [[nodiscard]] std::optional<KillMoment> next();

 private:
  std::optional<KillPoint> at_;
  std::string count_file_;
  std::atomic<std::int64_t> count_ = 0;
};

/// What ZDM_TEST_KILL_AT ("N:before|sent|after") and ZDM_COUNT_STATEMENTS (a file that gets the
/// number at the end) ask for. Null where neither is set, or zdm was built without ZDM_TEST_HOOKS.
[[nodiscard]] Result<std::shared_ptr<KillPoints>> kill_points(const Host& host);

}  // namespace zdm::migrations
