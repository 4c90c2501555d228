#include "recipes/replace_view.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "recipes/check.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "recipes/view_words.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"name", "view", true, "the view"},
    KeyInfo{"query", "query", true, "its new SELECT"},
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

TableName beside(const Table& view) {
  return {view.name.schema, unique_name(view.name.name, "_zdm_new", {})};
}
TableName aside(const Table& view) {
  return {view.name.schema, unique_name(view.name.name, "_zdm_old", {})};
}

Result<void> refuse_dependents_of(const Context& context, const Table& view) {
  for (const auto& dependent : view.dependents) {
    const bool own = dependent.kind == DependentKind::trigger;
    if (!dependent.certain || own) continue;
    return fail_at(
        where_of(context), ErrorCode::refused,
        fmt::format("view {} cannot be replaced: {} depends on it and would go on reading the "
                    "old one",
                    quote(view.name), dependent.name),
        "replace what depends on it in an earlier migration");
  }
  return {};
}

std::string rename(const TableName& from, const TableName& to) {
  return fmt::format("ALTER VIEW {} RENAME TO {}", quote(from), quote_identifier(to.name));
}

Fragment step_on(const Context& context, const Table& view, Slot slot,
                 std::vector<std::string> sql) {
  auto fragment = guarantee::fragment({context, view}, slot, StepKind::transaction, "");
  fragment.step.sql = std::move(sql);
  return fragment;
}

/// What stands on single columns follows the name, which a star or an unnamed expression leaves to
/// the server; INSTEAD OF triggers cannot follow at all.
Result<void> refuse_what_cannot_follow(const Context& context, const Table& view,
                                       const SqlText& query) {
  const auto no = [&](const std::string& what, std::string_view hint) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("view {} cannot be replaced: {}", quote(view.name), what),
                   std::string(hint));
  };
  if (!view.triggers.empty()) {
    return no(fmt::format("the new one would lack trigger {}",
                          quote_identifier(view.triggers.front().name)),
              "make a view of another name with triggers of its own, by kind = \"sql\"");
  }
  const auto special = [](const Column& column) {
    return !column.grants.empty() || !column.comment.empty() || !column.default_sql.empty();
  };
  const auto found = std::ranges::find_if(view.columns, special);
  if (found == view.columns.end() || views::columns_of(query)) return {};
  return no(fmt::format("{} has privileges, a comment or a default of its own, and `query` does "
                        "not name its columns",
                        describe(view, found->name)),
            "name every column of `query`: SELECT id, lower(name) AS name");
}

std::vector<std::string> create_beside(const Context& context, const Table& view,
                                       const SqlText& query) {
  const auto name = beside(view);
  const auto options =
      view.view_options.empty() ? "" : fmt::format(" WITH ({})", view.view_options);
  const auto columns = views::columns_of(query).value_or(std::vector<std::string>{});
  std::vector<std::string> sql = {
      fmt::format("CREATE VIEW {}{} AS\n{}", quote(name), options, query.text)};
  for (auto& each : views::share(context, name, view, columns)) sql.push_back(std::move(each));
  for (auto& each : views::describe(name, view, columns)) sql.push_back(std::move(each));
  return sql;
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
          "and column defaults",
      .backfill = "",
      .switch_ = "the two change names in one transaction",
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
  return change;
}

CatalogRequest ReplaceView::needs() const {
  auto tables = views::read_by(query);
  tables.push_back(name);
  tables.push_back({name.schema, unique_name(name.name, "_zdm_new", {})});
  tables.push_back({name.schema, unique_name(name.name, "_zdm_old", {})});
  return {.tables = std::move(tables)};
}

Result<Recipe> ReplaceView::plan(const Context& context) const {
  ZDM_CHECK(check_query(context.catalog.engine, query, "`query`"));
  ZDM_TRY(const Table view, view_of(context, name));
  const bool sqlite = context.catalog.engine == Engine::sqlite;
  Recipe recipe;
  if (context.phase == Phase::expand) {
    ZDM_CHECK(refuse_dependents_of(context, view));
    if (sqlite) return recipe;  // a view cannot be renamed there: it is made anew at switch
    ZDM_CHECK(refuse_what_cannot_follow(context, view, query));
    auto step = step_on(context, view, Slot::shape, create_beside(context, view, query));
    step.step.locks = views::claims_of(context, query);
    step.step.effects = {PutTable{Table{.name = beside(view), .kind = TableKind::view}}};
    recipe.fragments.push_back(std::move(step));
  } else if (context.phase == Phase::switch_) {
    ZDM_CHECK(refuse_dependents_of(context, view));
    auto step = step_on(context, view, Slot::exchange, {});
    if (sqlite) {
      step.step.sql =
          make_anew(view, fmt::format("CREATE VIEW {} AS\n{}", quote(view.name), query.text));
    } else {
      step.step.sql = {rename(view.name, aside(view)), rename(beside(view), view.name)};
      step.step.locks = Claims()
                            .add(view.name, LockMode::access_exclusive)
                            .add(beside(view), LockMode::access_exclusive)
                            .list();
      step.step.effects = {RenameTable{view.name, aside(view)},
                           RenameTable{beside(view), view.name}};
    }
    recipe.fragments.push_back(std::move(step));
  } else if (context.phase == Phase::contract && !sqlite) {
    auto step =
        step_on(context, view, Slot::retire, {fmt::format("DROP VIEW {}", quote(aside(view)))});
    step.step.destructive = true;
    step.step.locks = Claims().add(aside(view), LockMode::access_exclusive).list();
    step.step.effects = {DropTable{aside(view)}};
    recipe.fragments.push_back(std::move(step));
  }
  return recipe;
}

Result<Recipe> ReplaceView::undo(const Context& context) const {
  ZDM_TRY(const Table view, view_of(context, name));
  const bool sqlite = context.catalog.engine == Engine::sqlite;
  Recipe recipe;
  if (context.phase == Phase::expand && !sqlite && context.catalog.table(beside(view)) != nullptr) {
    auto step =
        step_on(context, view, Slot::retire, {fmt::format("DROP VIEW {}", quote(beside(view)))});
    step.step.locks = Claims().add(beside(view), LockMode::access_exclusive).list();
    step.step.effects = {DropTable{beside(view)}};
    recipe.fragments.push_back(std::move(step));
  } else if (context.phase == Phase::switch_ && sqlite) {
    const auto* before = context.progress.table_before(view.name);
    if (before == nullptr) return recipe;
    recipe.fragments.push_back(
        step_on(context, view, Slot::exchange, make_anew(view, before->sql)));
  } else if (context.phase == Phase::switch_ && context.catalog.table(aside(view)) != nullptr) {
    auto step = step_on(context, view, Slot::exchange,
                        {rename(view.name, beside(view)), rename(aside(view), view.name)});
    step.step.locks = Claims()
                          .add(view.name, LockMode::access_exclusive)
                          .add(aside(view), LockMode::access_exclusive)
                          .list();
    step.step.effects = {RenameTable{view.name, beside(view)}, RenameTable{aside(view), view.name}};
    recipe.fragments.push_back(std::move(step));
  }
  return recipe;
}

}  // namespace zdm::planner
