#include "recipes/add_foreign_key.hpp"

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
    KeyInfo{"table", "table", true, "the referencing table"},
    KeyInfo{"name", "name", true, "the constraint's name"},
    KeyInfo{"columns", "list of names", true, "the referencing columns"},
    KeyInfo{"references", "{table, columns, on_delete, on_update}", true,
            "the referenced table and columns; without columns, its primary key"},
};

}  // namespace

const KindInfo& AddForeignKey::info() {
  static constexpr KindInfo info{
      .kind = "add_foreign_key",
      .summary = "makes every value refer to a row of another table",
      .keys = kKeys,
      .common_keys = "",
      .expand = "",
      .backfill = "",
      .switch_ =
          "NOT VALID, then VALIDATE, which lets readers and writers go on; only once a release "
          "whose writes meet it is live",
      .contract = "",
      .undo = "the constraint is dropped",
      .sqlite = false,
      .example =
          "[[change]]\nkind       = \"add_foreign_key\"\ntable      = \"orders\"\n"
          "name       = \"orders_user_id_fkey\"\ncolumns    = [\"user_id\"]\n"
          "references = {table = \"users\", columns = [\"id\"], on_delete = \"cascade\"}\n"};
  return info;
}

Result<AddForeignKey> AddForeignKey::decode(KeyReader& keys) {
  AddForeignKey change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.name, keys.identifier("name"));
  ZDM_TRY(change.columns, keys.identifiers("columns"));
  ZDM_TRY(auto target, keys.optional_object("references"));
  if (!target) {
    return fail_at(keys.where(), ErrorCode::usage, "add_foreign_key needs the key `references`",
                   "references = {table = \"users\", columns = [\"id\"]}");
  }
  ZDM_TRY(change.references, decode_foreign_key(*target));
  return change;
}

CatalogRequest AddForeignKey::needs() const {
  return {.tables = {table, references.table}};
}

Result<Recipe> AddForeignKey::plan(const Context& context) const {
  if (context.phase == Phase::contract) return Recipe{};  // its tables may have other names by now
  ZDM_CHECK(refuse_on_sqlite(context, "add a foreign key", "ALTER TABLE has no ADD CONSTRAINT"));
  ZDM_TRY(const Table subject, subject_table(context, table));
  for (const auto& column : columns) ZDM_CHECK(subject_column(context, subject, column));
  ZDM_TRY(const auto constraint, foreign_key(context, subject, name, columns, references));
  Recipe recipe;
  if (subject.kind == TableKind::partitioned && context.phase <= Phase::switch_ &&
      context.catalog.server_version < 180000 && !is_forecast(context, subject)) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("{} is partitioned: before PostgreSQL 18 its foreign key would be "
                               "checked under a lock that blocks writes",
                               quote(subject.name)),
                   "add the foreign key to each partition NOT VALID and validate it there, with "
                   "kind = \"sql\"");
  }
  if (context.phase != Phase::switch_) return recipe;
  guarantee::promise({context, subject}, constraint, constraint.definition, recipe);
  return recipe;
}

Result<Recipe> AddForeignKey::undo(const Context& context) const {
  Recipe recipe;
  if (context.phase != Phase::switch_) return recipe;
  ZDM_TRY(const Table subject, subject_table(context, table));
  auto step = guarantee::fragment({context, subject}, Slot::retire, StepKind::transaction, "");
  guarantee::drop_constraint({context, subject}, name, step.step, step.step.sql);
  if (!step.step.sql.empty()) recipe.fragments.push_back(std::move(step));
  return recipe;
}

}  // namespace zdm::planner
