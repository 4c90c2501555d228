#include "recipes/twins.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cctype>

#include "recipes/guarantee.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/expression.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

bool touches(const Table& table, const std::vector<int>& attnums, const Replaced& replaced) {
  return std::ranges::any_of(attnums, [&](int attnum) {
    const auto* column = table.column(attnum);
    return column != nullptr && replaced.contains(column->name);
  });
}

tl::unexpected<Error> refuse(const Context& context, const Table& table, std::string_view what,
                             std::string_view why, std::string_view hint) {
  return fail_at(
      where_of(context), ErrorCode::refused,
      fmt::format("{} of {} cannot be carried to the new column: {}", what, quote(table.name), why),
      std::string(hint));
}

/// The text with the old columns' names replaced.
Result<std::string> rewritten(const Context& context, const Table& table, const std::string& sql,
                              const Replaced& replaced, const std::string& what) {
  const auto engine = context.catalog.engine;
  if (const auto facts = analyse_expression(engine, sql); !facts) {
    return refuse(context, table, what, fmt::format("its expression {} could not be read", sql),
                  "drop it in an earlier migration and make it again afterwards");
  }
  return replace_columns(engine, sql, [&](std::string_view name) -> std::string {
    const auto found = replaced.find(name);
    return found == replaced.end() ? std::string{} : quote_identifier(found->second);
  });
}

std::vector<std::string> names_taken(const Context& context, const Table& table) {
  std::vector<std::string> taken;
  for (const auto& name : context.catalog.taken) taken.push_back(name.name);
  for (const auto& index : table.indexes) taken.push_back(index.name.name);
  for (const auto& constraint : table.constraints) taken.push_back(constraint.name);
  return taken;
}

Result<IndexKey> twin_key(const Context& context, const Table& table, const IndexKey& key,
                          const Replaced& replaced, const std::string& what) {
  IndexKey twin = key;
  if (key.attnum != 0) {
    const auto* column = table.column(key.attnum);
    const auto found = column == nullptr ? replaced.end() : replaced.find(column->name);
    if (found != replaced.end()) {
      twin.attnum = 0;
      twin.sql = quote_identifier(found->second) + key.suffix;
    }
    return twin;
  }
  const auto expression = key.sql.substr(0, key.sql.size() - key.suffix.size());
  ZDM_TRY(const std::string text, rewritten(context, table, expression, replaced, what));
  twin.sql = text + key.suffix;
  return twin;
}

Result<void> refuse_index(const Context& context, const Table& table, const Index& index) {
  const auto what = fmt::format("index {}", quote_identifier(index.name.name));
  if (index.primary) {
    return refuse(context, table, what, "it is the primary key",
                  "replacing primary key columns is not supported yet");
  }
  if (index.exclusion) {
    return refuse(context, table, what, "it backs an exclusion constraint",
                  "drop the constraint in an earlier migration");
  }
  if (!index.valid || !index.ready) {
    return refuse(context, table, what, "it is invalid",
                  fmt::format("REINDEX INDEX CONCURRENTLY {} or drop it first", quote(index.name)));
  }
  if (index.replica_identity) {
    return refuse(context, table, what, "it is the table's replica identity",
                  "move the replica identity first: ALTER TABLE … REPLICA IDENTITY");
  }
  if (table.kind == TableKind::partitioned && table.subpartitioned) {
    return refuse(context, table, what, "the table is partitioned on more than one level",
                  "make the index on the new column by kind = \"sql\"");
  }
  return {};
}

/// The columns as numbers, the replaced ones by their successors', as far as these are there.
std::vector<int> replaced_attnums(const Table& table, const std::vector<int>& attnums,
                                  const Replaced& replaced) {
  std::vector<int> result;
  for (const int attnum : attnums) {
    const auto* column = table.column(attnum);
    const auto found = column == nullptr ? replaced.end() : replaced.find(column->name);
    if (found != replaced.end()) column = table.column(found->second);
    if (column != nullptr) result.push_back(column->attnum);
  }
  return result;
}

