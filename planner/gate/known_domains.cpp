#include "gate/known_domains.hpp"

namespace zdm::planner {

namespace {

constexpr int kDeepest = 64;  // a domain of a domain of …

}  // namespace

bool KnownDomains::is_constrained(const SqlType& type) const {
  SqlType at = type;
  for (int depth = 0; depth < kDeepest && !at.array; ++depth) {
    const auto found = domains_.find(TableName{at.schema, at.name});
    if (found == domains_.end()) return false;
    if (found->second.not_null || !found->second.constraints.empty()) return true;
    at = found->second.base;
  }
  return false;
}

bool KnownDomains::knows(const TableName& name) const {
  return domains_.contains(name);
}

void KnownDomains::create(const SqlEffect& effect) {
  Domain made{.base = effect.column.type, .not_null = effect.column.not_null};
  for (std::string name : effect.values) {
    if (name.empty()) name = effect.object.name + "_check";
    while (made.constraints.contains(name)) name += "1";
    made.constraints.insert(std::move(name));
  }
  const bool checked = made.not_null || !made.constraints.empty();
  if (effect.conditional && !checked) return;
  domains_[effect.object] = std::move(made);
}

void KnownDomains::drop(const TableName& name) {
  domains_.erase(name);
}

void KnownDomains::move(const TableName& from, const TableName& to) {
  auto entry = domains_.extract(from);
  if (entry.empty()) return;
  entry.key() = to;
  domains_.erase(entry.key());
  domains_.insert(std::move(entry));
}

void KnownDomains::constrain(const SqlEffect& effect) {
  Domain& domain = domains_[effect.object];
  if (effect.deed == Deed::set_not_null) {
    domain.not_null = true;
  } else {
    domain.constraints.insert(effect.part.empty() ? effect.object.name + "_check" : effect.part);
  }
}

void KnownDomains::drop_constraint(const TableName& name, const std::string& constraint) {
  const auto found = domains_.find(name);
  if (found != domains_.end()) found->second.constraints.erase(constraint);
}

void KnownDomains::drop_not_null(const TableName& name) {
  const auto found = domains_.find(name);
  if (found != domains_.end()) found->second.not_null = false;
}

}  // namespace zdm::planner
