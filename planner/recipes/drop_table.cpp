#include "recipes/drop_table.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/server_checks.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"table", "table", true, "the table"},
};

/// Everything that would break or vanish with the table (law 10).
Result<void> refuse_table_dependents(const Context& context, const Table& table) {
  std::vector<std::string> names;
  for (const auto& dependent : table.dependents) {
    const bool goes_along =
        dependent.kind == DependentKind::sequence || dependent.kind == DependentKind::policy ||
        dependent.kind == DependentKind::statistics ||
        dependent.kind == DependentKind::generated_column || is_on_partition(dependent);
    if (dependent.certain && !goes_along) names.push_back(dependent.name);
  }
  for (const auto& incoming : table.incoming) {
    if (incoming.table == table.name) continue;
    names.push_back(fmt::format("foreign key {} of {}", quote_identifier(incoming.name),
                                quote(incoming.table)));
  }
  if (names.empty()) return {};
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return fail_at(
      where_of(context), ErrorCode::refused,
      fmt::format("table {} cannot go: {} {} on it", quote(table.name), fmt::join(names, ", "),
                  names.size() == 1 ? "depends" : "depend"),
      "change or drop what depends on it in an earlier migration; zdm never uses CASCADE");
}

Result<void> refuse_another_table(const Context& context, const Table& table) {
  const auto* before = context.progress.table_before(table.name);
  if (before == nullptr || before->oid == 0 || before->oid == table.oid) return {};
  return fail_at(where_of(context), ErrorCode::drift,
                 fmt::format("table {} is not the one this migration began with (oid {}, now {})",
                             quote(table.name), before->oid, table.oid),
                 "it was dropped and made again outside zdm: roll the migration back");
}

}  // namespace

const KindInfo& DropTableChange::info() {
  static constexpr KindInfo info{
      .kind = "drop_table",
      .summary = "drops a table, one release after the one that stopped using it",
      .keys = kKeys,
      .common_keys = "",
      .expand = "nothing changes: what depends on the table refuses the migration",
      .backfill = "",
      .switch_ = "",
      .contract = "the table is dropped",
      .undo = "nothing to undo before contract",
      .sqlite = true,
      .example = "[[change]]\nkind  = \"drop_table\"\ntable = \"sessions_old\"\n"};
  return info;
}

Result<DropTableChange> DropTableChange::decode(KeyReader& keys) {
  DropTableChange change;
  ZDM_TRY(change.table, keys.table("table"));
  return change;
}

CatalogRequest DropTableChange::needs() const {
  return {.tables = {table}};
}

Result<Recipe> DropTableChange::plan(const Context& context) const {
  ZDM_TRY(const Table subject, subject_table(context, table));
  ZDM_CHECK(refuse_table_dependents(context, subject));
  Recipe recipe;
  if (context.phase == Phase::expand || context.phase == Phase::contract) {
    look_at_users_of_sequences(context, subject, "", recipe);
  }
  if (context.phase != Phase::contract) return recipe;
  ZDM_CHECK(refuse_another_table(context, subject));
  const auto* rules = context.progress.rules(subject);
  if (rules != nullptr && !rules->rules.empty()) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("table {} is still being migrated by {}", quote(subject.name),
                               rules->rules.front().migration.value),
                   "finish that migration first, or roll it back");
  }
  auto step = guarantee::fragment({context, subject}, Slot::retire, StepKind::transaction,
                                  "the table goes for good; there is no way back from here");
  step.step.destructive = true;
  step.step.sql = {fmt::format("DROP TABLE {}", quote(subject.name))};
  step.step.locks = statements::drop_table_claims(context.catalog.engine, subject);
  step.step.effects = {DropTable{subject.name}};
  if (context.catalog.engine == Engine::postgresql && subject.oid != 0) {
    step.step.guards = {
        {.query = fmt::format("SELECT pg_catalog.to_regclass({})::pg_catalog.oid = {}",
                              quote_literal(quote(subject.name)), subject.oid),
         .message = fmt::format("table {} is no longer the one this migration began with",
                                quote(subject.name)),
         .hint = "it was dropped and made again outside zdm"}};
  }
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

Result<Recipe> DropTableChange::undo(const Context& /*context*/) {
  return Recipe{};
}

}  // namespace zdm::planner
