#pragma once

#include <memory>
#include <string>

#include "support/database.hpp"

namespace zdm::tests {

enum class Task { create, retire };

/// A table `events` of daily partitions, and a tool that keeps it. 100 of them are to be made, or
/// to go; what is to be there afterwards is the same for every tool.
class Tool {
 public:
  Tool() = default;
  Tool(const Tool&) = delete;
  Tool& operator=(const Tool&) = delete;
  virtual ~Tool() = default;

  [[nodiscard]] virtual std::string name() const = 0;
  /// Makes the table with so many indexes, the partitions that are there before the task, and the
  /// tool's own settings.
  virtual void prepare(Database& database, Task task, int indexes) = 0;
  /// What cron would call.
  virtual void run(Database& database) = 0;
};

[[nodiscard]] std::unique_ptr<Tool> pg_partman();
/// The program as a process of its own, its start and its end included.
[[nodiscard]] std::unique_ptr<Tool> own();

constexpr int kPartitions = 100;

}  // namespace zdm::tests
