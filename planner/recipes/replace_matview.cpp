#include "recipes/replace_matview.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "recipes/view_catch_up.hpp"
#include "recipes/view_companions.hpp"
#include "recipes/view_exchange.hpp"
#include "recipes/view_words.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"name", "view", true, "the materialized view"},
    KeyInfo{"query", "query", true, "its new SELECT"},
    KeyInfo{"indexes", "list of {name, columns, unique, method, include, where, with}", false,
            "its indexes from now on, with keys as those of create_index; those of the old one "
            "where left out"},
    KeyInfo{"with", "text", false, "storage parameters; those of the old one where left out"},
    KeyInfo{"tablespace", "name", false, "where it is kept; as the old one where left out"},
    KeyInfo{"compatible", "text", false,
            "why the running release can do without the columns that go, and reads those that "
            "change their type"},
};

/// The view that stands under a name; assumed without a database.
Result<Table> matview_of(const Context& context, const TableName& name) {
  const auto* view = context.catalog.table(name);
  if (view == nullptr && context.catalog.assumed) {
    return Table{.name = name, .kind = TableKind::materialized_view, .assumed = true};
  }
  if (view == nullptr) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("materialized view {} does not exist", quote(name)),
                   "check the name, or use create_matview");
  }
  if (view->kind != TableKind::materialized_view) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("{} is not a materialized view", quote(name)),
                   "name a materialized view; for a plain one use replace_view");
  }
  return *view;
}

/// Where the new one has an index of that name too, it gets another until the exchange.
std::string name_beside(const Table& view, const std::string& index) {
  return view.index(index) == nullptr ? index : unique_name(index, views::kBeside, {});
}

/// An index of the old one for the new one. ErrorCode::refused where it reads what is gone.
Result<Index> same_index(const Context& context, const Table& view, const Table& made,
                         const Index& old) {
  Index index = old;
  index.oid = 0;
  index.definition.clear();
  index.attnums.clear();
  for (const int attnum : old.attnums) {
    const auto* column = view.column(attnum);
    const auto* found = column == nullptr ? nullptr : made.column(column->name);
    if (found != nullptr) index.attnums.push_back(found->attnum);
    if (found != nullptr || made.assumed || column == nullptr) continue;
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("index {} of {} cannot be made on the new view: `query` lacks {}",
                               quote_identifier(old.name.name), quote(view.name),
                               quote_identifier(column->name)),
                   "say with `indexes` which indexes the new view shall have");
  }
  for (auto& key : index.keys) {
    const auto* column = view.column(key.attnum);
    const auto* found = column == nullptr ? nullptr : made.column(column->name);
    // Where only the server knows the columns, the key's own words say that it is one.
    key.attnum = found != nullptr ? found->attnum : 0;
  }
  return index;
}

Result<std::vector<Index>> indexes_for(const Context& context, const ReplaceMatview& change,
                                       const Table& view, const Table& made) {
  if (change.view.indexes) return matviews::indexes_of(context, made, change.view);
  std::vector<Index> indexes;
  for (const auto& old : view.indexes) {
    if (!old.valid || !old.ready) continue;
    ZDM_TRY(Index index, same_index(context, view, made, old));
    indexes.push_back(std::move(index));
  }
  return indexes;
}

Result<void> refuse_taken_indexes(const Context& context, const std::vector<Index>& indexes) {
  for (const auto& index : indexes) {
    const auto& taken = context.catalog.taken;
    if (std::ranges::find(taken, index.name) == taken.end()) continue;
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("{} exists already", quote(index.name)),
                   "choose another name for the index");
  }
  return {};
}

/// The new view under its name beside, with the indexes it is to have.
Result<Table> shape_beside(const Context& context, const ReplaceMatview& change,
                           const Table& view) {
  Table made = matviews::shape_of(change.view, view.name);
  if (!change.view.with) made.view_options = view.view_options;
  if (!change.view.tablespace) made.tablespace = view.tablespace;
  made.access_method = view.access_method;
  ZDM_TRY(made.indexes, indexes_for(context, change, view, made));
  for (auto& index : made.indexes) {
    index.name = {view.name.schema, name_beside(view, index.name.name)};
  }
  ZDM_CHECK(refuse_taken_indexes(context, made.indexes));
  made.name = views::beside(view.name);
  made.leaves = {made.name};
  return made;
}

/// What stands on single columns follows their name, which a star or an unnamed expression leaves
/// to the server.
Result<void> refuse_unnamed(const Context& context, const Table& view, const SqlText& query) {
  const auto special = [](const Column& column) {
    return !column.grants.empty() || !column.comment.empty() || column.statistics_target ||
           !column.storage.empty() || !column.compression.empty() || !column.options.empty();
  };
  const auto found = std::ranges::find_if(view.columns, special);
  if (found == view.columns.end() || views::columns_of(query)) return {};
  return fail_at(where_of(context), ErrorCode::refused,
                 fmt::format("{} cannot be replaced: {} has privileges, a comment or settings of "
                             "its own, and `query` does not name its columns",
                             quote(view.name), describe(view, found->name)),
                 "name every column of `query`: SELECT day, sum(amount) AS amount");
}

