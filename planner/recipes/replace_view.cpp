#include "recipes/replace_view.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <iterator>

#include "locks/claims.hpp"
#include "model/migration.hpp"
#include "recipes/check.hpp"
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
    KeyInfo{"name", "view", true, "the view"},
    KeyInfo{"query", "query", true, "its new SELECT"},
    KeyInfo{"compatible", "text", false,
            "why the running release can do without the columns that go, and reads those that "
            "change their type"},
};

/// The view that stands under a name; assumed without a database.
Result<Table> view_of(const Context& context, const TableName& name) {
  const auto* view = context.catalog.table(name);
  if (view == nullptr && context.catalog.assumed)
    return Table{.name = name, .kind = TableKind::view, .assumed = true};
  if (view == nullptr) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("view {} does not exist", quote(name)),
                   "check the name, or use create_view");
  }
  if (view->kind != TableKind::view) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("{} is not a view", quote(name)), "name a view");
  }
  return *view;
}

Fragment step_on(const Context& context, const Table& view, Slot slot,
                 std::vector<std::string> sql) {
  auto fragment = guarantee::fragment({context, view}, slot, StepKind::transaction, "");
  fragment.step.sql = std::move(sql);
  return fragment;
}

/// What stands on single columns follows the name, which a star or an unnamed expression leaves to
/// the server.
Result<void> refuse_what_cannot_follow(const Context& context, const Table& view,
                                       const SqlText& query) {
  const auto special = [](const Column& column) {
    return !column.grants.empty() || !column.comment.empty() || !column.default_sql.empty();
  };
  const auto found = std::ranges::find_if(view.columns, special);
  if (found == view.columns.end() || views::columns_of(query)) return {};
  return fail_at(
      where_of(context), ErrorCode::refused,
      fmt::format("view {} cannot be replaced: {} has privileges, a comment or a default of its "
                  "own, and `query` does not name its columns",
                  quote(view.name), describe(view, found->name)),
      "name every column of `query`: SELECT id, lower(name) AS name");
}

std::vector<std::string> create_beside(const Context& context, const Table& view,
                                       const SqlText& query) {
  const auto name = views::beside(view.name);
  const auto options =
      view.view_options.empty() ? "" : fmt::format(" WITH ({})", view.view_options);
  const auto columns = views::columns_of(query).value_or(std::vector<std::string>{});
  std::vector<std::string> sql = {
      fmt::format("CREATE VIEW {}{} AS\n{}", quote(name), options, query.text)};
  for (auto& each : views::share(context, name, view, columns)) sql.push_back(std::move(each));
  for (auto& each : views::describe(name, view, columns)) sql.push_back(std::move(each));
  return sql;
}

/// A column that comes with a change of the same file is made anew whenever its backfill is undone,
/// which nothing that reads it would let happen: what reads such a table is made at switch.
bool comes_at_switch(const Context& context, const SqlText& query) {
  return views::reads_what_changes(context, query);
}

/// Rules of the view itself, the one that makes it a view left out.
std::vector<Dependent> own_rules(const Table& view) {
  std::vector<Dependent> rules;
  std::ranges::copy_if(view.dependents, std::back_inserter(rules), [&](const Dependent& each) {
    return each.kind == DependentKind::rule && each.relation == view.name;
  });
  return rules;
}

/// Quoted as SQL needs.
std::string name_of_rule(const Dependent& rule) {
  constexpr std::string_view kHead = "CREATE OR REPLACE RULE ";
  return rule.rebind.substr(kHead.size(), rule.rebind.find(" AS\n") - kHead.size());
}

std::string comment_on(std::string_view what, const std::string& name, const TableName& view,
                       const std::string& comment) {
  return fmt::format("COMMENT ON {} {} ON {} IS {}", what, name, quote(view),
                     quote_literal(comment));
}

/// Through which the view takes writes: they are made on the new one once it has the name, by the
/// very statements that made them on the old, and go from it when the name goes back.
void make_own_parts(const Table& view, Step& step) {
  for (const auto& rule : own_rules(view)) {
    step.sql.push_back(rule.rebind);
    if (!rule.comment.empty()) {
      step.sql.push_back(comment_on("RULE", name_of_rule(rule), view.name, rule.comment));
    }
    Claims claims;
    for (const auto& read : rule.reads) claims.add(read, LockMode::row_exclusive);
    step.locks = claims.merge(step.locks).list();
  }
  for (const auto& trigger : view.triggers) {
    step.sql.push_back(trigger.definition);
    if (!trigger.comment.empty()) {
      step.sql.push_back(
          comment_on("TRIGGER", quote_identifier(trigger.name), view.name, trigger.comment));
    }
    step.effects.emplace_back(PutTrigger{view.name, trigger});
  }
}

