#pragma once

#include <string>
#include <vector>

#include "matviews/shape.hpp"
#include "model/catalog.hpp"
#include "model/step.hpp"

/// How a materialized view that was built beside takes the place of the old one, and what stands on
/// the old one comes to stand on it.
namespace zdm::planner {

/// One of the views that are exchanged together: the one asked for, and those that read it
/// directly.
struct ExchangeMember {
  TableName name;
  TableName built;    ///< where the new one is until the exchange
  std::string aside;  ///< what the old one is called for the rest of the transaction
  MatviewShape shape;
};

/// One short transaction, in three parts; all statements run with search path pg_catalog.
struct ExchangePlan {
  /// Take the locks and change nothing. After them the shapes and followers are read again: what is
  /// not as planned ends the transaction.
  std::vector<std::string> lock;
  std::vector<std::string> exchange;
  std::vector<LockClaim> claims;
};
/// `followers`: what stands on any of the members (matviews/followers.hpp).
[[nodiscard]] ExchangePlan plan_exchange(const std::vector<ExchangeMember>& members,
                                         const std::vector<Dependent>& followers);

}  // namespace zdm::planner
