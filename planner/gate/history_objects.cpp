#include <algorithm>
#include <array>

#include "gate/history.hpp"

/// What becomes of the objects that statements create, change, rename and drop.
namespace zdm::planner {

namespace {

// What PostgreSQL calls one without a name, unless that is longer than a name can be.
std::string foreign_key_name(const SqlEffect& effect) {
  if (!effect.part.empty()) return effect.part;
  std::string name = effect.object.name;
  for (const std::string& key : effect.keys) name += "_" + key;
  return name + "_fkey";
}

constexpr std::array kRelations = {ObjectKind::table, ObjectKind::view,
                                   ObjectKind::materialized_view, ObjectKind::sequence,
                                   ObjectKind::index};

bool is_relation(ObjectKind kind) {
  return std::ranges::find(kRelations, kind) != kRelations.end();
}

template <class Entry>
const TableName& table_of(const Entry& entry) {
  if constexpr (requires { entry.first.first; }) {
    return entry.first.first;  // of a map
  } else {
    return entry.first;
  }
}

// What belongs to a table gets the table's new name.
template <class Entries>
void rekey(Entries& entries, const TableName& from, const TableName& to) {
  if (from == to) return;
  auto at = entries.lower_bound({from, ""});
  for (; at != entries.end() && table_of(*at) == from; at = entries.lower_bound({from, ""})) {
    auto entry = entries.extract(at);
    if constexpr (requires { entry.key(); }) {
      entry.key().first = to;
    } else {
      entry.value().first = to;
    }
    entries.insert(std::move(entry));
  }
}

template <class Entries>
void erase_of(Entries& entries, const TableName& table) {
  const auto begin = entries.lower_bound({table, ""});
  auto end = begin;
  while (end != entries.end() && table_of(*end) == table) ++end;
  entries.erase(begin, end);
}

}  // namespace

void History::add_column(const StatementFacts& statement, const SqlEffect& effect) {
  tables_.add_column(effect);
  if (effect.if_not_exists || effect.conditional) return;
  columns_[{effect.object, effect.part}] = now(statement);
  own_sequence(statement, effect.object, effect.column);
}

// A sequence that PostgreSQL makes for a column, by the name it gives it.
void History::own_sequence(const StatementFacts& statement, const TableName& table,
                           const ColumnFacts& column) {
  if (!column.serial && !column.identity) return;
  const std::string name = table.name + "_" + column.name + "_seq";
  new_[{ObjectKind::sequence, {table.schema, name}}] = now(statement);
  sequences_[table].insert(name);
}

void History::create_index(const SqlEffect& effect) {
  if (effect.if_not_exists && tables_.index(effect.object) != nullptr) return;
  tables_.add_index(effect.object,
                    {.table = effect.other,
                     .keys = effect.keys,
                     .reads = effect.reads,
                     .is_unique = effect.is_unique,
                     .is_partial = effect.is_partial},
                    "idx");
}

void History::create(const StatementFacts& statement, const SqlEffect& effect) {
  if (effect.to == "PARTITION OF") {
    tables_.table(effect.other).partitioned = true;
    parents_[effect.object] = effect.other;
  }
  if (effect.kind == ObjectKind::policy) policies_.insert(effect.object);
  if (effect.kind == ObjectKind::trigger && !effect.replace && !effect.conditional) {
    triggers_.insert({effect.object, effect.part});
  }
  if (effect.kind == ObjectKind::domain) domains_.create(effect);
  if (effect.kind == ObjectKind::function && effect.to != "volatile") {
    steady_.insert((effect.object.schema.empty() ? "" : effect.object.schema + ".") +
                   effect.object.name);
  }
  if (effect.kind == ObjectKind::index) create_index(effect);
  // A temporary table is the session's own, whether it is there or not.
  const bool may_be_there = effect.if_not_exists && !effect.temporary;
  if (may_be_there) doubtful_[{effect.kind, effect.object}] = "IF NOT EXISTS";
  if (effect.replace) doubtful_[{effect.kind, effect.object}] = "OR REPLACE";
  if (may_be_there || effect.conditional || effect.replace) return;
  if (effect.kind == ObjectKind::table) {
    forget_table(effect.object);
    tables_.create(effect);
    for (const ColumnFacts& column : effect.columns) {
      own_sequence(statement, effect.object, column);
    }
  }
  new_[{effect.kind, effect.object}] = now(statement);
}

void History::forget_table(const TableName& table) {
  tables_.drop(table);
  erase_of(columns_, table);
  erase_of(constraints_, table);
  erase_of(triggers_, table);
  policies_.erase(table);
  sequences_.erase(table);
}

// Of other relations, which are locked as well when it goes.
void History::forget(const SqlEffect& effect) {
  if (effect.kind == ObjectKind::table) {
    parents_.erase(effect.object);
    foreign_keys_.erase(effect.object);
  }
  const auto keys = foreign_keys_.find(effect.object);
  if (effect.kind == ObjectKind::constraint && keys != foreign_keys_.end()) {
    keys->second.erase(effect.part);
  }
}

void History::drop(const SqlEffect& effect) {
  forget(effect);
  new_.erase({effect.kind, effect.object});
  switch (effect.kind) {
    case ObjectKind::table:
      return forget_table(effect.object);
    case ObjectKind::column:
      tables_.drop_column(effect.object, effect.part);
      columns_.erase({effect.object, effect.part});
      return;
    case ObjectKind::constraint:
      tables_.drop_check(effect.object, effect.part);
      constraints_.erase({effect.object, effect.part});
      if (has_key(effect)) tables_.drop_index({effect.object.schema, effect.part});
      return;
    case ObjectKind::index:
      return tables_.drop_index(effect.object);
    case ObjectKind::type:
    case ObjectKind::domain:
      return domains_.drop(effect.object);
    default:
      return;
  }
}

void History::constrain(const SqlEffect& effect) {
  if (!effect.part.empty()) constraints_.insert({effect.object, effect.part});
  if (effect.not_valid) added_.insert({effect.object, effect.part});
  if (effect.constraint == SqlConstraint::check) return tables_.add_check(effect);
  if (effect.constraint == SqlConstraint::foreign_key) {
    foreign_keys_[effect.object][foreign_key_name(effect)] = {effect.other, effect.keys};
  }
  const bool key =
      effect.constraint == SqlConstraint::primary_key || effect.constraint == SqlConstraint::unique;
  if (key) add_key(effect);
}

void History::add_key(const SqlEffect& effect) {
  const bool primary = effect.constraint == SqlConstraint::primary_key;
  const TableName name{effect.object.schema, effect.part};
  std::vector<std::string> keys = effect.keys;
  if (effect.index.empty()) {
    tables_.add_index(name, {.table = effect.object, .keys = keys, .is_unique = true},
                      primary ? "pkey" : "key");
  } else if (const Index* index = tables_.index({effect.object.schema, effect.index})) {
    keys = index->keys;
    if (!effect.part.empty()) tables_.move_index({effect.object.schema, effect.index}, name);
  }
  if (!primary) return;
  for (const std::string& column : keys) tables_.column(effect.object, column).not_null = true;
}

// The constraint that an effect is about is a key, which has an index of its name.
bool History::has_key(const SqlEffect& effect) const {
  const Index* index = tables_.index({effect.object.schema, effect.part});
  return index != nullptr && index->table == effect.object;
}

void History::rename(const SqlEffect& effect) {
  if (effect.kind == ObjectKind::column) return rename_column(effect);
  if (effect.kind == ObjectKind::constraint) {
    tables_.rename_check(effect.object, effect.part, effect.to);
    if (has_key(effect)) {
      tables_.move_index({effect.object.schema, effect.part}, {effect.object.schema, effect.to});
    }
    if (constraints_.erase({effect.object, effect.part}) > 0) {
      constraints_.insert({effect.object, effect.to});
    }
    return rename_foreign_key(effect);
  }
  if (effect.kind == ObjectKind::trigger) {
    if (triggers_.erase({effect.object, effect.part}) > 0) {
      triggers_.insert({effect.object, effect.to});
    }
    return;
  }
  if (effect.part.empty()) move(effect, {effect.object.schema, effect.to});
}

void History::rename_foreign_key(const SqlEffect& effect) {
  const auto keys = foreign_keys_.find(effect.object);
  if (keys == foreign_keys_.end()) return;
  auto entry = keys->second.extract(effect.part);
  if (entry.empty()) return;
  entry.key() = effect.to;
  keys->second.insert(std::move(entry));
}

void History::rename_column(const SqlEffect& effect) {
  tables_.rename_column(effect.object, effect.part, effect.to);
  const auto keys = foreign_keys_.find(effect.object);
  if (keys != foreign_keys_.end()) {
    for (auto& [name, key] : keys->second) {
      std::ranges::replace(key.keys, effect.part, effect.to);
    }
  }
  columns_.erase({effect.object, effect.to});
  auto entry = columns_.extract({effect.object, effect.part});
  if (entry.empty()) return;
  entry.key().second = effect.to;
  columns_.insert(std::move(entry));
}

void History::move_new(ObjectKind kind, const TableName& from, const TableName& to) {
  new_.erase({kind, to});
  auto entry = new_.extract({kind, from});
  if (entry.empty()) return;
  entry.key().second = to;
  new_.insert(std::move(entry));
}

// Foreign keys and partitions, on either side.
void History::move_relatives(const TableName& from, const TableName& to) {
  if (from == to) return;
  foreign_keys_.erase(to);
  parents_.erase(to);
  if (auto keys = foreign_keys_.extract(from); !keys.empty()) {
    keys.key() = to;
    foreign_keys_.insert(std::move(keys));
  }
  if (auto parent = parents_.extract(from); !parent.empty()) {
    parent.key() = to;
    parents_.insert(std::move(parent));
  }
  for (auto& [table, keys] : foreign_keys_) {
    for (auto& [name, key] : keys) {
      if (key.other == from) key.other = to;
    }
  }
  for (auto& [partition, parent] : parents_) {
    if (parent == from) parent = to;
  }
}

// ALTER TABLE renames and moves whatever relation has the name, and takes along what is the
// table's.
void History::move(const SqlEffect& effect, const TableName& to) {
  const TableName& from = effect.object;
  if (!is_relation(effect.kind)) {
    move_new(effect.kind, from, to);
    if (effect.kind == ObjectKind::domain || effect.kind == ObjectKind::type) {
      domains_.move(from, to);
    }
    return;
  }
  for (const ObjectKind kind : kRelations) move_new(kind, from, to);
  if (tables_.index(from) != nullptr) return tables_.move_index(from, to);
  forget_table(to);
  tables_.move(from, to);
  rekey(columns_, from, to);
  rekey(constraints_, from, to);
  rekey(triggers_, from, to);
  if (policies_.erase(from) > 0) policies_.insert(to);
  move_relatives(from, to);
  auto sequences = sequences_.extract(from);
  if (sequences.empty()) return;
  for (const std::string& name : sequences.mapped()) {
    move_new(ObjectKind::sequence, {from.schema, name}, {to.schema, name});
  }
  sequences.key() = to;
  sequences_.insert(std::move(sequences));
}

}  // namespace zdm::planner
