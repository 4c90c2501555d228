#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "database/open.hpp"
#include "model/step.hpp"

namespace zdm::tests {

/// Relation (schema.name as SQL needs it) to the strongest mode.
using Locks = std::map<std::string, std::string>;

/// What a step said it would lock, and what its transactions did lock.
struct Observed {
  std::string step;
  std::string kind;
  Locks claimed;
  Locks taken;
  std::vector<std::string> scanned;    ///< tables read as a whole while others were kept waiting
  std::vector<std::string> rewritten;  ///< tables that have another file now
};

/// Looks into pg_locks at the end of every transaction of the connections it wraps, while its locks
/// are still held, and from a second session during every statement that runs outside of one.
/// Counted are relations that existed when the transaction began; catalogs, TOAST and zdm's own
/// schema are left out, and so are the indexes of partitions, which go with their parent's: the
/// plan names tables and partitions, and the indexes of tables.
class LockObserver final {
 public:
  /// The opener's connections, watched; they keep `observer` alive. The opener makes the second
  /// session too.
  [[nodiscard]] static migrations::Opener wrap(std::shared_ptr<LockObserver> observer,
                                               migrations::Opener opener);

  /// By run and ordinal of the ledger, so in the order the steps were planned.
  [[nodiscard]] const std::map<std::pair<std::int64_t, std::int64_t>, Observed>& steps() const {
    return steps_;
  }

  void begins(migrations::Connection& connection);
  void begun(migrations::Connection& connection);
  void ends(migrations::Connection& connection);
  /// Runs a concurrent statement beside a writer that it has to wait for, so that it is seen.
  migrations::Result<migrations::Rows> sampled(migrations::Connection& connection,
                                               const migrations::Opener& aside,
                                               std::string_view sql,
                                               std::span<const migrations::Text> parameters);

 private:
  /// What a table's file and its scans are, as far as this session has not yet reported them.
  struct File {
    std::string node;
    long long scans = 0;
    bool operator==(const File&) const = default;
  };
  [[nodiscard]] static std::map<std::string, File> files(migrations::Connection& connection);
  void compare_files(migrations::Connection& connection, Observed& observed) const;
  void sample(std::int64_t pid, migrations::Connection& watcher, migrations::Connection& writer,
              const std::atomic<bool>& ended, Locks& taken) const;
  /// The step of a row of kStep, with what it claims.
  [[nodiscard]] Observed& step_of(migrations::Connection& connection,
                                  const std::vector<migrations::Text>& row);

  std::map<std::string, std::string> before_;  ///< oid to name
  std::map<std::string, File> files_;          ///< by oid, at the start of the transaction
  std::map<std::pair<std::int64_t, std::int64_t>, Observed> steps_;
};

}  // namespace zdm::tests
