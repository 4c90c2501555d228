#include "sql/query.hpp"

#include "support/catch.hpp"

using namespace zdm::planner;

TEST_CASE("a query may read a column it names, or cannot be seen not to", "[unit][sql]") {
  const TableName users{"public", "users"};
  const auto may = [&](std::string_view query) { return may_read_column(query, users, "name"); };
  for (const auto* query :
       {"SELECT name FROM users", "SELECT u.name FROM users u", "SELECT * FROM users",
        "SELECT u.* FROM orders o JOIN users u ON u.id = o.owner",
        "SELECT id FROM users WHERE name <> ''", "SELECT id FROM users JOIN pets USING (name)",
        "SELECT id FROM users NATURAL JOIN pets", "SELECT name FROM orders, users",
        "SELECT public.users.name FROM users",
        "SELECT o.id FROM orders o WHERE EXISTS (SELECT FROM users WHERE users.name = o.name)",
        "WITH w AS (SELECT users.name FROM public.users) SELECT 1 FROM w",
        "SELECT full_name AS x FROM users UNION SELECT name FROM users", "SELECT FROM WHERE", ""}) {
    INFO(query);
    CHECK(may(query));
  }
  for (const auto* query :
       {"SELECT full_name AS name FROM users", "SELECT u.full_name AS name FROM users AS u",
        "SELECT o.name, o.* FROM orders o JOIN users u ON u.id = o.owner",
        "SELECT s.name FROM (SELECT full_name AS name FROM users) AS s",
        "SELECT users.name FROM other.users", "SELECT count(*) FROM users",
        "SELECT \"Name\" FROM users", "SELECT 'name' FROM users"}) {
    INFO(query);
    CHECK_FALSE(may(query));
  }
}
