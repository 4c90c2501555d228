#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/host.hpp"
#include "partitions/operations.hpp"
#include "support/database.hpp"

namespace zdm::tests {

/// A database with a partition set, and the policy that rotates it.
class Bed {
 public:
  /// events (id, at timestamptz), by the month, in UTC.
  Bed();

  [[nodiscard]] migrations::Environment environment();
  migrations::PartitionOutcome rotate(bool yes = false);
  [[nodiscard]] migrations::PartitionOutcome plan(const std::string& now = {});

  void exec(const std::string& sql) { database.exec(sql); }
  [[nodiscard]] std::string value(const std::string& sql) { return database.value(sql); }
  /// Months before (below zero) or after that of now: "2026-11-01".
  [[nodiscard]] std::string month(int ahead);
  /// A partition of the month, called `name`; of a set that has only months.
  void add_month(const std::string& name, int ahead);
  [[nodiscard]] bool attached(const std::string& name);
  /// Partitions that are half detached.
  [[nodiscard]] std::string pending();
  [[nodiscard]] int server() { return std::stoi(value("SHOW server_version_num")) / 10000; }
  [[nodiscard]] bool exists(const std::string& name);

  TestDatabase database;
  migrations::RealHost host;
  planner::PartitionPolicy policy;
  migrations::LockSettings locks{std::chrono::milliseconds(100), std::chrono::seconds(20)};
  migrations::Opener open_work;
};

[[nodiscard]] std::string text_of(const migrations::PartitionOutcome& outcome);
[[nodiscard]] bool has(const migrations::SetReport& set, std::string_view code);

}  // namespace zdm::tests
