#pragma once

#include <cstdint>
#include <string>

#include "database/connection.hpp"
#include "host/host.hpp"
#include "partitions/operations.hpp"
#include "partitions/set_state.hpp"

/// zdm.partition_run and zdm.partition_mark. Functions write their rows and open no transaction:
/// callers put them into that of what they tell about.
namespace zdm::migrations {

class PartitionHistory final {
 public:
  PartitionHistory(std::string target, const Host& host)
      : target_(std::move(target)), host_(host) {}

  /// A run of one set begins; one that was killed is closed as interrupted.
  [[nodiscard]] Result<std::int64_t> begin(Connection& work, const std::string& set) const;
  /// Adds partitions to one of the run's lists: created, attached, detached …
  [[nodiscard]] Result<void> add(Connection& work, std::int64_t run, std::string_view list,
                                 const std::vector<std::string>& partitions) const;
  [[nodiscard]] Result<void> finish(Connection& work, std::int64_t run,
                                    const SetReport& report) const;
  [[nodiscard]] Result<SetHistory> totals(Connection& work, const std::string& set) const;
  /// A run with nothing to do, as one row. Those of three months ago go.
  [[nodiscard]] Result<void> idle(Connection& work, const SetReport& report) const;

  /// The partitions are being taken out of their set, by zdm.
  [[nodiscard]] Result<void> mark(Connection& work, const planner::PartitionSet& set,
                                  const std::vector<planner::Partition>& partitions) const;
  [[nodiscard]] Result<void> unmark(Connection& work, const std::vector<std::uint32_t>& oids) const;
  /// Marks of tables that are gone, or that are partitions again.
  [[nodiscard]] Result<void> forget_stale_marks(Connection& work) const;

 private:
  std::string target_;
  const Host& host_;
};

}  // namespace zdm::migrations
