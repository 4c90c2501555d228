#include "matviews/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

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

enum class Verb { grant, revoke };

/// By whom it was granted: a privilege hangs on the grant option of its grantor.
void say(Verb verb, std::span<const AclItem> items, const std::string& owner, const TableName& made,
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
  const bool grant = verb == Verb::grant;
  sql.push_back(fmt::format("{} {} ON {} {} {}{}", grant ? "GRANT" : "REVOKE",
                            fmt::join(privileges, ", "), quote(made), grant ? "TO" : "FROM",
                            role(first.grantee),
                            grant && first.grantable ? " WITH GRANT OPTION" : ""));
  if (by_other) sql.emplace_back("RESET ROLE");
}

/// What was granted together is one statement.
void say_all(Verb verb, const std::vector<AclItem>& items, const std::string& owner,
             const TableName& made, Statements& sql) {
  for (auto at = items.begin(); at != items.end();) {
    const auto end =
        std::find_if_not(at, items.end(), [&](const auto& each) { return one_grant(*at, each); });
    say(verb, {at, end}, owner, made, sql);
    at = end;
  }
}

std::vector<AclItem> items_of(const Access& access, std::span<const std::string> columns) {
  std::vector<AclItem> items;
  std::ranges::copy_if(access.items, std::back_inserter(items), [&](const AclItem& item) {
    return item.column.empty() || std::ranges::find(columns, item.column) != columns.end();
  });
  return items;
}

std::vector<AclItem> without(const std::vector<AclItem>& items, const std::vector<AclItem>& those) {
  std::vector<AclItem> left;
  std::ranges::copy_if(items, std::back_inserter(left), [&](const AclItem& item) {
    return std::ranges::none_of(those, [&](const AclItem& each) {
      return one_grant(item, each) && item.privilege == each.privilege;
    });
  });
  return left;
}

}  // namespace

std::string_view words_for(TableKind kind) {
  return kind == TableKind::materialized_view ? "MATERIALIZED VIEW" : "VIEW";
}

std::string change_owner(TableKind kind, const TableName& view, const std::string& owner) {
  return fmt::format("ALTER {} {} OWNER TO {}", words_for(kind), quote(view),
                     quote_identifier(owner));
}

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
  say_all(Verb::grant, items_of(like, columns), owner, made, sql);
  return sql;
}

std::vector<std::string> level_access(const Access& present, const Access& like,
                                      const std::string& owner, const TableName& made,
                                      std::span<const std::string> columns) {
  Statements sql;
  const auto has = items_of(present, columns);
  const auto wanted = items_of(like, columns);
  // What hangs on a grant option goes before it.
  auto gone = without(has, wanted);
  std::ranges::reverse(gone);
  say_all(Verb::revoke, gone, owner, made, sql);
  if (present.owner_all && !like.owner_all) {
    sql.push_back(fmt::format("REVOKE ALL ON {} FROM {}", quote(made), role(owner)));
  } else if (!present.owner_all && like.owner_all) {
    sql.push_back(fmt::format("GRANT ALL ON {} TO {}", quote(made), role(owner)));
  }
  say_all(Verb::grant, without(wanted, has), owner, made, sql);
  return sql;
}

}  // namespace zdm::planner::views
