#include "recipes/create_view.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "recipes/check.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "recipes/view_companions.hpp"
#include "recipes/view_words.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"name", "view", true, "the new view"},
    KeyInfo{"query", "query", true, "its SELECT"},
};

}  // namespace

const KindInfo& CreateView::info() {
  static constexpr KindInfo info{
      .kind = "create_view",
      .summary = "makes a new view",
      .keys = kKeys,
      .common_keys = "",
      .expand = "the view is created",
      .backfill = "",
      .switch_ = "",
      .contract = "",
      .undo = "the view is dropped",
      .sqlite = true,
      .example =
          "[[change]]\nkind  = \"create_view\"\nname  = \"active_users\"\n"
          "query = \"SELECT id, email FROM users WHERE active\"\n"};
  return info;
}

Result<CreateView> CreateView::decode(KeyReader& keys) {
  CreateView change;
  ZDM_TRY(change.name, keys.table("name"));
  ZDM_TRY(change.query, keys.sql("query"));
  return change;
}

CatalogRequest CreateView::needs() const {
  auto tables = views::read_by(query);
  tables.push_back(name);
  return {.tables = std::move(tables)};
}

Result<Recipe> CreateView::plan(const Context& context) const {
  ZDM_CHECK(check_query(context.catalog.engine, query, "`query`"));
  Recipe recipe;
  if (context.phase != Phase::expand) return recipe;
  if (context.catalog.table(name) != nullptr) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("{} exists already", quote(name)),
                   "choose another name, or use replace_view");
  }
  ZDM_TRY(recipe.checks, views::over_replaced(context, query, views::Binding::follows));
  const Table view{
      .name = views::placed(context, name), .kind = TableKind::view, .view_query = query.text};
  auto step = guarantee::fragment({context, view}, Slot::shape, StepKind::transaction, "");
  step.step.sql = {fmt::format("CREATE VIEW {} AS\n{}", quote(view.name), query.text)};
  step.step.records = {RecordName{
      .change = context.change, .role = "view", .table = view.name, .name = view.name.name}};
  step.step.effects = {PutTable{view}};
  step.step.locks = views::claims_of(context, query);
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

Result<Recipe> CreateView::undo(const Context& context) const {
  Recipe recipe;
  if (context.phase != Phase::expand ||
      context.progress.column(context.change, "view") == nullptr) {
    return recipe;
  }
  const Table view{.name = views::placed(context, name), .kind = TableKind::view};
  const guarantee::Site site{context, view};
  auto step = guarantee::fragment(site, Slot::retire, StepKind::transaction, "");
  guarantee::forget(site, "view", step.step);
  if (context.catalog.table(name) != nullptr) {
    step.step.sql = {fmt::format("DROP VIEW {}", quote(view.name))};
    step.step.effects = {DropTable{view.name}};
    if (context.catalog.engine == Engine::postgresql) {
      step.step.locks = Claims().add(view.name, LockMode::access_exclusive).list();
    }
  }
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

}  // namespace zdm::planner
