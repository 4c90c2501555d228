#include "matviews/access.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sql/quote.hpp"

namespace zdm::planner::views {
namespace {

using Statements = std::vector<std::string>;

std::string role(const std::string& name) {
  return name.empty() ? "PUBLIC" : quote_identifier(name);
}

bool one_grant(const AclItem& one, const AclItem& other) {
  return one.grantee == other.grantee && one.grantor == other.grantor &&
         one.grantable == other.grantable && one.column == other.column;
}

/// Granted by whom it was granted: a privilege hangs on the grant option of its grantor.
void grant(std::span<const AclItem> items, const std::string& owner, const TableName& made,
           Statements& sql) {
  const auto& first = items.front();
  Statements privileges;
  for (const auto& item : items) {
    privileges.push_back(item.column.empty() ? item.privilege
                                             : fmt::format("{} ({})", item.privilege,
                                                           quote_identifier(item.column)));
  }
  const bool by_other = !first.grantor.empty() && first.grantor != owner;
  if (by_other) sql.push_back("SET LOCAL ROLE " + quote_identifier(first.grantor));
  sql.push_back(fmt::format("GRANT {} ON {} TO {}{}", fmt::join(privileges, ", "), quote(made),
                            role(first.grantee), first.grantable ? " WITH GRANT OPTION" : ""));
  if (by_other) sql.emplace_back("RESET ROLE");
}

}  // namespace

std::vector<std::string> copy_access(const Access& like, const std::string& owner,
                                     const TableName& made, std::span<const std::string> granted,
                                     std::span<const std::string> columns) {
  Statements sql;
  for (const auto& grantee : granted) {
    if (grantee == owner) continue;
    sql.push_back(fmt::format("REVOKE ALL ON {} FROM {}", quote(made), role(grantee)));
  }
  if (!like.owner_all) {
    sql.push_back(fmt::format("REVOKE ALL ON {} FROM {}", quote(made), role(owner)));
  } else if (!granted.empty()) {  // which may have taken something from the owner
    sql.push_back(fmt::format("GRANT ALL ON {} TO {}", quote(made), role(owner)));
  }
  std::vector<AclItem> items;
  for (const auto& item : like.items) {
    const bool there =
        item.column.empty() || std::ranges::find(columns, item.column) != columns.end();
    if (there) items.push_back(item);
  }
  for (auto at = items.begin(); at != items.end();) {
    const auto end =
        std::find_if_not(at, items.end(), [&](const auto& each) { return one_grant(*at, each); });
    grant({at, end}, owner, made, sql);
    at = end;
  }
  return sql;
}

}  // namespace zdm::planner::views