std::string clustered_of(const Table& view, const Table& made) {
  const auto old = std::ranges::find_if(view.indexes, &Index::clustered);
  if (old == view.indexes.end()) return {};
  const auto name = name_beside(view, old->name.name);
  return made.index(name) == nullptr ? std::string{} : name;
}

Fragment build_beside(const Context& context, const ReplaceMatview& change, const Table& view,
                      const Table& made) {
  auto step = guarantee::fragment({context, view}, Slot::shape, StepKind::transaction, "");
  step.step.sql = matviews::create(made, change.view.query);
  const auto columns = views::columns_of(change.view.query).value_or(std::vector<std::string>{});
  for (auto& each :
       matviews::make_alike(context, made.name, view, columns, clustered_of(view, made))) {
    step.step.sql.push_back(std::move(each));
  }
  step.step.locks = views::claims_of(context, change.view.query);
  step.step.effects = {PutTable{made}};
  return step;
}

/// REFRESH … CONCURRENTLY of the view that has just got its name back.
Fragment refresh(const Context& context, const Table& view, const TableName& name) {
  auto fragment =
      guarantee::fragment({context, view}, Slot::retire_concurrently, StepKind::transaction,
                          "brings it up to date while its readers go on");
  fragment.step.sql = {fmt::format("REFRESH MATERIALIZED VIEW CONCURRENTLY {}", quote(name))};
  fragment.step.scans = true;
  Claims claims;
  claims.merge(matviews::claims_below(context, view.reads)).add(name, LockMode::exclusive);
  for (const auto& index : view.indexes) claims.add(index.name, LockMode::row_exclusive);
  fragment.step.locks = claims.list();
  return fragment;
}

constexpr std::string_view kBuildAgain =
    "zdm rollback --to none, then apply again: it is built anew";
constexpr std::string_view kGoOn =
    "what it held cannot come back: go on with contract, or replace the view again";

/// What was done to the old view since the new one was built like it.
Result<void> refuse_changed(const Context& context, const ReplaceMatview& change, const Table& old,
                            const Table& made) {
  if (old.oid == 0 || made.oid == 0) return {};
  const auto refuse = [&](const std::string& what) {
    return fail_at(
        where_of(context), ErrorCode::refused,
        fmt::format("{} since {} was built beside it, and would be lost", what, quote(made.name)),
        std::string(kBuildAgain));
  };
  if (!change.view.indexes) {
    for (const auto& index : old.indexes) {
      if (!index.valid || !index.ready) continue;
      if (made.index(name_beside(old, index.name.name)) != nullptr) continue;
      return refuse(fmt::format("index {} was made on {}", quote_identifier(index.name.name),
                                quote(old.name)));
    }
  }
  const bool tuned = !change.view.with && made.view_options != old.view_options;
  const bool moved = !change.view.tablespace && made.tablespace != old.tablespace;
  if (tuned || moved) {
    return refuse(fmt::format("the {} of {} changed", tuned ? "storage parameters" : "tablespace",
                              quote(old.name)));
  }
  return {};
}

/// The table as the exchange leaves it, under its new name.
Table renamed_by(const Context& context, const Fragment& exchange, const TableName& name) {
  return *advance(context.catalog, exchange.step).table(name);
}

}  // namespace

const KindInfo& ReplaceMatview::info() {
  static constexpr KindInfo info{
      .kind = "replace_matview",
      .summary =
          "lets a materialized view with another query take the place of the old one in one short "
          "transaction",
      .keys = kKeys,
      .common_keys = "",
      .expand =
          "the new one is built beside the old, with its owner, privileges, comments, settings and "
          "indexes, then filled and analysed; readers and REFRESH of the old one go on",
      .backfill = "",
      .switch_ =
          "the new one, stale since expand, is refreshed where nobody reads it; then the two "
          "change "
          "names in one transaction, which binds what depends on them anew",
      .contract = "the old one is dropped",
      .undo =
          "the names change back, and the old one is refreshed: concurrently afterwards where it "
          "can be, else before; the new one is dropped",
      .sqlite = false,
      .example =
          "[[change]]\nkind    = \"replace_matview\"\nname    = \"revenue_by_day\"\n"
          "query   = \"SELECT day, sum(amount) AS amount, count(*) AS orders FROM orders "
          "GROUP BY day\"\n"
          "indexes = [{name = \"revenue_by_day_key\", columns = [\"day\"], unique = true}]\n"};
  return info;
}

