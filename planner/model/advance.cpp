#include <fmt/format.h>
#include <algorithm>
#include <utility>

#include "model/step.hpp"
#include "sql/quote.hpp"
#include "sql/sqlite_table.hpp"

namespace zdm::planner {

namespace {

template <class Items, class Same>
void put(Items& items, typename Items::value_type value, Same same_as) {
  const auto item = std::ranges::find_if(items, same_as);
  if (item == items.end()) {
    items.push_back(std::move(value));
  } else {
    *item = std::move(value);
  }
}

int next_attnum(const Table& table) {
  int highest = 0;
  for (const auto& column : table.columns) highest = std::max(highest, column.attnum);
  return highest + 1;
}

/// SQLite keeps the table as text: ADD COLUMN appends the definition before the closing parenthesis
/// (sqlite.org/lang_altertable.html, section 4).
/// DROP COLUMN leaves the text alone here: edits of the text come first in a step, so that several
/// changes of one step must all see it as it is before any ALTER TABLE.
void add_to_text(Table& table, const Column& column) {
  if (sqlite_set_not_null(table.sql, column.name, false)) return;  // dropped and made anew
  const auto close = table.sql.rfind(')');
  if (close == std::string::npos) return;
  table.sql.insert(close, fmt::format(", {} {}", quote_identifier(column.name), column.type));
}

/// Applies one effect. An effect on a table nobody knows makes an assumed one: plans without a
/// database.
class Advance {
 public:
  explicit Advance(Catalog& catalog) : catalog_(catalog) {}

  void operator()(const PutTable& effect) {
    put(catalog_.tables, effect.table,
        [&](const Table& each) { return each.name == effect.table.name; });
    catalog_.taken.push_back(effect.table.name);
  }
  void operator()(const DropTable& effect) {
    std::erase_if(catalog_.tables, [&](const Table& each) { return each.name == effect.table; });
    for (auto& table : catalog_.tables) {
      std::erase_if(table.dependents,
                    [&](const Dependent& each) { return is_view(each, effect.table); });
    }
  }
  void operator()(const RenameTable& effect) {
    for (auto& table : catalog_.tables) {
      for (auto& dependent : table.dependents) {
        if (is_view(dependent, effect.from)) rename_view(dependent, effect.to);
        const bool its_rule =
            dependent.kind == DependentKind::rule && dependent.relation == effect.from;
        if (its_rule) dependent.relation = effect.to;
      }
    }
    auto* table = catalog_.table(effect.from);
    if (table == nullptr && catalog_.assumed) table = &known(effect.from);
    if (table == nullptr) return;
    std::ranges::replace(table->leaves, table->name, effect.to);
    table->name = effect.to;
  }
  void operator()(const PutColumn& effect) {
    auto& table = known(effect.table);
    Column column = effect.column;
    const auto* present = std::as_const(table).column(column.name);
    if (present == nullptr) add_to_text(table, column);
    if (column.attnum == 0) {
      column.attnum = present != nullptr ? present->attnum : next_attnum(table);
    }
    put(table.columns, std::move(column),
        [&](const Column& each) { return each.name == effect.column.name; });
  }
  void operator()(const DropColumn& effect) {
    auto& table = known(effect.table);
    std::erase_if(table.columns, [&](const Column& each) { return each.name == effect.column; });
  }
  void operator()(const RenameColumnTo& effect) {
    auto& table = known(effect.table);
    for (auto& column : table.columns) {
      if (column.name == effect.from) {
        column.name = effect.to;
        return;
      }
    }
    // without a database, a column is first heard of here
    if (table.assumed) {
      Column column;
      column.name = effect.to;
      column.attnum = next_attnum(table);
      table.columns.push_back(std::move(column));
    }
  }
  void operator()(const PutIndex& effect) {
    put(known(effect.table).indexes, effect.index,
        [&](const Index& each) { return each.name.name == effect.index.name.name; });
    catalog_.taken.push_back(effect.index.name);
  }
  void operator()(const DropIndex& effect) {
    std::erase_if(known(effect.table).indexes,
                  [&](const Index& each) { return each.name.name == effect.index; });
  }
  void operator()(const RenameIndex& effect) {
    for (auto& index : known(effect.table).indexes) {
      if (index.name.name == effect.from) index.name.name = effect.to;
    }
  }
  void operator()(const PutConstraint& effect) {
    put(known(effect.table).constraints, effect.constraint,
        [&](const Constraint& each) { return each.name == effect.constraint.name; });
  }
  void operator()(const DropConstraint& effect) {
    auto& table = known(effect.table);
    std::erase_if(table.constraints,
                  [&](const Constraint& each) { return each.name == effect.constraint; });
    std::erase_if(table.indexes,
                  [&](const Index& each) { return each.constraint == effect.constraint; });
  }
  void operator()(const PutTrigger& effect) {
    put(known(effect.table).triggers, effect.trigger,
        [&](const Trigger& each) { return each.name == effect.trigger.name; });
  }
  void operator()(const DropTrigger& effect) {
    std::erase_if(known(effect.table).triggers,
                  [&](const Trigger& each) { return each.name == effect.trigger; });
  }
  void operator()(const PutEnumValue& effect) {
    for (auto& type : catalog_.enums) {
      if (type.name != effect.type) continue;
      auto place = type.labels.end();
      if (!effect.before.empty()) place = std::ranges::find(type.labels, effect.before);
      if (!effect.after.empty()) {
        place = std::ranges::find(type.labels, effect.after);
        if (place != type.labels.end()) ++place;
      }
      type.labels.insert(place, effect.value);
    }
  }

 private:
  Table& known(const TableName& name) {
    if (auto* table = catalog_.table(name)) return *table;
    catalog_.tables.push_back(Table{.name = name, .leaves = {name}, .assumed = true});
    return catalog_.tables.back();
  }

  Catalog& catalog_;
};

}  // namespace

Catalog advance(Catalog catalog, const Step& step) {
  for (const auto& effect : step.effects) std::visit(Advance(catalog), effect);
  return catalog;
}

}  // namespace zdm::planner
