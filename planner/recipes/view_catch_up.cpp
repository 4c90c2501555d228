#include "recipes/view_catch_up.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "matviews/access.hpp"
#include "recipes/subject.hpp"
#include "recipes/view_words.hpp"
#include "sql/quote.hpp"

namespace zdm::planner::views {
namespace {

/// Who owns the view now, has what its owner had.
Access given_to(const std::string& owner, const Table& view) {
  Access access = view.access;
  for (auto& item : access.items) {
    if (item.grantee == view.owner) item.grantee = owner;
    if (item.grantor == view.owner) item.grantor = owner;
  }
  return access;
}

/// As the catalog will have it: what columns of the same name have beside their type.
Table like_old(Table taken, const Table& old) {
  taken.owner = old.owner;
  taken.comment = old.comment;
  taken.grants = old.grants;
  taken.access = old.access;
  for (auto& column : taken.columns) {
    const auto* before = old.column(column.name);
    if (before == nullptr) continue;
    column.comment = before->comment;
    column.grants = before->grants;
    column.default_sql = before->default_sql;
    column.default_kind = before->default_kind;
    column.statistics_target = before->statistics_target;
    column.options = before->options;
  }
  return taken;
}

std::vector<std::string> names_of_columns(const Table& view) {
  std::vector<std::string> names;
  for (const auto& column : view.columns) names.push_back(column.name);
  return names;
}

/// For `made`, which is called as `old` was by then: the owner and privileges of `old`, and what is
/// said of `old` alone.
void catch_up(const Context& context, const Table& old, const Table& made, Describe describe,
              Step& step) {
  if (old.oid == 0 || made.oid == 0) return;
  const auto columns = names_of_columns(made);
  const auto present = describe(old.name, made, columns);
  std::vector<std::string> sql;
  for (auto& each : describe(old.name, old, columns)) {
    if (std::ranges::find(present, each) == present.end()) sql.push_back(std::move(each));
  }
  if (made.owner != old.owner) sql.push_back(change_owner(old.kind, old.name, old.owner));
  for (auto& each :
       level_access(given_to(old.owner, made), old.access, old.owner, old.name, columns)) {
    sql.push_back(std::move(each));
  }
  if (sql.empty()) return;
  for (auto& each : sql) step.sql.push_back(std::move(each));
  const Catalog after = advance(context.catalog, step);
  const auto* taken = after.table(old.name);
  if (taken != nullptr) step.effects.emplace_back(PutTable{like_old(*taken, old)});
}

/// `old` with the privileges on columns that only `made` has.
Table with_column_access_of(const Table& made, Table old) {
  for (const auto& item : made.access.items) {
    const bool only_there = !item.column.empty() && old.column(item.column) == nullptr;
    if (only_there) old.access.items.push_back(item);
  }
  return old;
}

}  // namespace

Fragment exchange_as_is(const Context& context, const Table& out, const Table& in,
                        Exchange direction, Describe describe) {
  auto fragment = exchange(context, out, in, direction);
  const auto said = direction == Exchange::back ? with_column_access_of(in, out) : out;
  catch_up(context, said, in, describe, fragment.step);
  return fragment;
}

Result<const Table*> still_there(const Context& context, const TableName& name,
                                 std::string_view hint) {
  const auto* table = context.catalog.table(name);
  if (table != nullptr) return table;
  return fail_at(where_of(context), ErrorCode::drift,
                 fmt::format("{}, which this migration made, is gone", quote(name)),
                 std::string(hint));
}

}  // namespace zdm::planner::views
