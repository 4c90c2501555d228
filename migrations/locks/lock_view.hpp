#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "database/connection.hpp"
#include "host/host.hpp"
#include "model/step.hpp"

/// What pg_locks says about the relations we are going to lock.
namespace zdm::migrations {

/// Someone who has, or stands in the queue for, a lock that conflicts with a claim of ours.
struct Holder {
  std::int64_t pid = 0;     ///< 0: a prepared transaction
  std::string transaction;  ///< pg_locks.virtualtransaction
  std::string relation;     ///< the claim it stands in the way of
  std::string mode;         ///< pg_locks.mode
  bool visible = false;     ///< this role may see what it does
  bool autovacuum = false;  ///< an autovacuum worker
  bool wraparound = false;  ///< one that does not give way to us (PostgreSQL manual, 24.1.6)
  bool idle = false;        ///< idle in its transaction, where this role may see that
  std::optional<std::chrono::milliseconds> age;  ///< of its transaction; nothing where hidden
};

[[nodiscard]] Result<std::vector<Holder>> holders_of(Connection& control,
                                                     const std::vector<planner::LockClaim>& claims);

/// The relations of this database that another session keeps from being read, as claims to read
/// them: at most 20.
[[nodiscard]] Result<std::vector<planner::LockClaim>> unreadable_relations(Connection& connection);

/// Knows how old each holder is, also where the server does not say: since it was first seen here.
class HolderAges {
 public:
  explicit HolderAges(const Host& host) : host_(&host) {}
  [[nodiscard]] std::chrono::milliseconds age(const Holder& holder);

 private:
  const Host* host_;
  std::map<std::string, std::chrono::steady_clock::time_point> first_seen_;
};

/// Asks an ordinary autovacuum worker to give way. A waiter does that by itself, but only after
/// deadlock_timeout (1 s), longer than we let anyone queue behind a try of ours. So we wait once in
/// SHARE UPDATE EXCLUSIVE mode, which readers and writers do not queue behind, and let go at once.
void ask_autovacuum_to_give_way(Connection& control, const std::string& relation);

}  // namespace zdm::migrations
