#include "gate/history.hpp"

#include <algorithm>

#include "locks/claims.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

bool History::is_kept(const TableName& name) const {
  if (name.name.empty()) return true;
  return name.schema.empty() ? path_.schema().empty() : name.schema != home_;
}

TableName History::resolved(const TableName& name) const {
  if (is_kept(name)) return name;
  const bool by_path = name.schema.empty() && !temporary_.contains(name.name);
  return bare({by_path ? path_.schema() : name.schema, name.name});
}

TableName History::bare(const TableName& name) const {
  return {name.schema == home_ ? "" : name.schema, name.name};
}

bool History::made(ObjectKind kind, const TableName& resolved) const {
  return resolved.schema == "pg_temp" || new_.contains({kind, resolved});
}

History::Made History::now(const StatementFacts& statement) const {
  return {statement.transaction, order_};
}

bool History::is_new(ObjectKind kind, const TableName& name) const {
  return made(kind, resolved(name));
}

bool History::is_new_table(const TableName& name) const {
  const TableName relation = resolved(name);
  const auto is_made = [this](const TableName& table) {
    return made(ObjectKind::table, table) || made(ObjectKind::materialized_view, table);
  };
  if (is_made(relation) || made(ObjectKind::sequence, relation)) return true;
  const Index* index = tables_.index(relation);
  return index != nullptr && is_made(index->table);
}

bool History::is_new_column(const TableName& table, const std::string& column) const {
  return is_new_table(table) || columns_.contains({resolved(table), column});
}

bool History::is_partitioned(const TableName& table) const {
  return tables_.table(resolved(table)).partitioned;
}

bool History::is_plain(const TableName& table) const {
  const auto& known = tables_.table(resolved(table));
  return known.plain && !known.partitioned;
}

bool History::is_not_null(const TableName& table, const std::string& column) const {
  const auto& known = tables_.column(resolved(table), column);
  return known.not_null || known.demanded > 0;
}

const SqlType* History::type_of(const TableName& table, const std::string& column) const {
  const auto* known = tables_.column(resolved(table), column).type;
  return known == nullptr ? nullptr : &known->type;
}

std::vector<std::string> History::done_anew(const SqlEffect& effect) const {
  return tables_.done_anew(resolved(effect.object), effect.part, effect.column.collation);
}

const History::Index* History::index(const TableName& name) const {
  return tables_.index(resolved(name));
}

bool History::is_partitioned_index(const TableName& name) const {
  const Index* made = index(name);
  return made != nullptr && is_partitioned(made->table);
}

bool History::is_constrained_domain(const SqlType& type) const {
  const TableName name = resolved({type.schema, type.name});
  if (!domains_.knows(name)) return domains_.is_constrained(type);  // further down the path
  SqlType found = type;
  found.schema = name.schema;
  return domains_.is_constrained(found);
}

bool History::is_steady(const std::string& function) const {
  const bool at_home = function.starts_with(home_ + ".");
  return steady_.contains(at_home ? function.substr(home_.size() + 1) : function);
}

bool History::is_new_constraint(const TableName& table, const std::string& name) const {
  return constraints_.contains({resolved(table), name});
}

bool History::is_implied_check(const TableName& table, const std::string& name) const {
  const auto* check = tables_.check(resolved(table), name);
  return check != nullptr && check->only_not_null &&
         std::ranges::all_of(check->not_null, [&](const std::string& column) {
           return tables_.column(resolved(table), column).not_null;
         });
}

bool History::has_default(const TableName& table, const std::string& column) const {
  return tables_.column(resolved(table), column).has_default;
}

std::string_view History::doubt(ObjectKind kind, const TableName& name) const {
  const auto found = doubtful_.find({kind, resolved(name)});
  return found == doubtful_.end() ? std::string_view() : found->second;
}

bool History::has_bounds_check(const TableName& table, const TableName& parent) const {
  const auto& key = tables_.table(resolved(parent)).partition_key;
  return std::ranges::any_of(tables_.table(resolved(table)).checks, [&](const auto& entry) {
    const KnownTables::Check& check = entry.second;
    if (!check.valid) return false;
    return key.empty() || !check.known ||
           std::ranges::find_first_of(check.reads, key) != check.reads.end();
  });
}

bool History::added_here(const TableName& table, const std::string& constraint) const {
  return added_.contains({resolved(table), constraint});
}

template <class Name>
bool History::follows(const std::map<Name, Ahead>& ahead, const StatementFacts& statement,
                      const Name& name) {
  const auto found = ahead.find(name);
  return found != ahead.end() && found->second.transaction == statement.transaction &&
         found->second.offset > statement.place.offset;
}

bool History::view_follows(const StatementFacts& statement, const TableName& name) const {
  return follows(views_ahead_, statement, bare(name));
}

bool History::policy_follows(const StatementFacts& statement, const TableName& table) const {
  return follows(policies_ahead_, statement, bare(table));
}

