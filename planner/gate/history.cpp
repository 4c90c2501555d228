#include "gate/history.hpp"

#include <algorithm>

#include "gate/costs.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

bool History::is_new(ObjectKind kind, const TableName& name) const {
  return name.schema == "pg_temp" || new_.contains({kind, name});
}

bool History::is_new_table(const TableName& name) const {
  return is_new(ObjectKind::table, name) || is_new(ObjectKind::materialized_view, name);
}

bool History::is_new_column(const TableName& table, const std::string& column) const {
  return is_new_table(table) || columns_.contains({table, column});
}

bool History::is_partitioned(const TableName& table) const {
  return partitioned_.contains(table);
}

bool History::is_not_null(const TableName& table, const std::string& column) const {
  return known(table, column).not_null;
}

const SqlType* History::type_of(const TableName& table, const std::string& column) const {
  return known(table, column).type;
}

const History::Index* History::index(const TableName& name) const {
  const auto found = indexes_.find(name);
  return found == indexes_.end() ? nullptr : &found->second;
}

bool History::is_constrained_domain(const SqlType& type) const {
  return domains_.contains({type.schema, type.name});
}

bool History::is_steady(const std::string& function) const {
  return steady_.contains(function);
}

bool History::is_new_constraint(const TableName& table, const std::string& name) const {
  return constraints_.contains({table, name});
}

bool History::is_implied_check(const TableName& table, const std::string& name) const {
  const auto helper = helpers_.find({table, name});
  return helper != helpers_.end() &&
         std::ranges::all_of(helper->second, [&](const std::string& column) {
           return known(table, column).declared_not_null;
         });
}

bool History::has_default(const TableName& table, const std::string& column) const {
  return known(table, column).has_default;
}

std::string_view History::doubt(ObjectKind kind, const TableName& name) const {
  const auto found = doubtful_.find({kind, name});
  return found == doubtful_.end() ? std::string_view() : found->second;
}

bool History::has_valid_check(const TableName& table) const {
  return checked_.contains(table);
}

bool History::added_here(const TableName& table, const std::string& constraint) const {
  return added_.contains({table, constraint});
}

bool History::view_follows(const StatementFacts& statement, const TableName& name) const {
  const auto view = views_ahead_.find(name);
  return view != views_ahead_.end() && view->second.transaction == statement.transaction &&
         view->second.offset > statement.place.offset;
}

void History::look_ahead(const FileFacts& facts) {
  views_ahead_.clear();
  for (const StatementFacts& statement : facts.statements) {
    for (const SqlEffect& effect : statement.effects) {
      if (effect.deed != Deed::create || effect.kind != ObjectKind::view) continue;
      if (effect.temporary || effect.conditional) continue;
      views_ahead_[effect.object] = {statement.transaction, statement.place.offset};
    }
  }
}

void History::end_release() {
  new_.clear();
  columns_.clear();
  constraints_.clear();
  doubtful_.clear();
  transaction_.reset();
}

void History::start(const StatementFacts& statement) {
  if (transaction_ == statement.transaction) return;
  transaction_ = statement.transaction;
  added_.clear();
  held_.clear();
  held_names_.clear();
  values_.clear();
}

void History::note(const StatementFacts& statement, const SqlEffect& effect, int postgres) {
  hold(effect, postgres);
  switch (effect.deed) {
    case Deed::create:
      return create(statement, effect);
    case Deed::drop:
      new_.erase({effect.kind, effect.object});
      return;
    case Deed::rename:
      return rename(effect);
    case Deed::add_column:
      if (!effect.if_not_exists && !effect.conditional) {
        columns_[{effect.object, effect.part}] = statement.transaction;
      }
      return add_column(effect);
    case Deed::add_constraint:
      return constrain(effect);
    case Deed::validate_constraint:
      checked_.insert(effect.object);
      for (const auto& column : checks_[{effect.object, effect.part}]) {
        known(effect.object, column).not_null = true;
      }
      return;
    case Deed::set_not_null:
      return declare_not_null(effect.object, effect.part, true);
    case Deed::drop_not_null:
      return declare_not_null(effect.object, effect.part, false);
    case Deed::set_default:
      known(effect.object, effect.part).has_default = true;
      return;
    case Deed::drop_default:
      known(effect.object, effect.part).has_default = false;
      return;
    case Deed::attach_partition:
    case Deed::detach_partition:
      partitioned_.insert(effect.object);
      return;
    case Deed::add_enum_value:
      return add_value(statement, effect, postgres);
    case Deed::rollback:
      return roll_back();
    default:
      return;
  }
}

const History::KnownColumn& History::known(const TableName& table,
                                           const std::string& column) const {
  static const KnownColumn kNothing;
  const auto columns = known_.find(table);
  if (columns == known_.end()) return kNothing;
  const auto found = columns->second.find(column);
  return found == columns->second.end() ? kNothing : found->second;
}

