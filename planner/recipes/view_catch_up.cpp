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

}  // namespace

std::vector<std::string> names_of_columns(const Table& view) {
  std::vector<std::string> names;
  for (const auto& column : view.columns) names.push_back(column.name);
  return names;
}

void catch_up(const Context& context, const Table& old, const Table& made,
              const std::vector<std::string>& wanted, const std::vector<std::string>& present,
              Step& step) {
  if (old.oid == 0 || made.oid == 0) return;
  const auto columns = names_of_columns(made);
  std::vector<std::string> sql;
  for (const auto& each : wanted) {
    if (std::ranges::find(present, each) == present.end()) sql.push_back(each);
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

void catch_up_back(const Context& context, const Table& now, const Table& old,
                   const std::vector<std::string>& wanted, const std::vector<std::string>& present,
                   Step& step) {
  Table said = now;
  for (const auto& item : old.access.items) {
    const bool only_there = !item.column.empty() && now.column(item.column) == nullptr;
    if (only_there) said.access.items.push_back(item);
  }
  catch_up(context, said, old, wanted, present, step);
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