bool History::has_policy(const TableName& table) const {
  return policies_.contains(resolved(table));
}

bool History::trigger_follows(const StatementFacts& statement, const TableName& table,
                              const std::string& trigger) const {
  return follows(triggers_ahead_, statement, Column(bare(table), trigger));
}

bool History::is_new_trigger(const TableName& table, const std::string& trigger) const {
  return triggers_.contains({resolved(table), trigger});
}

void History::look_ahead(const FileFacts& facts) {
  path_.begin_file();
  views_ahead_.clear();
  policies_ahead_.clear();
  triggers_ahead_.clear();
  for (const StatementFacts& statement : facts.statements) {
    const Ahead ahead{statement.transaction, statement.place.offset};
    for (const SqlEffect& effect : statement.effects) {
      if (effect.deed != Deed::create || effect.temporary || effect.conditional) continue;
      const TableName name = bare(effect.object);
      if (effect.kind == ObjectKind::view) views_ahead_[name] = ahead;
      if (effect.kind == ObjectKind::policy) policies_ahead_[name] = ahead;
      if (effect.kind == ObjectKind::trigger) triggers_ahead_[{name, effect.part}] = ahead;
    }
  }
}

void History::end_release() {
  new_.clear();
  columns_.clear();
  constraints_.clear();
  triggers_.clear();
  sequences_.clear();
  doubtful_.clear();
  temporary_.clear();
  path_.begin_file();
  transaction_.reset();
}

void History::enter(const StatementFacts& statement) {
  if (transaction_ == statement.transaction) return;
  transaction_ = statement.transaction;
  path_.begin_transaction();
  savepoints_.clear();
  added_.clear();
  held_.clear();
  held_names_.clear();
  held_for_new_.clear();
  values_.clear();
}

// PostgreSQL carries out what an ALTER TABLE drops before all else.
void History::start(const StatementFacts& statement) {
  enter(statement);
  for (const SqlEffect& effect : statement.effects) {
    if (effect.deed != Deed::drop || effect.kind != ObjectKind::constraint) continue;
    tables_.end_check(resolved(effect.object), effect.part);
  }
}

void History::note(const StatementFacts& statement, const SqlEffect& effect, int postgres) {
  ++order_;
  hold(effect, postgres);
  const bool domain = effect.kind == ObjectKind::domain;
  const auto& base = effect.column.type;
  if (is_kept(effect.object) && is_kept(effect.other) &&
      (!domain || is_kept({base.schema, base.name}))) {
    return learn(statement, effect, postgres);
  }
  SqlEffect named = effect;
  if (named.temporary && named.deed == Deed::create) temporary_.insert(named.object.name);
  named.object = resolved(effect.object);
  named.other = resolved(effect.other);
  if (domain) named.column.type.schema = resolved({base.schema, base.name}).schema;
  learn(statement, named, postgres);
}

void History::learn(const StatementFacts& statement, const SqlEffect& effect, int postgres) {
  const bool domain = effect.kind == ObjectKind::domain;
  switch (effect.deed) {
    case Deed::create:
      return create(statement, effect);
    case Deed::drop:
      return drop(effect);
    case Deed::rename:
      return rename(effect);
    case Deed::set_schema:
      return move(effect, resolved({effect.to, effect.object.name}));
    case Deed::add_column:
      return add_column(statement, effect);
    case Deed::change_type:
      return tables_.change_type(effect);
    case Deed::add_constraint:
      return domain ? domains_.constrain(effect) : constrain(effect);
    case Deed::validate_constraint:
      if (!domain) tables_.validate(effect.object, effect.part);
      return;
    case Deed::set_not_null:
      if (domain) return domains_.constrain(effect);
      tables_.column(effect.object, effect.part).not_null = true;
      return;
    case Deed::drop_not_null:
      if (domain) return domains_.drop_not_null(effect.object);
      tables_.column(effect.object, effect.part).not_null = false;
      return;
    case Deed::set_default:
      tables_.column(effect.object, effect.part).has_default = true;
      return;
    case Deed::drop_default:
      tables_.column(effect.object, effect.part).has_default = false;
      return;
    case Deed::attach_partition:
      parents_[effect.other] = effect.object;
      tables_.table(effect.object).partitioned = true;
      return;
    case Deed::detach_partition:
      parents_.erase(effect.other);
      tables_.table(effect.object).partitioned = true;
      return;
    case Deed::alter:
      if (domain && effect.to == "DROP CONSTRAINT") {
        domains_.drop_constraint(effect.other, effect.part);
      }
      return;
    case Deed::add_enum_value:
      return add_value(statement, effect, postgres);
    case Deed::set_search_path:
      return path_.set(statement, effect);
    case Deed::savepoint:
      savepoints_.emplace_back(effect.part, order_);
      return;
    case Deed::rollback:
      path_.roll_back();
      return roll_back(0);
    case Deed::rollback_to:
      return roll_back_to(effect.part);
    default:
      return;
  }
}

