#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/names.hpp"
#include "model/step.hpp"

/// What a partition gets from neither LIKE nor ATTACH (measured on PostgreSQL 12 to 18), and what
/// else making or retiring one touches.
namespace zdm::planner {

struct Grant {
  std::string privilege;  ///< SELECT
  std::string column;     ///< empty: on the whole table
  std::string grantee;    ///< as SQL names it: PUBLIC, or a role, quoted as needed
  bool grantable = false;
};

struct RowPolicy {
  std::string name;
  bool permissive = true;
  std::string command;             ///< ALL, SELECT …
  std::vector<std::string> roles;  ///< as SQL names them
  std::optional<std::string> using_expression;
  std::optional<std::string> check_expression;
};

struct ColumnTrait {
  std::string column;
  std::optional<int> statistics;
  std::vector<std::string> options;  ///< n_distinct=… as the catalog has them
};

/// A trigger of zdm's own that PostgreSQL 12 does not clone to new partitions.
struct LeafTrigger {
  std::string before;  ///< the definition up to the table's name
  std::string after;   ///< and behind it
};

struct ChildTraits {
  std::string owner;  ///< as SQL names it; empty: the role that zdm runs as
  std::string access_method;
  std::string tablespace;
  bool unlogged = false;
  std::vector<std::string> options;  ///< autovacuum_enabled=…, toast.… as the catalog has them
  std::vector<std::string>
      revoked_from;  ///< whom the server's defaults give what the model has not
  std::vector<Grant> grants;
  bool row_security = false;
  bool force_row_security = false;
  std::vector<RowPolicy> policies;
  std::string replica_identity;     ///< FULL, NOTHING, INDEX; empty: the primary key
  std::string replica_identity_of;  ///< the parent's index, as SQL names it
  std::vector<ColumnTrait> columns;
  std::vector<LeafTrigger> triggers;
  std::vector<LockClaim> attach_claims;  ///< on tables of foreign keys
};

}  // namespace zdm::planner