/// The new one takes the old one's name; nothing where the new one is not there.
Recipe exchange_with_beside(const Context& context, const Table& view) {
  Recipe recipe;
  const auto* made = context.catalog.table(views::beside(view.name));
  if (made == nullptr) return recipe;
  recipe.fragments.push_back(
      views::exchange_as_is(context, view, *made, views::Exchange::forth, views::describe));
  make_own_parts(view, recipe.fragments.back().step);
  return recipe;
}

void drop_own_parts(const Table& view, const TableName& name, Step& step) {
  for (const auto& rule : own_rules(view)) {
    step.sql.push_back(fmt::format("DROP RULE {} ON {}", name_of_rule(rule), quote(name)));
  }
  for (const auto& trigger : view.triggers) {
    step.sql.push_back(
        fmt::format("DROP TRIGGER {} ON {}", quote_identifier(trigger.name), quote(name)));
    step.effects.emplace_back(DropTrigger{name, trigger.name});
  }
}

Fragment drop_view(const Context& context, const Table& view, const TableName& name) {
  auto step = step_on(context, view, Slot::retire, {fmt::format("DROP VIEW {}", quote(name))});
  step.step.locks = Claims().add(name, LockMode::access_exclusive).list();
  step.step.effects = {DropTable{name}};
  if (const auto* present = context.catalog.table(name)) {
    step.step.guards = views::still_is(name, present->oid);
  }
  return step;
}

/// SQLite cannot rename a view: it is made anew, and its triggers, which go with it, too.
std::vector<std::string> make_anew(const Table& view, const std::string& create) {
  std::vector<std::string> sql = {fmt::format("DROP VIEW {}", quote(view.name)), create};
  for (const auto& trigger : view.triggers) sql.push_back(trigger.definition);
  return sql;
}

}  // namespace

const KindInfo& ReplaceView::info() {
  static constexpr KindInfo info{
      .kind = "replace_view",
      .summary = "lets a view with another query take the place of the old one in one transaction",
      .keys = kKeys,
      .common_keys = "",
      .expand =
          "the new view is created beside the old, with its owner, privileges, options, comments "
          "and column defaults; at switch, where another change of the file works on a table it "
          "reads",
      .backfill = "",
      .switch_ =
          "the two change names in one transaction, which binds what depends on them anew; "
          "triggers and rules of the view are made on the new one",
      .contract = "the old view is dropped",
      .undo = "the names change back, the new view is dropped",
      .sqlite = true,
      .example =
          "[[change]]\nkind  = \"replace_view\"\nname  = \"active_users\"\n"
          "query = \"SELECT id, email, seen_at FROM users WHERE active\"\n"};
  return info;
}

Result<ReplaceView> ReplaceView::decode(KeyReader& keys) {
  ReplaceView change;
  ZDM_TRY(change.name, keys.table("name"));
  ZDM_TRY(change.query, keys.sql("query"));
  ZDM_TRY(change.compatible, keys.optional_text("compatible"));
  return change;
}

CatalogRequest ReplaceView::needs() const {
  auto tables = views::read_by(query);
  tables.push_back(name);
  tables.push_back(views::beside(name));
  tables.push_back(views::aside(name));
  return {.tables = std::move(tables)};
}

Result<Recipe> ReplaceView::plan(const Context& context) const {
  ZDM_CHECK(check_query(context.catalog.engine, query, "`query`"));
  ZDM_TRY(const Table view, view_of(context, name));
  return context.catalog.engine == Engine::sqlite ? plan_on_sqlite(context, view)
                                                  : plan_on_postgres(context, view);
}

/// SQLite looks names up when a statement is prepared: what reads the view follows by itself.
Result<Recipe> ReplaceView::plan_on_sqlite(const Context& context, const Table& view) const {
  Recipe recipe;
  if (context.phase != Phase::switch_) return recipe;
  recipe.fragments.push_back(
      step_on(context, view, Slot::exchange,
              make_anew(view, fmt::format("CREATE VIEW {} AS\n{}", quote(view.name), query.text))));
  return recipe;
}

