#include "recipes/add_column.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <iterator>

#include "locks/claims.hpp"
#include "model/migration.hpp"
#include "recipes/add_column_parts.hpp"
#include "recipes/check.hpp"
#include "recipes/column_replacement.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/server_checks.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "recipes/untracked.hpp"
#include "sql/quote.hpp"
#include "sql/sqlite_table.hpp"

namespace zdm::planner {

namespace {

using addition::Site;

constexpr std::array kKeys = {
    KeyInfo{"table", "table", true, "the table"},
    KeyInfo{"name", "name", true, "the new column"},
    KeyInfo{"type", "type", true, "its type"},
    KeyInfo{"default", "expression", false, "the value of rows that give none"},
    KeyInfo{"not_null", "boolean", false,
            "it holds no NULL from switch on; needs a default or `up`"},
    KeyInfo{"check", "expression", false, "what every row must meet"},
    KeyInfo{"unique", "boolean", false, "no two rows agree"},
    KeyInfo{"references", "{table, columns, on_delete, on_update}", false, "a foreign key"},
    KeyInfo{"comment", "text", false, "its comment"},
    KeyInfo{"up", "expression", false,
            "its value over the row, for existing rows and for writes of "
            "releases that do not know it"},
};

/// A default that calls nothing gives every row the same value: PostgreSQL keeps it in the catalog
/// and rewrites nothing (manual, ALTER TABLE, Notes).
DefaultKind kind_of(const Context& context, const SqlText& text) {
  const auto facts = analyse_expression(context.catalog.engine, text.text);
  if (!facts || !facts->functions.empty() || !facts->columns.empty()) return DefaultKind::volatile_;
  std::string lower = text.text;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const std::string_view word : {"current_", "localtime", "session_user", "user"}) {
    if (lower.find(word) != std::string::npos) return DefaultKind::stable;
  }
  return DefaultKind::constant;
}

Result<Site> site_of(const Context& context, const AddColumn& words, const Table& table) {
  Site site{{context, table}, words, DefaultKind::none, std::nullopt};
  if (words.default_value) {
    ZDM_CHECK(check_expression(context.catalog.engine, *words.default_value, "`default`"));
    site.default_kind = kind_of(context, *words.default_value);
  }
  if (words.common.up) {
    ZDM_TRY(auto up, assignment(context, table, words.name, *words.common.up, "`up`"));
    up.type = table.assumed ? std::string{} : words.type;
    site.up = std::move(up);
  }
  return site;
}

/// The column as expand leaves it.
Column shape_of(const Site& site) {
  Column column{.name = site.words.name, .type = site.words.type};
  if (site.words.comment) column.comment = *site.words.comment;
  if (!site.up && site.words.default_value) {
    column.default_sql = site.words.default_value->text;
    column.default_kind = site.default_kind;
  }
  return column;
}

std::vector<std::string> add_statements(const Site& site, const Column& column) {
  auto plain = column;
  plain.default_sql.clear();
  auto sql = statements::add_column(site.context.catalog.engine, site.table, plain);
  if (column.default_kind == DefaultKind::constant) {
    sql.front() += fmt::format(" DEFAULT {}", column.default_sql);
  } else if (!column.default_sql.empty()) {
    sql.insert(sql.begin() + 1,
               statements::set_default(site.table, column.name, column.default_sql));
  }
  if (site.sqlite()) {
    if (site.words.check) sql.front() += fmt::format(" CHECK ({})", site.words.check->text);
    if (site.words.references) sql.front() += " " + references_sql(*site.words.references);
  }
  return sql;
}

}  // namespace

namespace addition {

void add_shape(const Site& site, Step& step, std::vector<std::string>& sql) {
  const auto column = shape_of(site);
  for (auto& each : add_statements(site, column)) sql.push_back(std::move(each));
  step.records.emplace_back(RecordColumn{.change = site.context.change,
                                         .role = "new:" + site.words.name,
                                         .table = site.table.name,
                                         .column = site.words.name});
  step.effects.emplace_back(PutColumn{site.table.name, column});
}

void claim_table(const Site& site, Step& step) {
  if (site.sqlite()) return;
  step.locks = Claims().merge(step.locks).table(site.table, LockMode::access_exclusive).list();
}

}  // namespace addition

