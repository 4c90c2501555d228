#include "recipes/create_matview.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "recipes/guarantee.hpp"
#include "recipes/subject.hpp"
#include "recipes/view_companions.hpp"
#include "recipes/view_words.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"name", "view", true, "the new materialized view"},
    KeyInfo{"query", "query", true, "its SELECT"},
    KeyInfo{"indexes", "list of {name, columns, unique, method, include, where, with}", false,
            "its indexes, with keys as those of create_index; REFRESH … CONCURRENTLY needs a "
            "unique one over plain columns without `where`"},
    KeyInfo{"with", "text", false, "storage parameters: \"fillfactor = 70\""},
    KeyInfo{"tablespace", "name", false, "where it is kept"},
    KeyInfo{"with_data", "boolean", false,
            "false: it stays empty, and cannot be read, until its first REFRESH"},
};

Result<void> refuse_taken(const Context& context, const TableName& name) {
  if (std::ranges::find(context.catalog.taken, name) == context.catalog.taken.end() &&
      context.catalog.table(name) == nullptr) {
    return {};
  }
  return fail_at(where_of(context), ErrorCode::refused,
                 fmt::format("{} exists already", quote(name)),
                 "choose another name, or use replace_matview");
}

}  // namespace

const KindInfo& CreateMatview::info() {
  static constexpr KindInfo info{
      .kind = "create_matview",
      .summary = "makes a new materialized view with its indexes, and fills it",
      .keys = kKeys,
      .common_keys = "",
      .expand =
          "it is created empty with its indexes, then filled and analysed in a transaction of its "
          "own, which locks what it reads as any SELECT does",
      .backfill = "",
      .switch_ = "",
      .contract = "",
      .undo = "it is dropped",
      .sqlite = false,
      .example =
          "[[change]]\nkind    = \"create_matview\"\nname    = \"revenue_by_day\"\n"
          "query   = \"SELECT day, sum(amount) AS amount FROM orders GROUP BY day\"\n"
          "indexes = [{name = \"revenue_by_day_key\", columns = [\"day\"], unique = true}]\n"};
  return info;
}

Result<CreateMatview> CreateMatview::decode(KeyReader& keys) {
  CreateMatview change;
  ZDM_TRY(change.view, matviews::decode(keys));
  ZDM_TRY(change.with_data, keys.flag("with_data", true));
  return change;
}

CatalogRequest CreateMatview::needs() const {
  return matviews::needs(view);
}

Result<Recipe> CreateMatview::plan(const Context& context) const {
  ZDM_CHECK(matviews::check(context, view));
  Recipe recipe;
  if (context.phase != Phase::expand) return recipe;
  Table made = matviews::shape_of(view, views::placed(context, view.name));
  ZDM_CHECK(refuse_taken(context, made.name));
  ZDM_TRY(recipe.checks, views::over_replaced(context, view.query, views::Binding::never));
  ZDM_TRY(made.indexes, matviews::indexes_of(context, made, view));
  for (const auto& index : made.indexes) ZDM_CHECK(refuse_taken(context, index.name));
  const guarantee::Site site{context, made};
  auto step = guarantee::fragment(site, Slot::shape, StepKind::transaction, "");
  step.step.sql = matviews::create(made, view.query);
  step.step.records = {guarantee::record(site, "view", made.name.name)};
  step.step.effects = {PutTable{made}};
  step.step.locks = views::claims_of(context, view.query);
  recipe.fragments.push_back(std::move(step));
  if (with_data) {
    recipe.fragments.push_back(
        matviews::fill_of(context, made, made.reads, "fills it; reads as any SELECT does"));
  }
  if (!matviews::can_refresh_concurrently(made.indexes)) {
    recipe.warnings.push_back(matviews::cannot_refresh_concurrently(made.name));
  }
  return recipe;
}

Result<Recipe> CreateMatview::undo(const Context& context) const {
  Recipe recipe;
  if (context.phase != Phase::expand ||
      context.progress.column(context.change, "view") == nullptr) {
    return recipe;
  }
  const Table gone{.name = views::placed(context, view.name), .kind = TableKind::materialized_view};
  const auto* present = context.catalog.table(gone.name);
  const guarantee::Site site{context, gone};
  if (present != nullptr) {
    recipe.fragments.push_back(matviews::drop_of(context, *present));
  } else {
    recipe.fragments.push_back(guarantee::fragment(site, Slot::retire, StepKind::transaction, ""));
  }
  guarantee::forget(site, "view", recipe.fragments.back().step);
  return recipe;
}

}  // namespace zdm::planner
