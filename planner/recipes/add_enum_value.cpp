#include "recipes/add_enum_value.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"type", "type", true, "the enum type"},
    KeyInfo{"value", "text", true, "the new value"},
    KeyInfo{"before", "text", false, "the value it comes before"},
    KeyInfo{"after", "text", false, "the value it comes after; without either, last"},
};

const EnumType* type_of(const Catalog& catalog, const TableName& name) {
  const auto is = [&](const EnumType& each) {
    return each.name.name == name.name && (name.schema.empty() || each.name.schema == name.schema);
  };
  const auto found = std::ranges::find_if(catalog.enums, is);
  return found == catalog.enums.end() ? nullptr : &*found;
}

}  // namespace

const KindInfo& AddEnumValue::info() {
  static constexpr KindInfo info{
      .kind = "add_enum_value",
      .summary = "adds a value to an enum type",
      .keys = kKeys,
      .common_keys = "",
      .expand = "the value is added",
      .backfill = "",
      .switch_ = "",
      .contract = "",
      .undo = "nothing: PostgreSQL cannot take an enum value away; it is kept, and said so",
      .sqlite = false,
      .example =
          "[[change]]\nkind  = \"add_enum_value\"\ntype  = \"order_state\"\nvalue = \"returned\"\n"
          "after = \"sent\"\n"};
  return info;
}

Result<AddEnumValue> AddEnumValue::decode(KeyReader& keys) {
  AddEnumValue change;
  ZDM_TRY(change.type, keys.table("type"));
  ZDM_TRY(change.value, keys.text("value"));
  ZDM_TRY(change.before, keys.optional_text("before"));
  ZDM_TRY(change.after, keys.optional_text("after"));
  if (change.before && change.after) {
    return fail_at(keys.where("after"), ErrorCode::usage, "`before` and `after` exclude each other",
                   "give one of them");
  }
  return change;
}

CatalogRequest AddEnumValue::needs() const {
  return {.types = {type}};
}

Result<Recipe> AddEnumValue::plan(const Context& context) const {
  ZDM_CHECK(refuse_on_sqlite(context, "add an enum value", "it has no enum types"));
  Recipe recipe;
  if (context.phase != Phase::expand) return recipe;
  const auto* present = type_of(context.catalog, type);
  if (present == nullptr && !context.catalog.assumed) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("enum type {} does not exist", quote(type)),
                   "check the name and its schema");
  }
  const auto has = [&](const std::string& label) {
    return present == nullptr || std::ranges::find(present->labels, label) != present->labels.end();
  };
  // Kept by an earlier rollback: nothing is left to do.
  if (present != nullptr && has(value)) return recipe;
  for (const auto& neighbour : {before, after}) {
    if (!neighbour || has(*neighbour)) continue;
    return fail_at(
        where_of(context), ErrorCode::refused,
        fmt::format("enum type {} has no value {}", quote(type), quote_literal(*neighbour)),
        "check `before` or `after`");
  }
  const auto name = present == nullptr ? type : present->name;
  auto sql = fmt::format("ALTER TYPE {} ADD VALUE {}", quote(name), quote_literal(value));
  if (before) sql += fmt::format(" BEFORE {}", quote_literal(*before));
  if (after) sql += fmt::format(" AFTER {}", quote_literal(*after));
  Fragment step{.slot = Slot::shape, .table = name};
  step.step.kind = StepKind::transaction;
  step.step.sql = {std::move(sql)};
  step.step.note = "not reversible: the value stays after a rollback";
  step.step.effects = {PutEnumValue{name, value, before.value_or(""), after.value_or("")}};
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

Result<Recipe> AddEnumValue::undo(const Context& context) const {
  Recipe recipe;
  if (context.phase != Phase::expand) return recipe;
  recipe.warnings.push_back(
      {.code = "kept",
       .message = fmt::format("value {} of enum type {}: PostgreSQL cannot take it away",
                              quote_literal(value), quote(type))});
  return recipe;
}

}  // namespace zdm::planner
