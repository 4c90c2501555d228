#include "recipes/view_words.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "locks/claims.hpp"
#include "matviews/access.hpp"
#include "recipes/subject.hpp"
#include "sql/query.hpp"
#include "sql/quote.hpp"

namespace zdm::planner::views {

namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

TableName placed(const Context& context, TableName name) {
  if (name.schema.empty() && context.catalog.engine == Engine::postgresql &&
      !context.catalog.search_path.empty()) {
    name.schema = context.catalog.search_path.front();
  }
  return name;
}

std::vector<std::string> share(const Context& context, const TableName& view, const Table& like,
                               const std::vector<std::string>& columns) {
  std::vector<std::string> sql;
  if (!like.owner.empty() && like.owner != context.catalog.user) {
    sql.push_back(change_owner(like.kind, view, like.owner));
  }
  const auto& granted = like.access.default_grantees;
  for (auto& each : copy_access(like.access, like.owner, view, granted, columns)) {
    sql.push_back(std::move(each));
  }
  return sql;
}

std::vector<std::string> describe(const TableName& view, const Table& like,
                                  const std::vector<std::string>& columns) {
  std::vector<std::string> sql;
  if (!like.comment.empty()) {
    sql.push_back(fmt::format("COMMENT ON {} {} IS {}", words_for(like.kind), quote(view),
                              quote_literal(like.comment)));
  }
  for (const auto& column : like.columns) {
    if (!has(columns, column.name)) continue;
    const auto name = quote_identifier(column.name);
    if (!column.comment.empty()) {
      sql.push_back(fmt::format("COMMENT ON COLUMN {}.{} IS {}", quote(view), name,
                                quote_literal(column.comment)));
    }
    if (!column.default_sql.empty()) {
      sql.push_back(fmt::format("ALTER VIEW {} ALTER COLUMN {} SET DEFAULT {}", quote(view), name,
                                column.default_sql));
    }
  }
  return sql;
}

std::vector<TableName> read_by(const SqlText& query) {
  // SQLite's own syntax may not parse: then nothing is claimed, nor would it be.
  const auto facts = analyse_query(query.text);
  return facts ? facts->relations : std::vector<TableName>{};
}

std::vector<LockClaim> claims_of(const Context& context, const SqlText& query) {
  if (context.catalog.engine == Engine::sqlite) return {};
  Claims claims;
  for (const auto& name : read_by(query)) {
    const auto* known = context.catalog.table(name);
    if (known != nullptr) claims.add(known->name, LockMode::access_share);
    if (known == nullptr && context.catalog.assumed) claims.add(name, LockMode::access_share);
  }
  return claims.list();
}

std::optional<std::vector<std::string>> columns_of(const SqlText& query) {
  const auto facts = analyse_query(query.text);
  return facts ? facts->columns : std::nullopt;
}

TableName beside(const TableName& view) {
  return {view.schema, unique_name(view.name, kBeside, {})};
}

TableName aside(const TableName& view) {
  return {view.schema, unique_name(view.name, kAside, {})};
}

Result<void> refuse_taken_beside(const Context& context, const TableName& view) {
  for (const auto& name : {beside(view), aside(view)}) {
    if (context.catalog.table(name) == nullptr) continue;
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("{}, the name zdm needs to replace {}, exists already", quote(name),
                               quote(view)),
                   "finish the migration that replaces this view now, or rename what has the name");
  }
  return {};
}

Table shape_of(const SqlText& query, TableKind kind, const TableName& name) {
  Table view{.name = name, .kind = kind, .leaves = {name}};
  const auto columns = columns_of(query);
  view.assumed = !columns.has_value();
  for (const auto& column : columns.value_or(std::vector<std::string>{})) {
    view.columns.push_back(
        {.name = column, .attnum = static_cast<int>(view.columns.size()) + 1, .type = {}});
  }
  view.reads = read_by(query);
  view.view_query = query.text;
  return view;
}

std::string rename(TableKind kind, const TableName& from, const TableName& to) {
  return fmt::format("ALTER {} {} RENAME TO {}", words_for(kind), quote(from),
                     quote_identifier(to.name));
}

std::vector<std::string> lost_columns(const Table& old, const SqlText& query) {
  std::vector<std::string> lost;
  const auto columns = columns_of(query);
  if (!columns) return lost;
  for (const auto& column : old.columns) {
    if (!has(*columns, column.name)) lost.push_back(column.name);
  }
  return lost;
}

std::vector<std::string> lost_columns(const SqlText& old, const SqlText& query) {
  Table before;
  for (const auto& name : columns_of(old).value_or(std::vector<std::string>{})) {
    before.columns.push_back({.name = name, .type = {}});
  }
  return lost_columns(before, query);
}

std::optional<Warning> narrowed(const Context& context, const Table& old, const SqlText& query) {
  std::vector<std::string> words;
  if (context.phase == Phase::expand) {
    for (const auto& name : lost_columns(old, query)) {
      words.push_back(fmt::format("{} goes", quote_identifier(name)));
    }
  }
  const auto* next = context.catalog.table(beside(old.name));
  if (next != nullptr) {
    for (const auto& column : old.columns) {
      const auto* found = next->column(column.name);
      const auto name = quote_identifier(column.name);
      if (found == nullptr && !next->assumed && !columns_of(query)) {
        words.push_back(fmt::format("{} goes", name));
      } else if (found != nullptr && !found->type.empty() && found->type != column.type) {
        words.push_back(fmt::format("{} becomes {}", name, found->type));
      }
    }
  }
  if (words.empty()) return std::nullopt;
  return Warning{.code = "breaks-previous-release",
                 .message = fmt::format(
                     "from switch on, the running release reads another {}: {}; let the new query "
                     "have them too, or say compatible = \"reason\"",
                     quote(old.name), fmt::join(words, ", "))};
}

Result<void> refuse_lost_below(const Context& context, const Table& old, const SqlText& query) {
  const auto lost = lost_columns(old, query);
  for (const auto& dependent : old.dependents) {
    if (!dependent.certain) continue;
    for (const int attnum : dependent.attnums) {
      const auto* column = old.column(attnum);
      if (column == nullptr || !has(lost, column->name)) continue;
      return fail_at(where_of(context), ErrorCode::refused,
                     fmt::format("{} cannot be replaced: {} reads {}, which `query` lacks",
                                 quote(old.name), dependent.name, quote_identifier(column->name)),
                     "let the new query have the column, or replace what reads it first");
    }
  }
  return {};
}

}  // namespace zdm::planner::views