// From 17 on, a value may be used at once if its type is of the same transaction.
void History::add_value(const StatementFacts& statement, const SqlEffect& effect, int postgres) {
  const auto made = new_.find({ObjectKind::type, effect.object});
  if (postgres >= 17 && made != new_.end() && made->second.transaction == statement.transaction) {
    return;
  }
  values_.push_back({effect.object, effect.part});
}

// The tables that known foreign keys, of those the effect takes away or validates, refer to.
std::vector<TableName> History::referred_from(const SqlEffect& effect) const {
  std::vector<TableName> tables;
  const auto keys = foreign_keys_.find(resolved(effect.object));
  if (keys == foreign_keys_.end()) return tables;
  const bool whole = effect.deed == Deed::drop && effect.kind == ObjectKind::table;
  const bool column = effect.deed == Deed::drop && effect.kind == ObjectKind::column;
  const bool named = effect.deed == Deed::validate_constraint ||
                     (effect.deed == Deed::drop && effect.kind == ObjectKind::constraint);
  for (const auto& [name, key] : keys->second) {
    const bool by_column = column && std::ranges::find(key.keys, effect.part) != key.keys.end();
    if (whole || by_column || (named && name == effect.part)) tables.push_back(key.other);
  }
  return tables;
}

// Locks of relations that the statement does not name.
std::vector<History::Held> History::beside(const SqlEffect& effect) const {
  std::vector<Held> locks;
  const bool drops = effect.deed == Deed::drop;
  const Index* made = effect.kind == ObjectKind::index ? index(effect.object) : nullptr;
  if (made != nullptr && (drops || effect.deed == Deed::reindex)) {
    locks.push_back({made->table, effect.concurrently ? LockMode::share_update_exclusive
                                  : drops             ? LockMode::access_exclusive
                                                      : LockMode::share});
  }
  const bool table = drops && effect.kind == ObjectKind::table;
  const auto parent = table ? parents_.find(resolved(effect.object)) : parents_.end();
  if (parent != parents_.end()) locks.push_back({parent->second, LockMode::access_exclusive});
  if (!drops && effect.deed != Deed::validate_constraint) return locks;
  for (TableName& other : referred_from(effect)) {
    locks.push_back({std::move(other), drops ? LockMode::access_exclusive : LockMode::row_share});
  }
  return locks;
}

SqlCost History::cost(const SqlEffect& effect, int postgres) const {
  SqlCost cost = cost_of(effect, postgres);
  const auto others = beside(effect);
  if (others.empty()) return cost;
  Claims claims;
  claims.merge(cost.locks);
  for (const Held& other : others) claims.add(other.table, other.mode);
  cost.locks = claims.list();
  return cost;
}

std::vector<History::Held> History::would_hold(const SqlEffect& effect, int postgres) const {
  std::vector<Held> holds;
  const auto add = [&](const TableName& table, LockMode mode) {
    if (mode < LockMode::share || table.name.empty() || is_new_table(table)) return;
    holds.push_back({table, mode});
  };
  const bool creates = effect.deed == Deed::create;
  if (effect.kind == ObjectKind::index) {
    if (creates && !effect.concurrently) add(effect.other, LockMode::share);
  } else if (!creates || effect.kind != ObjectKind::table) {
    for (const LockClaim& claim : cost_of(effect, postgres).locks) {
      add(claim.relation == quote(effect.object) ? effect.object : effect.other, claim.mode);
    }
  }
  for (const Held& other : beside(effect)) add(other.table, other.mode);
  return holds;
}

bool History::holds(const TableName& table) const {
  return held_names_.contains(resolved(table));
}

void History::hold(const SqlEffect& effect, int postgres) {
  for (Held& held : would_hold(effect, postgres)) {
    if (held_names_.insert(resolved(held.table)).second) held_.push_back(std::move(held));
  }
  if (effect.deed != Deed::create || effect.kind != ObjectKind::table) return;
  if (effect.to == "PARTITION OF" && !is_new_table(effect.other)) {
    held_for_new_.push_back(effect.other);
  }
  for (const TableName& table : effect.references) {
    if (table != effect.object && !is_new_table(table)) held_for_new_.push_back(table);
  }
}

void History::roll_back(std::size_t after) {
  const auto undone = [&](const auto& entry) {
    return entry.second.transaction == transaction_ && entry.second.order > after;
  };
  std::erase_if(new_, undone);
  std::erase_if(columns_, undone);
}

// The savepoint itself stays; those after it are gone.
void History::roll_back_to(const std::string& savepoint) {
  while (!savepoints_.empty() && savepoints_.back().first != savepoint) savepoints_.pop_back();
  roll_back(savepoints_.empty() ? 0 : savepoints_.back().second);
}

}  // namespace zdm::planner