Result<ReplaceMatview> ReplaceMatview::decode(KeyReader& keys) {
  ReplaceMatview change;
  ZDM_TRY(change.view, matviews::decode(keys));
  ZDM_TRY(change.compatible, keys.optional_text("compatible"));
  return change;
}

CatalogRequest ReplaceMatview::needs() const {
  auto request = matviews::needs(view);
  request.tables.push_back(views::beside(view.name));
  request.tables.push_back(views::aside(view.name));
  return request;
}

namespace {

/// The new one is built and filled beside the old.
Result<Recipe> build(const Context& context, const ReplaceMatview& change, const Table& old) {
  const auto& query = change.view.query;
  ZDM_CHECK(views::refuse_to_replace(context, old, query));
  ZDM_CHECK(refuse_unnamed(context, old, query));
  ZDM_CHECK(views::refuse_rules_over(context, old));
  Recipe recipe;
  ZDM_TRY(recipe.checks, views::over_replaced(context, query, views::Binding::never));
  ZDM_TRY(const Table made, shape_beside(context, change, old));
  recipe.fragments.push_back(build_beside(context, change, old, made));
  recipe.fragments.push_back(
      matviews::fill_of(context, made, made.reads, "fills it; the old one is read on"));
  const bool knows_indexes = change.view.indexes || !old.assumed;
  if (knows_indexes && !matviews::can_refresh_concurrently(made.indexes)) {
    recipe.warnings.push_back(matviews::cannot_refresh_concurrently(old.name));
  }
  return recipe;
}

/// The new one takes the old one's name, which steps aside until contract.
Result<Recipe> exchange(const Context& context, const ReplaceMatview& change, const Table& old) {
  ZDM_TRY(const Table* made, views::still_there(context, views::beside(old.name), kBuildAgain));
  ZDM_CHECK(refuse_changed(context, change, old, *made));
  ZDM_CHECK(views::refuse_to_exchange(context, old));
  Recipe recipe;
  recipe.fragments.push_back(matviews::fill_of(
      context, *made, made->reads, "brings the new one up to date; the old one is read on"));
  recipe.fragments.push_back(
      views::exchange_as_is(context, old, *made, views::Exchange::forth, matviews::describe));
  return recipe;
}

Result<Recipe> drop_aside(const Context& context, const Table& old) {
  Recipe recipe;
  const auto* gone = context.catalog.table(views::aside(old.name));
  if (gone == nullptr) return recipe;
  ZDM_CHECK(views::refuse_still_used(context, gone->name));
  recipe.fragments.push_back(matviews::drop_of(context, *gone));
  recipe.fragments.back().step.destructive = true;
  recipe.fragments.back().step.guards = views::still_is(gone->name, gone->oid);
  return recipe;
}

}  // namespace

Result<Recipe> ReplaceMatview::plan(const Context& context) const {
  ZDM_CHECK(matviews::check(context, view));
  ZDM_TRY(const Table old, matview_of(context, view.name));
  if (context.phase == Phase::backfill) return Recipe{};
  if (context.phase == Phase::contract) return drop_aside(context, old);
  ZDM_TRY(Recipe recipe, context.phase == Phase::expand ? build(context, *this, old)
                                                        : exchange(context, *this, old));
  if (compatible) return recipe;
  if (auto warning = views::narrowed(context, old, view.query)) {
    recipe.warnings.push_back(std::move(*warning));
  }
  return recipe;
}

Result<Recipe> ReplaceMatview::undo(const Context& context) const {
  Recipe recipe;
  if (context.phase == Phase::expand) {  // whatever became of the view itself
    if (const auto* made = context.catalog.table(views::beside(view.name))) {
      ZDM_CHECK(views::refuse_still_used(context, made->name));
      recipe.fragments.push_back(matviews::drop_of(context, *made));
    }
    return recipe;
  }
  if (context.phase != Phase::switch_) return recipe;
  ZDM_TRY(const Table now, matview_of(context, view.name));
  if (views::has_its_name(context, now)) return recipe;
  ZDM_TRY(const Table* old, views::still_there(context, views::aside(now.name), kGoOn));
  ZDM_CHECK(views::refuse_left_behind(context, now));
  const bool at_once = old->populated && matviews::can_refresh_concurrently(old->indexes);
  if (old->populated && !at_once) {
    recipe.fragments.push_back(matviews::fill_of(
        context, *old, old->reads, "brings the old one up to date; the new one is read on"));
  }
  recipe.fragments.push_back(
      views::exchange_as_is(context, now, *old, views::Exchange::back, matviews::describe));
  if (at_once) {
    const auto back = renamed_by(context, recipe.fragments.back(), now.name);
    recipe.fragments.push_back(refresh(context, back, now.name));
  }
  return recipe;
}

}  // namespace zdm::planner