void History::declare_not_null(const TableName& table, const std::string& column, bool value) {
  auto& facts = known(table, column);
  facts.not_null = value;
  facts.declared_not_null = value;
}

void History::add_column(const SqlEffect& effect) {
  const ColumnFacts& facts = effect.column;
  if (facts.not_null) declare_not_null(effect.object, effect.part, true);
  const bool filled =
      facts.default_kind != SqlDefault::none && facts.default_kind != SqlDefault::null;
  if (filled || facts.serial || facts.identity || facts.generated) {
    known(effect.object, effect.part).has_default = true;
  }
}

// From 17 on, a value may be used at once if its type is of the same transaction.
void History::add_value(const StatementFacts& statement, const SqlEffect& effect, int postgres) {
  const auto made = new_.find({ObjectKind::type, effect.object});
  if (postgres >= 17 && made != new_.end() && made->second == statement.transaction) return;
  values_.push_back({effect.object, effect.part});
}

void History::create(const StatementFacts& statement, const SqlEffect& effect) {
  if (effect.to == "PARTITION OF") partitioned_.insert(effect.other);
  if (effect.kind == ObjectKind::domain && effect.constraint != SqlConstraint::none) {
    domains_.insert(effect.object);
  }
  if (effect.kind == ObjectKind::function && effect.to != "volatile") {
    steady_.insert((effect.object.schema.empty() ? "" : effect.object.schema + ".") +
                   effect.object.name);
  }
  if (effect.kind == ObjectKind::index) {
    indexes_[effect.object] = {effect.other, effect.keys, effect.is_unique};
  }
  // A temporary table is the session's own, whether it is there or not.
  const bool may_be_there = effect.if_not_exists && !effect.temporary;
  if (may_be_there) doubtful_[{effect.kind, effect.object}] = "IF NOT EXISTS";
  if (effect.replace) doubtful_[{effect.kind, effect.object}] = "OR REPLACE";
  if (may_be_there || effect.conditional || effect.replace) return;
  new_[{effect.kind, effect.object}] = statement.transaction;
  if (effect.partitioned) partitioned_.insert(effect.object);
  for (const ColumnFacts& column : effect.columns) {
    known(effect.object, column.name).type = &*types_.insert(column.type).first;
    if (column.not_null) declare_not_null(effect.object, column.name, true);
  }
}

void History::constrain(const SqlEffect& effect) {
  if (!effect.part.empty()) constraints_.insert({effect.object, effect.part});
  if (effect.only_not_null) helpers_[{effect.object, effect.part}] = effect.not_null;
  if (effect.not_valid) {
    added_.insert({effect.object, effect.part});
    checks_[{effect.object, effect.part}] = effect.not_null;
    return;
  }
  if (effect.constraint == SqlConstraint::check) checked_.insert(effect.object);
  for (const std::string& column : effect.not_null) known(effect.object, column).not_null = true;
  if (effect.constraint != SqlConstraint::primary_key) return;
  for (const std::string& column : effect.keys) known(effect.object, column).not_null = true;
}

void History::rename(const SqlEffect& effect) {
  const auto found = new_.find({effect.kind, effect.object});
  if (found == new_.end() || !effect.part.empty()) return;
  const std::size_t transaction = found->second;
  new_.erase(found);
  new_[{effect.kind, {effect.object.schema, effect.to}}] = transaction;
}

std::vector<History::Held> History::would_hold(const SqlEffect& effect, int postgres) const {
  if (effect.kind == ObjectKind::index) {
    const bool blocks = effect.deed == Deed::create && !effect.concurrently;
    if (!blocks || is_new_table(effect.other)) return {};
    return {{effect.other, LockMode::share}};
  }
  if (effect.deed == Deed::create && effect.kind == ObjectKind::table) return {};
  std::vector<Held> holds;
  for (const LockClaim& claim : cost_of(effect, postgres).locks) {
    if (claim.mode < LockMode::share) continue;
    const TableName& table = claim.relation == quote(effect.object) ? effect.object : effect.other;
    if (!table.name.empty() && !is_new_table(table)) holds.push_back({table, claim.mode});
  }
  return holds;
}

bool History::holds(const TableName& table) const {
  return held_names_.contains(table);
}

void History::hold(const SqlEffect& effect, int postgres) {
  for (Held& held : would_hold(effect, postgres)) {
    if (held_names_.insert(held.table).second) held_.push_back(std::move(held));
  }
}

void History::roll_back() {
  const auto undone = [this](const auto& entry) { return entry.second == transaction_; };
  std::erase_if(new_, undone);
  std::erase_if(columns_, undone);
}

}  // namespace zdm::planner