/// What the index is over the new columns: all but its name and what is its own.
Result<Index> replaced_index(const Context& context, const Table& table, const Index& index,
                             const Replaced& replaced) {
  const auto what = fmt::format("index {}", quote_identifier(index.name.name));
  Index twin = index;
  twin.oid = 0;
  twin.clustered = false;
  twin.constraint.clear();
  twin.attnums = replaced_attnums(table, index.attnums, replaced);
  for (auto& key : twin.keys) {
    ZDM_TRY(key, twin_key(context, table, key, replaced, what));
  }
  for (auto& column : twin.include) {
    if (const auto found = replaced.find(column); found != replaced.end()) column = found->second;
  }
  if (!twin.predicate.empty()) {
    ZDM_TRY(twin.predicate, rewritten(context, table, twin.predicate, replaced, what));
  }
  return twin;
}

Result<TwinIndex> twin_index(const Context& context, const Table& table, const Index& index,
                             const Replaced& replaced, std::vector<std::string>& taken) {
  ZDM_CHECK(refuse_index(context, table, index));
  ZDM_TRY(Index twin, replaced_index(context, table, index, replaced));
  twin.name.name = twin_name(index.name.name, replaced, taken);
  taken.push_back(twin.name.name);
  TwinIndex result{.old = index, .twin = std::move(twin)};
  result.create = statements::create_index(context.catalog.engine, table.name, result.twin,
                                           statements::Building::concurrently);
  result.twin.definition = result.create;
  if (!index.constraint.empty()) result.constraint = table.constraint(index.constraint);
  return result;
}

/// A key as text, whether the catalog tells its column or only its SQL.
std::string key_text(const Table& table, const IndexKey& key) {
  const auto* column = key.attnum == 0 ? nullptr : table.column(key.attnum);
  return column == nullptr ? key.sql : quote_identifier(column->name) + key.suffix;
}

/// Equal but for the name, and for where and how they are stored.
bool same_index(const Table& table, const Index& one, const Index& other) {
  const auto same_key = [&](const IndexKey& a, const IndexKey& b) {
    return key_text(table, a) == key_text(table, b);
  };
  return one.unique == other.unique && one.method == other.method &&
         one.nulls_not_distinct == other.nulls_not_distinct && one.include == other.include &&
         one.predicate == other.predicate && one.primary == other.primary &&
         one.exclusion == other.exclusion && std::ranges::equal(one.keys, other.keys, same_key);
}

Result<std::string> twin_expression(const Context& context, const Table& table,
                                    const Constraint& check, const Replaced& replaced) {
  return rewritten(context, table, check.expression, replaced,
                   fmt::format("check {}", quote_identifier(check.name)));
}

Result<std::string> twin_definition(const Context& context, const Table& table,
                                    const Constraint& constraint, const Replaced& replaced) {
  if (constraint.kind == ConstraintKind::check) {
    ZDM_TRY(const std::string expression, twin_expression(context, table, constraint, replaced));
    return fmt::format("CHECK ({}){}", expression, constraint.no_inherit ? " NO INHERIT" : "");
  }
  std::vector<std::string> columns;
  for (const int attnum : constraint.attnums) {
    const auto* column = table.column(attnum);
    const std::string name = column == nullptr ? std::string{} : column->name;
    const auto found = replaced.find(name);
    columns.push_back(found == replaced.end() ? name : found->second);
  }
  // What follows REFERENCES is the server's own text, ON DELETE and DEFERRABLE included.
  const auto at = constraint.definition.find(" REFERENCES ");
  if (at == std::string::npos) {
    return refuse(context, table, constraint.definition, "its text could not be read",
                  "drop it in an earlier migration and make it again afterwards");
  }
  auto rest = constraint.definition.substr(at);
  if (const auto not_valid = rest.rfind(" NOT VALID"); not_valid != std::string::npos) {
    rest.erase(not_valid);
  }
  return fmt::format("FOREIGN KEY ({}){}", quote_list(columns), rest);
}

