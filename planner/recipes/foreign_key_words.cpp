#include "recipes/foreign_key_words.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "recipes/subject.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

Result<std::string> action(KeyReader& keys, std::string_view key) {
  static constexpr std::array<std::string_view, 5> known = {"no action", "restrict", "cascade",
                                                            "set null", "set default"};
  ZDM_TRY(const auto text, keys.optional_text(key));
  if (!text) return std::string{};
  if (std::ranges::find(known, *text) == known.end()) {
    return fail_at(keys.where(key), ErrorCode::usage, fmt::format("`{}` cannot be {}", key, *text),
                   fmt::format("one of: {}", fmt::join(known, ", ")));
  }
  std::string upper = *text;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  return upper;
}

}  // namespace

Result<ForeignKeyTarget> decode_foreign_key(KeyReader& keys) {
  ForeignKeyTarget target;
  ZDM_TRY(target.table, keys.table("table"));
  ZDM_TRY(target.columns, keys.optional_identifiers("columns"));
  ZDM_TRY(target.on_delete, action(keys, "on_delete"));
  ZDM_TRY(target.on_update, action(keys, "on_update"));
  ZDM_CHECK(keys.finish());
  return target;
}

std::string references_sql(const ForeignKeyTarget& target) {
  std::string sql = fmt::format("REFERENCES {}", quote(target.table));
  if (!target.columns.empty()) sql += fmt::format(" ({})", quote_list(target.columns));
  if (!target.on_delete.empty()) sql += fmt::format(" ON DELETE {}", target.on_delete);
  if (!target.on_update.empty()) sql += fmt::format(" ON UPDATE {}", target.on_update);
  return sql;
}

Result<Constraint> foreign_key(const Context& context, const Table& table, const std::string& name,
                               const std::vector<std::string>& columns,
                               const ForeignKeyTarget& target) {
  ZDM_TRY(const Table referenced, subject_table(context, target.table));
  Constraint constraint{.name = name, .kind = ConstraintKind::foreign_key};
  for (const auto& column : columns) {
    const auto* present = table.column(column);
    if (present != nullptr) constraint.attnums.push_back(present->attnum);
  }
  constraint.references = ForeignKey{.table_oid = referenced.oid,
                                     .table = referenced.name,
                                     .columns = target.columns,
                                     .index = {},
                                     .indexes = {}};
  for (const auto& index : referenced.indexes) {
    constraint.references->indexes.push_back(index.name);
    const bool wanted =
        target.columns.empty()
            ? index.primary
            : index.unique && index.keys.size() == target.columns.size() &&
                  std::ranges::all_of(target.columns, [&](const auto& column) {
                    const auto* present = referenced.column(column);
                    return present != nullptr &&
                           std::ranges::find(index.attnums, present->attnum) != index.attnums.end();
                  });
    if (wanted) constraint.references->index = index.name;
  }
  auto qualified = target;
  qualified.table = referenced.name;
  constraint.definition =
      fmt::format("FOREIGN KEY ({}) {}", quote_list(columns), references_sql(qualified));
  return constraint;
}

}  // namespace zdm::planner
