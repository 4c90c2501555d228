#include "gate/known_tables.hpp"

#include <algorithm>

#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

using Names = std::vector<std::string>;

bool contains(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

void rename(Names& names, const std::string& from, const std::string& to) {
  std::ranges::replace(names, from, to);
}

// A name that no file can write: it only keeps things apart.
std::string nameless(std::size_t number) {
  return "\x01" + std::to_string(number);
}

bool is_nameless(const std::string& name) {
  return name.starts_with('\x01');
}

}  // namespace

const KnownTables::Table& KnownTables::table(const TableName& name) const {
  static const Table kNothing;
  const auto found = tables_.find(name);
  return found == tables_.end() ? kNothing : found->second;
}

const KnownTables::Column& KnownTables::column(const TableName& of, const std::string& name) const {
  static const Column kNothing;
  const auto& columns = table(of).columns;
  const auto found = columns.find(name);
  return found == columns.end() ? kNothing : found->second;
}

const KnownTables::Check* KnownTables::check(const TableName& of, const std::string& name) const {
  const auto& checks = table(of).checks;
  const auto found = checks.find(name);
  return found == checks.end() ? nullptr : &found->second;
}

const KnownTables::Index* KnownTables::index(const TableName& name) const {
  const auto found = index_tables_.find(name);
  return found == index_tables_.end() ? nullptr : &table(found->second).indexes.at(name);
}

// As measured on 15: an index of plain columns keeps its file unless their collation changes, one
// with expressions or WHERE never does, and a CHECK that is NOT VALID stays so.
std::vector<std::string> KnownTables::done_anew(const TableName& of, const std::string& name,
                                                const std::string& collation) const {
  std::vector<std::string> words;
  const Type* type = column(of, name).type;
  const bool recollated = type != nullptr && type->collation != collation;
  for (const auto& [each, index] : table(of).indexes) {
    const bool is_key = contains(index.keys, name);
    if (!is_key && !contains(index.reads, name)) continue;
    const bool plain = !index.is_partial && !contains(index.keys, "");
    if (plain && !(recollated && is_key)) continue;
    words.push_back(is_nameless(each.name) ? "an index" : "index " + quote_identifier(each.name));
  }
  for (const auto& [check, facts] : table(of).checks) {
    if (!facts.valid || !contains(facts.reads, name)) continue;
    words.push_back(is_nameless(check) ? "a CHECK" : "CHECK " + quote_identifier(check));
  }
  return words;
}

void KnownTables::create(const SqlEffect& effect) {
  drop(effect.object);
  Table& made = tables_[effect.object];
  made.partitioned = effect.partitioned;
  made.plain = !effect.partitioned;
  made.partition_key = effect.keys;
  for (const ColumnFacts& facts : effect.columns) {
    Column& column = made.columns[facts.name];
    column.type = &*types_.insert({facts.type, facts.collation}).first;
    column.not_null = facts.not_null;
  }
}

void KnownTables::drop(const TableName& name) {
  const auto found = tables_.find(name);
  if (found == tables_.end()) return;
  for (const auto& [index, facts] : found->second.indexes) index_tables_.erase(index);
  tables_.erase(found);
}

void KnownTables::move(const TableName& from, const TableName& to) {
  drop(to);
  auto entry = tables_.extract(from);
  if (entry.empty()) return;
  std::map<TableName, Index> indexes;
  for (auto& [name, index] : entry.mapped().indexes) {
    index_tables_.erase(name);
    index.table = to;
    const TableName moved{to.schema, name.name};
    index_tables_[moved] = to;
    indexes[moved] = std::move(index);
  }
  entry.mapped().indexes = std::move(indexes);
  entry.key() = to;
  tables_.insert(std::move(entry));
}

void KnownTables::add_column(const SqlEffect& effect) {
  const ColumnFacts& facts = effect.column;
  const bool may_be_there = effect.if_not_exists || effect.conditional;
  Column& known = column(effect.object, effect.part);
  if (!may_be_there) known = {.type = &*types_.insert({facts.type, facts.collation}).first};
  known.not_null |= facts.not_null;
  const bool filled =
      facts.default_kind != SqlDefault::none && facts.default_kind != SqlDefault::null;
  known.has_default |= filled || facts.serial || facts.identity || facts.generated;
}

void KnownTables::change_type(const SqlEffect& effect) {
  const ColumnFacts& facts = effect.column;
  Column& known = column(effect.object, effect.part);
  known.type = effect.conditional ? nullptr : &*types_.insert({facts.type, facts.collation}).first;
}

