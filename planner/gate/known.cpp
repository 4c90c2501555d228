#include "gate/known.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

// What decides to which partition a row belongs is not in the catalog: an expression that says so.
std::string create_table(const TableName& name, const Table& table) {
  std::string text;
  for (const Column& column : table.columns) {
    text += fmt::format("{}{} {}{}{}{}", text.empty() ? "" : ", ", quote_identifier(column.name),
                        column.type, column.collation.empty() ? "" : " COLLATE ", column.collation,
                        column.not_null ? " NOT NULL" : "");
  }
  const bool partitioned = table.kind == TableKind::partitioned && !table.columns.empty();
  return fmt::format("CREATE TABLE {} ({}){};\n", quote(name), text,
                     partitioned ? " PARTITION BY LIST ((true))" : "");
}

std::string create_index(const TableName& name, const Table& table, const Index& index) {
  std::vector<std::string> keys;
  for (const IndexKey& key : index.keys) keys.push_back(key.sql);
  if (keys.empty()) {
    for (const int attnum : index.attnums) {
      const Column* column = table.column(attnum);
      if (column != nullptr) keys.push_back(quote_identifier(column->name));
    }
  }
  if (keys.empty()) return {};
  return fmt::format("CREATE {}INDEX {} ON {} ({}){}{};\n", index.unique ? "UNIQUE " : "",
                     quote_identifier(index.name.name), quote(name), fmt::join(keys, ", "),
                     index.predicate.empty() ? "" : " WHERE ", index.predicate);
}

constexpr std::array<std::string_view, 14> kGrowing = {
    "index-not-concurrent", "reindex-not-concurrent", "add-check-validating",
    "add-fk-validating",    "set-not-null-scan",      "pk-using-index-nullable",
    "add-unique-blocking",  "add-pk-blocking",        "add-exclusion-constraint",
    "table-rewrite",        "attach-partition-scan",  "unbatched-update",
    "unbatched-delete",     "backfill-under-ddl-lock"};

}  // namespace

std::vector<TableName> spellings(const Catalog& catalog, const Table& table) {
  std::vector<TableName> names = {table.name};
  const TableName bare{"", table.name.name};
  if (catalog.table(bare) == &table) names.push_back(bare);
  return names;
}

SqlFile as_shipped(const Catalog& catalog) {
  SqlFile file{.path = "the database"};
  for (const Table& table : catalog.tables) {
    if (table.kind != TableKind::table && table.kind != TableKind::partitioned) continue;
    for (const TableName& name : spellings(catalog, table)) {
      const auto& path = catalog.search_path;
      const bool home = !path.empty() && table.name.schema == path.front();
      if (home && name.schema.empty()) continue;  // it is the same
      file.bytes += create_table(name, table);
      for (const Constraint& constraint : table.constraints) {
        if (constraint.kind != ConstraintKind::check) continue;
        file.bytes += fmt::format("ALTER TABLE {} ADD CONSTRAINT {} {};\n", quote(name),
                                  quote_identifier(constraint.name), constraint.definition);
      }
      for (const Index& index : table.indexes) file.bytes += create_index(name, table, index);
    }
  }
  file.shipped = file.bytes;
  return file;
}

std::set<TableName> small_tables(const Catalog& catalog) {
  std::set<TableName> small;
  for (const Table& table : catalog.tables) {
    const bool holds_rows = table.kind == TableKind::table || table.kind == TableKind::partitioned;
    if (!holds_rows || (!table.empty && table.bytes > kSmallTable)) continue;
    for (auto& name : spellings(catalog, table)) small.insert(std::move(name));
  }
  return small;
}

std::vector<std::string> dependents_of(const Catalog& catalog, const SqlEffect& effect) {
  const Table* table = catalog.table(effect.object);
  if (table == nullptr) return {};
  const bool whole = effect.part.empty();
  const Column* column = whole ? nullptr : table->column(effect.part);
  if (!whole && column == nullptr) return {};
  std::vector<std::string> names;
  for (const Dependent& dependent : table->dependents) {
    const bool reads =
        whole || std::ranges::find(dependent.attnums, column->attnum) != dependent.attnums.end();
    if (reads) names.push_back(dependent.name);
  }
  for (const IncomingForeignKey& key : table->incoming) {
    const bool reads = whole || std::ranges::find(key.attnums, column->attnum) != key.attnums.end();
    if (reads) names.push_back(fmt::format("foreign key {} of {}", key.name, quote(key.table)));
  }
  return names;
}

const TableName& sized_by(const SqlEffect& effect) {
  const bool by_other = effect.kind == ObjectKind::index || effect.deed == Deed::attach_partition;
  return by_other && !effect.other.name.empty() ? effect.other : effect.object;
}

bool grows_with_table(std::string_view rule) {
  return std::ranges::find(kGrowing, rule) != kGrowing.end();
}

std::vector<TableName> named_in(const std::vector<SqlFile>& files) {
  std::set<TableName> names;
  for_each_file(files, [&](const SqlFile&, const FileFacts& facts) {
    for (const StatementFacts& statement : facts.statements) {
      for (const SqlEffect& effect : statement.effects) {
        for (const TableName& name : {effect.object, effect.other}) {
          if (!name.name.empty()) names.insert(name);
        }
      }
    }
  });
  return {names.begin(), names.end()};
}

}  // namespace zdm::planner
