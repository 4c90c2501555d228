#include "recipes/view_words.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "locks/claims.hpp"
#include "sql/query.hpp"
#include "sql/quote.hpp"

namespace zdm::planner::views {

namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// "SELECT, UPDATE TO app" on something: the privileges up to TO, then whom they go to.
std::string grant(const std::string& words, const std::string& columns, const TableName& view) {
  const auto to = words.find(" TO ");
  std::string privileges = words.substr(0, to);
  if (!columns.empty()) {
    // Each privilege names its columns: GRANT SELECT (a), UPDATE (a).
    for (auto at = privileges.find(", "); at != std::string::npos;
         at = privileges.find(", ", at + columns.size() + 3)) {
      privileges.insert(at, fmt::format(" ({})", columns));
    }
    privileges += fmt::format(" ({})", columns);
  }
  return fmt::format("GRANT {} ON {}{}", privileges, quote(view), words.substr(to));
}

}  // namespace

std::vector<std::string> share(const Context& context, const TableName& view, const Table& like,
                               const std::vector<std::string>& columns) {
  std::vector<std::string> sql;
  if (!like.owner.empty() && like.owner != context.catalog.user) {
    sql.push_back(
        fmt::format("ALTER VIEW {} OWNER TO {}", quote(view), quote_identifier(like.owner)));
  }
  for (const auto& words : like.grants) sql.push_back(grant(words, {}, view));
  for (const auto& column : like.columns) {
    if (!has(columns, column.name)) continue;
    for (const auto& words : column.grants) {
      sql.push_back(grant(words, quote_identifier(column.name), view));
    }
  }
  return sql;
}

std::vector<std::string> describe(const TableName& view, const Table& like,
                                  const std::vector<std::string>& columns) {
  std::vector<std::string> sql;
  if (!like.comment.empty()) {
    sql.push_back(
        fmt::format("COMMENT ON VIEW {} IS {}", quote(view), quote_literal(like.comment)));
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

}  // namespace zdm::planner::views
