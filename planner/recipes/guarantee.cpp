#include "recipes/guarantee.hpp"

#include <fmt/format.h>

#include "locks/claims.hpp"
#include "recipes/statements.hpp"
#include "sql/quote.hpp"

namespace zdm::planner::guarantee {

namespace {

namespace sql = statements;

void claim(Step& step, const std::vector<LockClaim>& claims) {
  step.locks = Claims().merge(step.locks).merge(claims).list();
}

}  // namespace

Fragment fragment(const Site& site, Slot slot, StepKind kind, std::string note) {
  Fragment fragment{.slot = slot, .table = site.table.name};
  fragment.step.kind = kind;
  fragment.step.note = std::move(note);
  fragment.step.in_transaction = kind != StepKind::concurrent;
  return fragment;
}

std::string recorded_name(const Site& site, const std::string& role) {
  const auto* record = site.context.progress.column(site.context.change, role);
  return record == nullptr ? std::string{} : record->name;
}

RecordName record(const Site& site, const std::string& role, const std::string& name) {
  return {.change = site.context.change, .role = role, .table = site.table.name, .name = name};
}

void forget(const Site& site, std::string_view prefix, Step& step) {
  for (const auto& record : site.context.progress.columns) {
    if (record.change != site.context.change || !record.role.starts_with(prefix)) continue;
    step.records.emplace_back(ForgetColumn{.change = record.change, .role = record.role});
  }
}

std::string not_null_role(const std::string& column) {
  return "not_null:" + column;
}

bool is_not_null_helper(const Constraint& constraint) {
  return constraint.kind == ConstraintKind::check &&
         constraint.name.find(kNotNullSuffix) != std::string::npos;
}

std::string not_null_name(const Site& site, const std::string& column) {
  auto name = recorded_name(site, not_null_role(column));
  if (!name.empty()) return name;
  std::vector<std::string> taken;
  for (const auto& constraint : site.table.constraints) taken.push_back(constraint.name);
  return unique_name(site.table.name.name + "_" + column, kNotNullSuffix, taken);
}

void promise(const Site& site, Constraint constraint, const std::string& definition,
             Recipe& recipe) {
  const bool validate = constraint.validated;
  constraint.validated = false;
  auto promise = fragment(site, Slot::promise, StepKind::transaction,
                          "holds for every new write at once; existing rows are checked next");
  promise.step.sql = {sql::add_constraint(site.table, constraint.name, definition + " NOT VALID")};
  if (!constraint.comment.empty()) {
    promise.step.sql.push_back(
        fmt::format("COMMENT ON CONSTRAINT {} ON {} IS {}", quote_identifier(constraint.name),
                    quote(site.table.name), quote_literal(constraint.comment)));
  }
  Claims claims;
  if (constraint.references) {
    claims.table(site.table, LockMode::share_row_exclusive)
        .add(constraint.references->table, LockMode::share_row_exclusive);
  } else {
    claims.table(site.table, LockMode::access_exclusive);
  }
  promise.step.locks = claims.list();
  promise.step.effects = {PutConstraint{site.table.name, constraint}};
  recipe.fragments.push_back(std::move(promise));
  if (validate) recipe.fragments.push_back(sql::validate(site.table, constraint));
}

void promise_not_null(const Site& site, const std::string& column, Recipe& recipe) {
  const auto expression = quote_identifier(column) + " IS NOT NULL";
  const auto definition = fmt::format("CHECK ({})", expression);
  promise(site,
          Constraint{.name = not_null_name(site, column),
                     .kind = ConstraintKind::check,
                     .definition = definition,
                     .expression = expression},
          definition, recipe);
}

void set_not_null(const Site& site, const std::string& column, Step& step) {
  step.sql.push_back(sql::set_not_null(site.table, column));
  claim(step, Claims().table(site.table, LockMode::access_exclusive).list());
  if (const auto* present = site.table.column(column)) {
    auto guaranteed = *present;
    guaranteed.not_null = true;
    step.effects.emplace_back(PutColumn{site.table.name, guaranteed});
  }
}

void drop_not_null(const Site& site, const std::string& column, Step& step) {
  step.sql.push_back(sql::drop_not_null(site.table, column));
  claim(step, Claims().table(site.table, LockMode::access_exclusive).list());
  if (const auto* present = site.table.column(column)) {
    auto nullable = *present;
    nullable.not_null = false;
    step.effects.emplace_back(PutColumn{site.table.name, nullable});
  }
}

void drop_constraint(const Site& site, const std::string& name, Step& step,
                     std::vector<std::string>& statements) {
  const auto* constraint = site.table.constraint(name);
  if (constraint == nullptr) return;
  statements.push_back(sql::drop_constraint(site.table, name));
  Claims claims;
  claims.table(site.table, LockMode::access_exclusive);
  if (constraint->references) {
    claims.add(constraint->references->table, LockMode::access_exclusive);
  }
  if (const auto* index = site.table.index(constraint->index)) {
    claims.add(index->name, LockMode::access_exclusive);
  }
  claim(step, claims.list());
  step.effects.emplace_back(DropConstraint{site.table.name, name});
}

void build_unique(const Site& site, const std::string& name,
                  const std::vector<std::string>& columns, Recipe& recipe) {
  Index index{.name = {site.table.name.schema, name}, .unique = true};
  for (const auto& column : columns) {
    const auto* present = site.table.column(column);
    index.keys.push_back({.attnum = present == nullptr ? 0 : present->attnum,
                          .sql = quote_identifier(column),
                          .suffix = {}});
    if (present != nullptr) index.attnums.push_back(present->attnum);
  }
  const auto create =
      fmt::format("CREATE UNIQUE INDEX CONCURRENTLY {} ON {} USING btree ({})",
                  quote_identifier(name), quote(site.table.name), quote_list(columns));
  index.definition = create;
  for (auto& each : sql::build_index(site.table, index, create)) {
    recipe.fragments.push_back(std::move(each));
  }
}

void attach_unique(const Site& site, const std::string& name, const std::string& deferrable,
                   Step& step) {
  step.sql.push_back(sql::add_constraint(
      site.table, name,
      fmt::format("UNIQUE USING INDEX {}{}", quote_identifier(name), deferrable)));
  claim(step, Claims()
                  .table(site.table, LockMode::access_exclusive)
                  .add({site.table.name.schema, name}, LockMode::access_share)
                  .list());
  Constraint constraint{.name = name, .kind = ConstraintKind::unique, .index = name};
  if (const auto* index = site.table.index(name)) {
    for (const auto& key : index->keys) constraint.attnums.push_back(key.attnum);
    auto owned = *index;
    owned.constraint = name;
    step.effects.emplace_back(PutIndex{site.table.name, owned});
  }
  constraint.deferrable = !deferrable.empty();
  constraint.initially_deferred = deferrable.ends_with("INITIALLY DEFERRED");
  step.effects.emplace_back(PutConstraint{site.table.name, constraint});
}

void detach_unique(const Site& site, const std::string& name, Step& step, Recipe& recipe) {
  const auto* present = site.table.index(name);
  if (present == nullptr || present->constraint.empty()) return;
  auto beside = *present;
  beside.name.name = unique_name(name, "_zdm_beside", {});
  beside.constraint.clear();
  const auto create =
      sql::create_index(Engine::postgresql, site.table.name, beside, sql::Building::concurrently);
  for (auto& each : sql::build_index(site.table, beside, create)) {
    recipe.fragments.push_back(std::move(each));
  }
  drop_constraint(site, name, step, step.sql);
  step.sql.push_back(sql::rename_index(beside.name, name));
  claim(step, Claims()
                  .table(site.table, LockMode::access_exclusive)
                  .add(present->name, LockMode::access_exclusive)
                  .add(beside.name, LockMode::share_update_exclusive)
                  .list());
  step.effects.emplace_back(RenameIndex{site.table.name, beside.name.name, name});
}

}  // namespace zdm::planner::guarantee
