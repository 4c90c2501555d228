#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "matviews/matviews.hpp"
#include "support/database.hpp"

namespace zdm::tests {

/// Stands in for each statement of a connection; runs it on the one given, or not.
using Hook = std::function<migrations::Result<migrations::Rows>(
    migrations::Connection&, std::string_view, std::span<const migrations::Text>)>;
/// The opener's connections, with a hook each, made when it opens.
[[nodiscard]] migrations::Opener hooked(migrations::Opener opener, std::function<Hook()> make);

/// A database with what a refresh needs around it.
class Bed final {
 public:
  explicit Bed(const std::vector<std::string>& setup,
               PostgresServer& server = PostgresServer::shared());

  [[nodiscard]] migrations::Environment environment();
  migrations::MatviewRefreshOutcome refresh(const migrations::MatviewRefreshOptions& options = {});
  /// The one view refreshed.
  migrations::MatviewReport one(const std::string& view, planner::MethodPolicy method);
  [[nodiscard]] migrations::MatviewListReport list(
      const std::vector<migrations::MatviewPolicy>& policies = {});
  [[nodiscard]] std::string value(const std::string& sql) { return database.value(sql); }
  void exec(const std::string& sql) { database.exec(sql); }
  /// Whether an event was told so far for which this is true.
  [[nodiscard]] bool told(const std::function<bool(const migrations::ProgressEvent&)>& what);

  TestDatabase database;
  migrations::RealHost host;
  migrations::Opener open_work, open_control;  ///< empty: as they are
  std::stop_source stop;
  migrations::ErrorCode stop_code = migrations::ErrorCode::interrupted;
  std::chrono::milliseconds lock_budget{std::chrono::seconds(30)};
  std::vector<migrations::ProgressEvent> events;
  std::mutex events_mutex;
};

/// View to state, "done", "skipped" …, of a report.
[[nodiscard]] std::map<std::string, std::string> states(
    const migrations::MatviewRefreshOutcome& outcome);
/// The names in the order of the report, separated by blanks.
[[nodiscard]] std::string order(const migrations::MatviewRefreshOutcome& outcome);
[[nodiscard]] const migrations::MatviewReport& report_of(
    const migrations::MatviewRefreshOutcome& outcome, const std::string& view);

/// What zdm leaves besides the views: builds, rows that say "running", leases that are held.
[[nodiscard]] std::string leftovers(Database& database);

/// Error message and hint, for INFO.
[[nodiscard]] std::string text_of(const std::optional<planner::Error>& error);

}  // namespace zdm::tests
