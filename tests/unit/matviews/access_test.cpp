#include "matviews/access.hpp"

#include "support/catch.hpp"

namespace zdm::planner::views {
namespace {

using Statements = std::vector<std::string>;

const TableName kMade = {"s", "n"};

AclItem item(const std::string& grantee, const std::string& grantor, const std::string& privilege) {
  return {.grantee = grantee, .grantor = grantor, .privilege = privilege, .column = {}};
}

Statements copied(const Access& like, const Statements& granted, const Statements& columns = {}) {
  return copy_access(like, "Owner", kMade, granted, columns);
}

}  // namespace

TEST_CASE("privileges are as they were: what defaults gave goes, grantors are kept", "[matviews]") {
  Access like{.owner_all = false,
              .items = {item("a", "Owner", "SELECT"), item("", "a", "SELECT")},
              .default_grantees = {}};
  like.items[0].grantable = true;
  CHECK(copied(like, {"stranger", ""}) ==
        Statements{"REVOKE ALL ON s.n FROM stranger", "REVOKE ALL ON s.n FROM PUBLIC",
                   "REVOKE ALL ON s.n FROM \"Owner\"", "GRANT SELECT ON s.n TO a WITH GRANT OPTION",
                   "SET LOCAL ROLE a", "GRANT SELECT ON s.n TO PUBLIC", "RESET ROLE"});
}

TEST_CASE("an owner who may do all keeps that, whatever defaults took from it", "[matviews]") {
  CHECK(copied({}, {"Owner", "stranger"}) ==
        Statements{"REVOKE ALL ON s.n FROM stranger", "GRANT ALL ON s.n TO \"Owner\""});
  CHECK(copied({}, {}).empty());
}

TEST_CASE("what is granted together is one statement, and of columns only those that stay",
          "[matviews]") {
  Access like{.owner_all = true,
              .items = {item("a", "Owner", "INSERT"), item("a", "Owner", "SELECT"),
                        item("b", "Owner", "SELECT"), item("b", "Owner", "UPDATE"),
                        item("b", "Owner", "SELECT"), item("c", "Owner", "SELECT")},
              .default_grantees = {}};
  like.items[3].column = like.items[4].column = "x y";
  like.items[5].column = "gone";
  CHECK(copied(like, {}, {"x y"}) ==
        Statements{"GRANT INSERT, SELECT ON s.n TO a", "GRANT SELECT ON s.n TO b",
                   "GRANT UPDATE (\"x y\"), SELECT (\"x y\") ON s.n TO b"});
}

TEST_CASE("privileges that are there already are levelled: what hangs on another goes first",
          "[matviews]") {
  Access present{.owner_all = true,
                 .items = {item("a", "Owner", "SELECT"), item("b", "Owner", "SELECT"),
                           item("c", "a", "SELECT")},
                 .default_grantees = {}};
  present.items[0].grantable = true;
  const Access like{.owner_all = false,
                    .items = {item("Owner", "Owner", "SELECT"), item("b", "Owner", "SELECT"),
                              item("b", "Owner", "UPDATE")},
                    .default_grantees = {}};
  CHECK(level_access(present, like, "Owner", kMade, {}) ==
        Statements{"SET LOCAL ROLE a", "REVOKE SELECT ON s.n FROM c", "RESET ROLE",
                   "REVOKE SELECT ON s.n FROM a", "REVOKE ALL ON s.n FROM \"Owner\"",
                   "GRANT SELECT ON s.n TO \"Owner\"", "GRANT UPDATE ON s.n TO b"});
  CHECK(level_access(like, like, "Owner", kMade, {}).empty());
}

}  // namespace zdm::planner::views
