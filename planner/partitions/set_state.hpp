#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/names.hpp"
#include "partitions/key.hpp"

/// A partition set as the catalog has it. Nothing here was read from a name.
namespace zdm::planner {

enum class PartitionKind { table, partitioned, foreign };

struct Partition {
  std::uint32_t oid = 0;
  TableName name;
  PartitionKind kind = PartitionKind::table;
  Range range;            ///< of a default partition: none
  bool owned = true;      ///< this role may alter it
  bool pending = false;   ///< DETACH CONCURRENTLY was begun and not finished (PostgreSQL 14)
  std::int64_t rows = 0;  ///< an estimate
  std::optional<std::int64_t> bytes;
};

/// A table that zdm took out of the set, or was about to, and has not done with: a run that was
/// killed. Known by its oid and name in the ledger.
struct Orphan {
  Partition partition;
  bool attached = false;
};

struct PartitionSet {
  std::uint32_t oid = 0;
  TableName name;
  std::string column;
  KeyType type = KeyType::timestamptz;
  bool owned = true;       ///< this role may alter it
  bool may_create = true;  ///< and make tables in its schema
  std::string role;        ///< that zdm runs as
  int server_version = 0;
  std::vector<Partition> partitions;  ///< by lower bound; they never overlap
  std::optional<Partition> default_one;
  std::vector<std::string> default_checks;  ///< zdm's own CHECKs on it that a run left behind
  std::vector<Orphan> orphans;
};

}  // namespace zdm::planner