namespace {

Result<void> refuse(const Site& site) {
  const auto& context = site.context;
  const auto no = [&](std::string message, std::string_view hint) {
    return fail_at(where_of(context), ErrorCode::refused, std::move(message), std::string(hint));
  };
  ZDM_CHECK(refuse_system_column(context, site.table, site.words.name));
  if (site.up) ZDM_CHECK(refuse_going(context, site.table, site.up->reads, "`up`"));
  if (site.table.column(site.words.name) != nullptr) {
    return no(fmt::format("{} exists already", describe(site.table, site.words.name)),
              "choose another name");
  }
  if (site.sqlite() && site.words.comment) {
    return no("SQLite keeps no comments", "leave `comment` out");
  }
  if (site.sqlite() && site.late_default()) {
    return no("SQLite takes only a constant default for a new column",
              "give the value by `up`, or write it in the application");
  }
  if (site.sqlite() && site.words.references && site.default_kind == DefaultKind::constant) {
    return no("SQLite takes REFERENCES on a new column only without a default",
              "leave `default` out");
  }
  if (site.table.kind == TableKind::partitioned && site.words.unique) {
    return no(
        fmt::format("{} is partitioned, and a partitioned table takes no UNIQUE … USING INDEX",
                    quote(site.table.name)),
        "use create_index with unique = true");
  }
  if (!site.fill()) return {};
  return refuse_user_triggers(context, site.table, site.words.common.user_triggers);
}

Recipe expand(const Site& site) {
  Recipe recipe;
  auto shape = guarantee::fragment(site, Slot::shape, StepKind::transaction, "");
  addition::add_shape(site, shape.step, shape.step.sql);
  addition::claim_table(site, shape.step);
  recipe.fragments.push_back(std::move(shape));
  if (!site.sqlite() && !is_forecast(site.context, site.table)) {
    recipe.checks = statements::adds_type(site.table, site.words.type, where_of(site.context));
  }
  if (shape_of(site).default_kind != DefaultKind::constant) {
    look_at_default_of_type(site.context, site.table, site.words.name, site.words.type, recipe);
  }
  if (site.up && !is_forecast(site.context, site.table)) {
    const auto what = fmt::format("`up` of {}", describe(site.table, site.words.name));
    recipe.checks.push_back(statements::accepts_expression(site.table, *site.up, what));
    if (!site.sqlite() && !site.up->reads.empty()) {
      recipe.checks.push_back(statements::accepts_type(site.table, *site.up, what));
    }
    if (!site.sqlite() && !site.words.common.dual_write_app) {
      std::ranges::move(statements::callable_by_writers(site.table, *site.up, what),
                        std::back_inserter(recipe.checks));
    }
  }
  look_at_readers_of_new(site.context, site.table, {site.words.name}, recipe);
  look_at_foreign_partitions(site.context, site.table, recipe);
  if (site.fill()) {
    look_at_right_to_skip(site.context, site.table, site.words.common.user_triggers, recipe);
  }
  if (site.sqlite()) warn_of_inserts_without_list(site.table, recipe);
  return recipe;
}

SyncRule rule_of(const Site& site) {
  SyncRule rule{.migration = site.context.migration.id, .change = site.context.change};
  rule.new_side = {
      {.name = site.words.name,
       .default_sql = {},
       .default_kind = DefaultKind::none,
       .not_null = site.words.not_null && site.words.common.on_error == OnError::fail}};
  rule.forward = {*site.up};
  rule.on_error = site.words.common.on_error;
  return rule;
}

void add_constraints(const Site& site, Recipe& recipe, Step& records) {
  if (site.words.not_null) {
    records.records.emplace_back(
        guarantee::record(site, guarantee::not_null_role(site.words.name),
                          guarantee::not_null_name(site, site.words.name)));
    guarantee::promise_not_null(site, site.words.name, recipe);
  }
  if (site.words.check) {
    const auto name = site.constraint_name("check", "_check");
    records.records.emplace_back(guarantee::record(site, "check:" + site.words.name, name));
    guarantee::promise(site,
                       Constraint{.name = name,
                                  .kind = ConstraintKind::check,
                                  .definition = fmt::format("CHECK ({})", site.words.check->text),
                                  .expression = site.words.check->text},
                       fmt::format("CHECK ({}\n)", site.words.check->text), recipe);
  }
  if (site.words.unique) {
    const auto name = site.unique_name();
    records.records.emplace_back(guarantee::record(site, "unique:" + site.words.name, name));
    guarantee::build_unique(site, name, {site.words.name}, recipe);
  }
}

Result<Recipe> backfill(const Site& site) {
  Recipe recipe;
  auto sync = guarantee::fragment(site, Slot::sync, StepKind::transaction,
                                  site.up ? "from here on every write fills the new column" : "");
  SyncAction action{.table = site.table.name};
  const bool rule = site.up && !site.words.common.dual_write_app;
  if (rule) {
    action.enter = {rule_of(site)};
  }
  if (const auto fill = site.fill()) {
    const Fill all{.migration = site.context.migration.id,
                   .change = site.context.change,
                   .assignments = {*fill},
                   .inverse = {},
                   .repair = true};
    for (auto& each :
         fill_fragments(site.table, all, site.words.common, rule, site.context.catalog.engine)) {
      recipe.fragments.push_back(std::move(each));
    }
    if (site.sqlite() && site.words.not_null && site.words.common.on_error == OnError::fail) {
      demand_value(site.context, site.table, *fill, recipe);
    }
  }
  if (site.sqlite()) {
    if (site.words.unique) {
      auto build = guarantee::fragment(site, Slot::build, StepKind::transaction,
                                       "holds SQLite's write lock while it is built");
      const auto name = site.unique_name();
      build.step.sql = {fmt::format("CREATE UNIQUE INDEX {} ON {} ({})", quote_identifier(name),
                                    quote(site.table.name), quote_identifier(site.words.name))};
      build.step.effects = {PutIndex{site.table.name, Index{.name = {"", name}, .unique = true}}};
      sync.step.records.emplace_back(guarantee::record(site, "unique:" + site.words.name, name));
      recipe.fragments.push_back(std::move(build));
    }
  } else {
    add_constraints(site, recipe, sync.step);
    if (site.words.references) {
      const auto name = site.constraint_name("fkey", "_fkey");
      sync.step.records.emplace_back(guarantee::record(site, "fkey:" + site.words.name, name));
      ZDM_TRY(const auto constraint, foreign_key(site.context, site.table, name, {site.words.name},
                                                 *site.words.references));
      guarantee::promise(site, constraint, constraint.definition, recipe);
    }
  }
  sync.step.action = std::move(action);
  if (rule || !sync.step.records.empty()) recipe.fragments.push_back(std::move(sync));
  return recipe;
}

Recipe exchange(const Site& site) {
  Recipe recipe;
  if (site.sqlite()) return recipe;
  auto step = guarantee::fragment(site, Slot::exchange, StepKind::transaction, "");
  if (site.words.not_null && site.words.common.on_error == OnError::fail) {
    step.step.note = "proven by the validated check: no scan";
    guarantee::set_not_null(site, site.words.name, step.step);
  }
  if (site.words.unique) guarantee::attach_unique(site, site.unique_name(), "", step.step);
  if (!step.step.sql.empty()) recipe.fragments.push_back(std::move(step));
  return recipe;
}

/// SQLite gets NOT NULL, and the default that `up` stood in for, by an edit of its schema.
Result<void> complete_on_sqlite(const Site& site, Step& step, SyncAction& action) {
  if (site.table.sql.empty()) return {};
  std::string text = site.table.sql;
  if (site.words.not_null) {
    ZDM_TRY(text, sqlite_set_not_null(text, site.words.name, true));
  }
  if (site.up && site.words.default_value) {
    ZDM_TRY(text, sqlite_set_default(text, site.words.name, site.words.default_value->text));
    if (!site.words.not_null) {
      action.before = statements::store_nulls_on_sqlite(site.table, site.words.name);
    }
  }
  statements::edit_sqlite_schema(site.table, text, step, action.before);
  return {};
}

Result<Recipe> contract(const Site& site) {
  Recipe recipe;
  auto retire = guarantee::fragment(site, Slot::retire, StepKind::transaction, "");
  SyncAction action{.table = site.table.name};
  const bool rule = site.up && !site.words.common.dual_write_app;
  if (rule) action.leave = {site.context.change};
  if (site.sqlite()) {
    ZDM_CHECK(complete_on_sqlite(site, retire.step, action));
  } else {
    guarantee::drop_constraint(site, guarantee::not_null_name(site, site.words.name), retire.step,
                               action.after);
    if (site.up && site.words.default_value) {
      action.after.push_back(
          statements::set_default(site.table, site.words.name, site.words.default_value->text));
    }
  }
  const auto* present = site.table.column(site.words.name);
  const bool defaulted = site.up && site.words.default_value;
  if (present != nullptr && (defaulted || (site.sqlite() && site.words.not_null))) {
    auto complete = *present;
    if (site.sqlite()) complete.not_null = site.words.not_null;
    if (defaulted) {
      complete.default_sql = site.words.default_value->text;
      complete.default_kind = site.default_kind;
    }
    retire.step.effects.emplace_back(PutColumn{site.table.name, complete});
  }
  if (!rule && action.after.empty() && action.before.empty()) return recipe;
  retire.step.action = std::move(action);
  addition::claim_table(site, retire.step);
  recipe.fragments.push_back(std::move(retire));
  return recipe;
}

}  // namespace

