#include "model/catalog.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

/// SQLite compares names without regard to the case of ASCII letters (sqlite.org/datatype3.html,
/// NOCASE).
bool same(std::string_view a, std::string_view b, Engine engine) {
  if (engine == Engine::postgresql) return a == b;
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

template <class Items>
auto find_named(const Items& items, std::string_view name) -> const typename Items::value_type* {
  const auto item = std::ranges::find(items, name, [](const auto& each) -> std::string_view {
    if constexpr (requires { each.name.name; }) {
      return each.name.name;
    } else {
      return each.name;
    }
  });
  return item == items.end() ? nullptr : &*item;
}

std::string_view word_for_view(DependentKind kind) {
  return kind == DependentKind::view                ? "view "
         : kind == DependentKind::materialized_view ? "materialized view "
                                                    : "";
}

}  // namespace

bool is_view(const Dependent& dependent, const TableName& name) {
  const auto word = word_for_view(dependent.kind);
  if (word.empty()) return false;
  if (!dependent.relation.name.empty()) return dependent.relation == name;
  return dependent.name == std::string(word) + quote(name);
}

void rename_view(Dependent& dependent, const TableName& to) {
  dependent.name = std::string(word_for_view(dependent.kind)) + quote(to);
  if (!dependent.relation.name.empty()) dependent.relation = to;
}

const Column* Table::column(std::string_view wanted) const {
  if (const auto* exact = find_named(columns, wanted)) return exact;
  if (sql.empty()) return nullptr;  // PostgreSQL: names are exact
  const auto item = std::ranges::find_if(
      columns, [&](const Column& each) { return same(each.name, wanted, Engine::sqlite); });
  return item == columns.end() ? nullptr : &*item;
}

const Column* Table::column(int attnum) const {
  const auto item = std::ranges::find(columns, attnum, &Column::attnum);
  return item == columns.end() ? nullptr : &*item;
}

const Index* Table::index(std::string_view wanted) const {
  return find_named(indexes, wanted);
}

const Constraint* Table::constraint(std::string_view wanted) const {
  return find_named(constraints, wanted);
}

const Table* Catalog::table(const TableName& wanted) const {
  const auto find_in = [&](std::string_view schema) -> const Table* {
    const auto item = std::ranges::find_if(tables, [&](const Table& each) {
      return same(each.name.name, wanted.name, engine) &&
             (engine == Engine::sqlite || each.name.schema == schema);
    });
    return item == tables.end() ? nullptr : &*item;
  };
  if (!wanted.schema.empty() || engine == Engine::sqlite) return find_in(wanted.schema);
  for (const auto& schema : search_path) {
    if (const auto* found = find_in(schema)) return found;
  }
  return assumed ? find_in("") : nullptr;
}

Table* Catalog::table(const TableName& wanted) {
  const auto* found = std::as_const(*this).table(wanted);
  return found == nullptr ? nullptr : &tables[static_cast<std::size_t>(found - tables.data())];
}

const Table* Catalog::table_by_oid(std::uint32_t oid) const {
  const auto item = std::ranges::find(tables, oid, &Table::oid);
  return item == tables.end() ? nullptr : &*item;
}

bool Catalog::older_than(int version) const {
  return !assumed && server_version != 0 && server_version < version;
}

}  // namespace zdm::planner