Fragment ReplaceView::make(const Context& context, const Table& view) const {
  auto step = step_on(context, view, Slot::shape, create_beside(context, view, query));
  step.step.locks = views::claims_of(context, query);
  step.step.effects = {PutTable{views::shape_of(query, TableKind::view, views::beside(view.name))}};
  return step;
}

Recipe ReplaceView::make_and_exchange(const Context& context, const Table& view) const {
  auto made = make(context, view);
  const Catalog after = advance(context.catalog, made.step);
  const Context then{.catalog = after,
                     .progress = context.progress,
                     .migration = context.migration,
                     .change = context.change,
                     .phase = context.phase};
  Recipe recipe = exchange_with_beside(then, view);
  recipe.fragments.insert(recipe.fragments.begin(), std::move(made));
  return recipe;
}

Result<Recipe> ReplaceView::plan_on_postgres(const Context& context, const Table& view) const {
  Recipe recipe;
  const bool late = comes_at_switch(context, query);
  if (context.phase == Phase::expand) {
    ZDM_CHECK(views::refuse_to_replace(context, view, query));
    ZDM_CHECK(refuse_what_cannot_follow(context, view, query));
    ZDM_CHECK(views::refuse_rules_over(context, view));
    const auto binding = late ? views::Binding::at_once : views::Binding::follows;
    ZDM_TRY(recipe.checks, views::over_replaced(context, query, binding));
    if (!late) recipe.fragments.push_back(make(context, view));
  } else if (context.phase == Phase::switch_) {
    ZDM_CHECK(views::refuse_to_exchange(context, view));
    if (late) {
      ZDM_CHECK(views::refuse_taken_beside(context, view.name));
    } else {
      ZDM_CHECK(views::still_there(context, views::beside(view.name),
                                   "zdm rollback --to none, then apply again: it is made anew"));
    }
    recipe = late ? make_and_exchange(context, view) : exchange_with_beside(context, view);
  } else if (context.phase == Phase::contract) {
    ZDM_CHECK(views::refuse_still_used(context, views::aside(view.name)));
    recipe.fragments.push_back(drop_view(context, view, views::aside(view.name)));
    recipe.fragments.back().step.destructive = true;
  }
  const bool telling = context.phase == Phase::expand || context.phase == Phase::switch_;
  if (compatible || !telling) return recipe;
  if (auto warning = views::narrowed(context, view, query)) {
    recipe.warnings.push_back(std::move(*warning));
  }
  return recipe;
}

Result<Recipe> ReplaceView::undo(const Context& context) const {
  ZDM_TRY(const Table view, view_of(context, name));
  Recipe recipe;
  if (context.catalog.engine == Engine::sqlite) {
    const auto* before = context.progress.table_before(view.name);
    if (context.phase != Phase::switch_ || before == nullptr) return recipe;
    recipe.fragments.push_back(
        step_on(context, view, Slot::exchange, make_anew(view, before->sql)));
    return recipe;
  }
  const auto* made = context.catalog.table(views::beside(view.name));
  if (context.phase == Phase::expand && made != nullptr) {
    ZDM_CHECK(views::refuse_still_used(context, made->name));
    recipe.fragments.push_back(drop_view(context, view, made->name));
  } else if (context.phase == Phase::switch_) {
    const bool made_here = comes_at_switch(context, query);
    if (views::has_its_name(context, view)) {
      if (made_here && made != nullptr) {
        recipe.fragments.push_back(drop_view(context, view, made->name));
      }
      return recipe;
    }
    ZDM_TRY(const Table* old, views::still_there(context, views::aside(view.name),
                                                 "go on with contract, or replace the view again"));
    ZDM_CHECK(views::refuse_left_behind(context, view));
    recipe.fragments.push_back(
        views::exchange_as_is(context, view, *old, views::Exchange::back, views::describe));
    drop_own_parts(view, views::beside(view.name), recipe.fragments.back().step);
    if (made_here) {
      recipe.fragments.push_back(drop_view(context, view, views::beside(view.name)));
    }
  }
  return recipe;
}

}  // namespace zdm::planner
