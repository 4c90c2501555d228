#include "model/progress.hpp"

#include <algorithm>

namespace zdm::planner {

namespace {

bool may_be(const TableName& one, const TableName& other) {
  return one.name == other.name &&
         (one.schema.empty() || other.schema.empty() || one.schema == other.schema);
}

}  // namespace

bool TableRules::has_any_of(const MigrationId& migration) const {
  return std::ranges::find(rules, migration, &SyncRule::migration) != rules.end();
}

bool TableRules::is_of(const TableName& name, std::uint32_t oid) const {
  return oid != 0 ? table_oid == oid : may_be(table, name);
}

const RecordedColumn* Progress::column(std::size_t change, std::string_view role) const {
  const auto item = std::ranges::find_if(columns, [&](const RecordedColumn& each) {
    return each.change == change && each.role == role;
  });
  return item == columns.end() ? nullptr : &*item;
}

const TableRules* Progress::rules(const Table& table) const {
  const auto item = std::ranges::find_if(
      tables, [&](const TableRules& each) { return each.is_of(table.name, table.oid); });
  return item == tables.end() ? nullptr : &*item;
}

const Table* Progress::table_before(const TableName& name) const {
  const auto item =
      std::ranges::find_if(before, [&](const Table& each) { return may_be(each.name, name); });
  return item == before.end() ? nullptr : &*item;
}

}  // namespace zdm::planner