const KindInfo& AddColumn::info() {
  static constexpr KindInfo info{
      .kind = "add_column",
      .summary = "adds a column that is complete and guaranteed before the next release reads it",
      .keys = kKeys,
      .common_keys = "on_error user_triggers dual_write",
      .expand =
          "the column is added nullable, with a constant default at once; any other default "
          "is set for new rows in the same transaction",
      .backfill =
          "with `up`, a trigger fills it on every write; existing rows are filled by `up` or "
          "the default; constraints are added NOT VALID and validated, a unique index is "
          "built CONCURRENTLY",
      .switch_ =
          "NOT NULL is set, proven by the validated check; the unique index becomes a constraint",
      .contract = "the trigger and the helper check go; a default that `up` stood in for is set",
      .undo = "the column is dropped again; with it goes what only it held",
      .sqlite = true,
      .example =
          "[[change]]\nkind     = \"add_column\"\ntable    = \"orders\"\nname     = \"state\"\n"
          "type     = \"text\"\ndefault  = \"'new'\"\nnot_null = true\n"};
  return info;
}

Result<AddColumn> AddColumn::decode(KeyReader& keys) {
  AddColumn change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.name, keys.identifier("name"));
  ZDM_TRY(change.type, keys.type("type"));
  ZDM_TRY(change.default_value, keys.optional_sql("default"));
  ZDM_TRY(change.not_null, keys.flag("not_null", false));
  ZDM_TRY(change.check, keys.optional_sql("check"));
  ZDM_TRY(change.unique, keys.flag("unique", false));
  ZDM_TRY(change.comment, keys.optional_text("comment"));
  ZDM_TRY(change.common, keys.common());
  ZDM_TRY(auto target, keys.optional_object("references"));
  if (target) {
    ZDM_TRY(change.references, decode_foreign_key(*target));
  }
  if (change.common.down) {
    return fail_at(keys.where("down"), ErrorCode::usage,
                   "add_column has no old shape to write back: it takes no `down`", "leave it out");
  }
  if (change.not_null && !change.default_value && !change.common.up) {
    return fail_at(
        keys.where("not_null"), ErrorCode::refused,
        fmt::format("column {} cannot be NOT NULL: the running release does not write it, "
                    "and there is neither a `default` nor an `up`",
                    quote_identifier(change.name)),
        "give it a `default`, or an `up` that makes its value from the row");
  }
  return change;
}

CatalogRequest AddColumn::needs() const {
  CatalogRequest request{.tables = {table}};
  if (references) request.tables.push_back(references->table);
  return request;
}

Result<Recipe> AddColumn::plan(const Context& context) const {
  ZDM_TRY(const Table subject, subject_table(context, table));
  ZDM_TRY(const auto site, site_of(context, *this, subject));
  switch (context.phase) {
    case Phase::expand:
      ZDM_CHECK(refuse(site));
      return expand(site);
    case Phase::backfill:
      return backfill(site);
    case Phase::switch_:
      return exchange(site);
    case Phase::contract:
      return contract(site);
  }
  return fail(ErrorCode::bug, "unknown phase");
}

Result<Recipe> AddColumn::undo(const Context& context) const {
  ZDM_TRY(const Table subject, subject_table(context, table));
  ZDM_TRY(const auto site, site_of(context, *this, subject));
  switch (context.phase) {
    case Phase::expand:
      return addition::undo_expand(site);
    case Phase::backfill:
      return addition::undo_backfill(site);
    case Phase::switch_:
      return addition::undo_switch(site);
    case Phase::contract:
      break;
  }
  return Recipe{};
}

}  // namespace zdm::planner