/// Whether the column's name stands there, and not as a part of another word.
bool stands_at(std::string_view name, std::size_t at, std::string_view column) {
  const auto bounds = [&](std::size_t place) {
    const auto sign = static_cast<unsigned char>(place < name.size() ? name[place] : '_');
    return sign < 0x80 && std::isalnum(sign) == 0;
  };
  return name.substr(at).starts_with(column) && (at == 0 || bounds(at - 1)) &&
         bounds(at + column.size());
}

}  // namespace

std::string twin_name(const std::string& name, const Replaced& replaced,
                      const std::vector<std::string>& taken) {
  std::string result;
  bool found = false;
  for (std::size_t at = 0; at < name.size();) {
    const auto old = std::ranges::find_if(
        replaced, [&](const auto& each) { return stands_at(name, at, each.first); });
    found = found || old != replaced.end();
    result += old == replaced.end() ? name.substr(at, 1) : old->second;
    at += old == replaced.end() ? 1 : old->first.size();
  }
  if (found) return unique_name(result, "", taken);
  return unique_name(name, "_" + replaced.begin()->second, taken);
}

Result<Twins> twins_of(const Context& context, const Table& table, const Replaced& replaced) {
  Twins twins;
  auto taken = names_taken(context, table);
  for (const auto& index : table.indexes) {
    if (!touches(table, index.attnums, replaced)) continue;
    ZDM_TRY(auto twin, twin_index(context, table, index, replaced, taken));
    twins.indexes.push_back(std::move(twin));
  }
  for (const auto& constraint : table.constraints) {
    const bool carried =
        constraint.kind == ConstraintKind::check || constraint.kind == ConstraintKind::foreign_key;
    if (!carried || !touches(table, constraint.attnums, replaced)) continue;
    if (guarantee::is_not_null_helper(constraint)) continue;  // it goes with its own migration
    TwinConstraint twin{.old = constraint, .twin = constraint};
    twin.twin.oid = 0;
    twin.twin.attnums = replaced_attnums(table, constraint.attnums, replaced);
    twin.twin.name = twin_name(constraint.name, replaced, taken);
    taken.push_back(twin.twin.name);
    ZDM_TRY(twin.definition, twin_definition(context, table, constraint, replaced));
    twin.twin.definition = twin.definition;
    if (constraint.kind == ConstraintKind::check) {
      ZDM_TRY(twin.twin.expression, twin_expression(context, table, constraint, replaced));
    }
    twins.constraints.push_back(std::move(twin));
  }
  return twins;
}

Result<std::string> standing_twin(const Context& context, const Table& table, const Index& index,
                                  const Replaced& replaced) {
  ZDM_TRY(const Index twin, replaced_index(context, table, index, replaced));
  for (const auto& each : table.indexes) {
    if (each.valid && same_index(table, each, twin)) return each.name.name;
  }
  return std::string{};
}

Result<std::string> standing_twin(const Context& context, const Table& table,
                                  const Constraint& constraint, const Replaced& replaced) {
  ZDM_TRY(const std::string definition, twin_definition(context, table, constraint, replaced));
  std::string expression;
  if (constraint.kind == ConstraintKind::check) {
    ZDM_TRY(expression, twin_expression(context, table, constraint, replaced));
  }
  for (const auto& each : table.constraints) {
    if (each.kind != constraint.kind || each.no_inherit != constraint.no_inherit) continue;
    const bool same =
        each.kind == ConstraintKind::check
            ? each.expression == expression
            : each.definition == definition || each.definition == definition + " NOT VALID";
    if (same) return each.name;
  }
  return std::string{};
}

}  // namespace zdm::planner