// What reads it goes with it.
void KnownTables::drop_column(const TableName& of, const std::string& name) {
  const auto found = tables_.find(of);
  if (found == tables_.end()) return;
  Table& table = found->second;
  std::vector<std::string> checks;
  for (const auto& [check, facts] : table.checks) {
    if (contains(facts.reads, name)) checks.push_back(check);
  }
  for (const std::string& check : checks) drop_check(of, check);
  std::erase_if(table.indexes, [&](const auto& entry) {
    const Index& index = entry.second;
    if (!contains(index.keys, name) && !contains(index.reads, name)) return false;
    index_tables_.erase(entry.first);
    return true;
  });
  table.columns.erase(name);
}

void KnownTables::rename_column(const TableName& of, const std::string& from,
                                const std::string& to) {
  const auto found = tables_.find(of);
  if (found == tables_.end()) return;
  Table& table = found->second;
  table.columns.erase(to);
  if (auto entry = table.columns.extract(from); !entry.empty()) {
    entry.key() = to;
    table.columns.insert(std::move(entry));
  }
  rename(table.partition_key, from, to);
  for (auto& [name, check] : table.checks) {
    rename(check.reads, from, to);
    rename(check.not_null, from, to);
  }
  for (auto& [name, index] : table.indexes) {
    rename(index.keys, from, to);
    rename(index.reads, from, to);
  }
}

void KnownTables::demand(const TableName& of, Check& check, bool valid) {
  if (check.valid == valid) return;
  check.valid = valid;
  for (const std::string& name : check.not_null) {
    Column& known = column(of, name);
    if (valid) ++known.demanded;
    if (!valid && known.demanded > 0) --known.demanded;
  }
}

void KnownTables::add_check(const SqlEffect& effect) {
  auto& checks = table(effect.object).checks;
  std::string name = effect.part;
  if (name.empty()) {
    name = effect.object.name + (effect.keys.size() == 1 ? "_" + effect.keys[0] : "") + "_check";
    if (checks.contains(name)) name = nameless(unnamed_++);
  }
  drop_check(effect.object, name);
  Check& check = checks[name];
  check.reads = effect.keys;
  check.not_null = effect.not_null;
  check.only_not_null = effect.only_not_null;
  if (!effect.not_valid) demand(effect.object, check, true);
}

void KnownTables::validate(const TableName& of, const std::string& name) {
  auto& checks = table(of).checks;
  const auto found = checks.find(name);
  if (found != checks.end()) return demand(of, found->second, true);
  checks[name] = {.valid = true, .known = false};
}

void KnownTables::end_check(const TableName& of, const std::string& name) {
  const auto found = tables_.find(of);
  if (found == tables_.end()) return;
  const auto check = found->second.checks.find(name);
  if (check != found->second.checks.end()) demand(of, check->second, false);
}

void KnownTables::drop_check(const TableName& of, const std::string& name) {
  end_check(of, name);
  const auto found = tables_.find(of);
  if (found != tables_.end()) found->second.checks.erase(name);
}

void KnownTables::rename_check(const TableName& of, const std::string& from,
                               const std::string& to) {
  const auto found = tables_.find(of);
  if (found == tables_.end()) return;
  auto entry = found->second.checks.extract(from);
  if (entry.empty()) return;
  entry.key() = to;
  found->second.checks.insert(std::move(entry));
}

void KnownTables::add_index(TableName name, Index index, std::string_view suffix) {
  if (name.name.empty()) {
    name.name = index.table.name;
    for (const std::string& key : index.keys) name.name += suffix == "pkey" ? "" : "_" + key;
    name.name += "_" + std::string(suffix);
    if (contains(index.keys, "") || index_tables_.contains(name)) name.name = nameless(unnamed_++);
  }
  drop_index(name);
  index_tables_[name] = index.table;
  Index& kept = table(index.table).indexes[name];
  kept = std::move(index);
}

void KnownTables::drop_index(const TableName& name) {
  const auto found = index_tables_.find(name);
  if (found == index_tables_.end()) return;
  tables_[found->second].indexes.erase(name);
  index_tables_.erase(found);
}

void KnownTables::move_index(const TableName& from, const TableName& to) {
  const Index* found = index(from);
  if (found == nullptr) return;
  Index index = *found;
  drop_index(from);
  add_index(to, std::move(index), "");
}

}  // namespace zdm::planner
