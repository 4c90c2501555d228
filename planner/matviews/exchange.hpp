#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "matviews/shape.hpp"
#include "model/error.hpp"
#include "model/step.hpp"

/// How a materialized view that was built beside takes the place of the old one, and what stands on
/// the old one comes to stand on it.
namespace zdm::planner {

enum class FollowerKind {
  view,      ///< CREATE OR REPLACE VIEW: it stays the same object
  function,  ///< SQL-standard body: CREATE OR REPLACE FUNCTION
  policy,    ///< ALTER POLICY
  rule,      ///< CREATE OR REPLACE RULE
  matview,   ///< must be built beside, too
  other,     ///< cannot follow
};

/// Something that stands on the old view by its oid.
struct Follower {
  FollowerKind kind = FollowerKind::other;
  std::string described;  ///< "view app.totals", as the server describes it
  TableName relation;     ///< the view, or the table of the policy or rule
  std::uint32_t oid = 0;  ///< of the relation where it is a materialized view
  std::string name;       ///< of the policy
  std::string owner;
  std::vector<std::string> options;  ///< of a view
  std::string definition;            ///< a view's query, a function's or rule's whole statement
  std::string check;                 ///< a policy's WITH CHECK; `definition` is its USING
  std::vector<TableName> reads;      ///< relations its definition names
  bool temporary = false;            ///< of some session alone
  bool ours = true;                  ///< this role may replace it
};

/// One of the views that are exchanged together: the one asked for, and those that read it
/// directly.
struct ExchangeMember {
  TableName name;
  TableName built;    ///< where the new one is until the exchange
  std::string aside;  ///< what the old one is called for the rest of the transaction
  MatviewShape shape;
};

/// Those that cannot follow, with the reason, one line each; empty: all can.
[[nodiscard]] std::vector<std::string> cannot_follow(const std::vector<Follower>& followers);

/// One short transaction, in three parts; all statements run with search path pg_catalog.
struct ExchangePlan {
  /// Take the locks and change nothing. After them the shapes and followers are read again: what is
  /// not as planned ends the transaction.
  std::vector<std::string> lock;
  std::vector<std::string> exchange;
  std::vector<LockClaim> claims;
};
[[nodiscard]] ExchangePlan plan_exchange(const std::vector<ExchangeMember>& members,
                                         const std::vector<Follower>& followers);

}  // namespace zdm::planner
