#pragma once

#include <string>
#include <vector>

#include "model/catalog.hpp"
#include "model/step.hpp"

/// The locks statements take on relations that existed before them, as measured on PostgreSQL 12 to
/// 18 (catalogs and TOAST left out). SQLite locks the whole file: no claims there.
namespace zdm::planner {

/// A set of claims; the strongest mode of each relation stays.
class Claims {
 public:
  Claims& add(const TableName& relation, LockMode mode);
  /// The table and, when it is partitioned, every partition.
  Claims& table(const Table& table, LockMode mode);
  /// The table's indexes (of the table itself; a partition's are its own).
  Claims& indexes(const Table& table, LockMode mode);
  Claims& merge(const std::vector<LockClaim>& others);

  /// Sorted by relation.
  [[nodiscard]] std::vector<LockClaim> list() const { return claims_; }

 private:
  std::vector<LockClaim> claims_;
};

}  // namespace zdm::planner
