#include <algorithm>

#include "recipes/plan.hpp"

namespace zdm::planner {

namespace {

void put(Progress& progress, RecordedColumn record) {
  const auto same = std::ranges::find_if(progress.columns, [&](const RecordedColumn& each) {
    return each.change == record.change && each.role == record.role;
  });
  if (same == progress.columns.end()) {
    progress.columns.push_back(std::move(record));
  } else {
    *same = std::move(record);
  }
}

void apply_record(Progress& progress, const Record& record, const Catalog& after) {
  if (const auto* column = std::get_if<RecordColumn>(&record)) {
    const auto* table = after.table(column->table);
    const auto* found = table == nullptr ? nullptr : table->column(column->column);
    put(progress, {.change = column->change,
                   .role = column->role,
                   .table = column->table,
                   .table_oid = table == nullptr ? 0 : table->oid,
                   .attnum = found == nullptr ? 0 : found->attnum,
                   .name = column->column});
  } else if (const auto* name = std::get_if<RecordName>(&record)) {
    put(progress,
        {.change = name->change, .role = name->role, .table = name->table, .name = name->name});
  } else if (const auto* gone = std::get_if<ForgetColumn>(&record)) {
    std::erase_if(progress.columns, [&](const RecordedColumn& each) {
      return each.change == gone->change && each.role == gone->role;
    });
  }
}

void apply_sync(Progress& progress, const SyncAction& action, const MigrationId& migration,
                const Catalog& after) {
  const auto* table = after.table(action.table);
  const std::uint32_t oid = table == nullptr ? 0 : table->oid;
  auto place = std::ranges::find_if(
      progress.tables, [&](const TableRules& each) { return each.is_of(action.table, oid); });
  if (place == progress.tables.end()) {
    progress.tables.push_back(
        {.table = table == nullptr ? action.table : table->name, .table_oid = oid});
    place = progress.tables.end() - 1;
  }
  std::erase_if(place->rules, [&](const SyncRule& rule) {
    const auto same = [&](const SyncRule& entering) { return entering.change == rule.change; };
    return rule.migration == migration &&
           (std::ranges::find(action.leave, rule.change) != action.leave.end() ||
            std::ranges::any_of(action.enter, same));
  });
  place->rules.insert(place->rules.end(), action.enter.begin(), action.enter.end());
  ++place->generation;
}

}  // namespace

Progress advance(Progress progress, const Step& step, const MigrationId& migration,
                 const Catalog& after) {
  for (const auto& record : step.records) apply_record(progress, record, after);
  if (const auto* sync = std::get_if<SyncAction>(&step.action)) {
    apply_sync(progress, *sync, migration, after);
  }
  return progress;
}

}  // namespace zdm::planner
