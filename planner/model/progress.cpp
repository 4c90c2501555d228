#include "model/progress.hpp"

#include <algorithm>

namespace zdm::planner {

bool TableRules::has_any_of(const MigrationId& migration) const {
  return std::ranges::find(rules, migration, &SyncRule::migration) != rules.end();
}

const RecordedColumn* Progress::column(std::size_t change, std::string_view role) const {
  const auto item = std::ranges::find_if(columns, [&](const RecordedColumn& each) {
    return each.change == change && each.role == role;
  });
  return item == columns.end() ? nullptr : &*item;
}

const TableRules* Progress::rules(const Table& table) const {
  const auto item = std::ranges::find_if(tables, [&](const TableRules& each) {
    return table.oid != 0 ? each.table_oid == table.oid : each.table.name == table.name.name;
  });
  return item == tables.end() ? nullptr : &*item;
}

const Table* Progress::table_before(const TableName& name) const {
  const auto item = std::ranges::find_if(before, [&](const Table& each) {
    return each.name.name == name.name && (name.schema.empty() || each.name.schema == name.schema);
  });
  return item == before.end() ? nullptr : &*item;
}

}  // namespace zdm::planner
