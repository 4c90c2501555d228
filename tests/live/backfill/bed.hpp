#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "backfill/backfill.hpp"
#include "support/database.hpp"

namespace zdm::tests {

/// A ledger with one backfill step in it, a lease, and tables with their trigger pair: what the
/// executor would have made before it calls backfill().
class Bed {
 public:
  explicit Bed(std::unique_ptr<Database> database);

  /// users(id, name, other, full_name) with rows 1 … `rows` of two names each, and its trigger pair
  /// full_name := `up`. PostgreSQL.
  void make_users(int rows, const std::string& up = "upper(name)", const std::string& options = "");
  /// Installs the trigger pair of a table with columns name and full_name, and asks for its
  /// backfill.
  void guard(const std::string& table, const std::string& up = "upper(name)");
  /// Records each UPDATE of a row that was not filled yet in audit(id).
  void audit(const std::string& table = "users");
  /// The server has TID range scans (14): blocks are visited in stripes.
  [[nodiscard]] bool is_striped() const { return db().connect()->server_version() >= 140000; }
  /// No row was written twice, and so many once.
  [[nodiscard]] bool each_once(int rows);
  /// Forgets the backfill, as if it had never run.
  void forget();

  /// Runs the backfill to its end; `open` makes the work connections.
  [[nodiscard]] migrations::Result<std::int64_t> run(const migrations::Opener& open,
                                                     const std::stop_token& stop = {});
  [[nodiscard]] migrations::Result<std::int64_t> run() { return run(db().opener()); }

  [[nodiscard]] Database& db() const { return *database_; }
  /// Rows of the table that are not what `up` makes of them.
  [[nodiscard]] std::string wrong();
  [[nodiscard]] std::string value(const std::string& sql) { return db().value(sql); }

  migrations::BackfillRequest request;
  std::vector<migrations::BackfillProgress> told;
  std::function<void(const migrations::BackfillProgress&)> on_progress;

 private:
  void make_ledger();
  std::unique_ptr<Database> database_;
  std::vector<planner::SyncRule> rules_;
};

/// A connection that passes everything on, after asking: `before(n, sql)` is called with the number
/// of the statement, counted over all connections of one opener, and may give an error instead.
using Fault = std::function<std::optional<migrations::Error>(int number, std::string_view sql)>;
[[nodiscard]] migrations::Opener faulty(migrations::Opener open, Fault before);

/// As if the server had closed the connection.
[[nodiscard]] migrations::Error lost();

}  // namespace zdm::tests
