#include "locks/claims.hpp"

#include <algorithm>

#include "sql/quote.hpp"

namespace zdm::planner {

Claims& Claims::add(const TableName& relation, LockMode mode) {
  return merge({LockClaim{.relation = quote(relation), .mode = mode}});
}

Claims& Claims::table(const Table& table, LockMode mode) {
  add(table.name, mode);
  for (const auto& leaf : table.leaves) add(leaf, mode);
  return *this;
}

Claims& Claims::indexes(const Table& table, LockMode mode) {
  for (const auto& index : table.indexes) add(index.name, mode);
  return *this;
}

Claims& Claims::merge(const std::vector<LockClaim>& others) {
  for (const auto& claim : others) {
    const auto place = std::ranges::lower_bound(claims_, claim.relation, {}, &LockClaim::relation);
    if (place == claims_.end() || place->relation != claim.relation) {
      claims_.insert(place, claim);
    } else {
      place->mode = std::max(place->mode, claim.mode);
    }
  }
  return *this;
}

}  // namespace zdm::planner
