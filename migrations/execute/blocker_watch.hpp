#pragma once

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "database/connection.hpp"

namespace zdm::migrations {

/// While it lives, tells about once a second whom the backend `pid` waits for: what CREATE INDEX
/// CONCURRENTLY does until the transactions older than itself have ended. Looks through `control`;
/// `tell` is called on the watch's own thread. PostgreSQL only.
class BlockerWatch final {
 public:
  using Tell = std::function<void(const std::vector<planner::Blocker>&)>;
  BlockerWatch(Connection& control, std::int64_t pid, Tell tell);

 private:
  std::jthread thread_;  ///< stopped and joined by its destructor
};

}  // namespace zdm::migrations
