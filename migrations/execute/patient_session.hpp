#pragma once

#include <string>

#include "database/connection.hpp"

namespace zdm::migrations {

/// Session settings of a statement that waits for others inside itself: a lock_timeout would leave
/// an invalid index behind (law 12), or a partition that is half detached. Put back afterwards; a
/// connection lost meanwhile has its own anew. Behind a transaction pooler the server's defaults
/// hold, which nothing of ours may change.
class PatientSession final {
 public:
  [[nodiscard]] static Result<PatientSession> begin(Connection& work);
  [[nodiscard]] Result<void> end(Connection& work) const;

 private:
  std::string lock_timeout_, statement_timeout_;
};

}  // namespace zdm::migrations
