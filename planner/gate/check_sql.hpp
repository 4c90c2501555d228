#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gate/costs.hpp"
#include "gate/finding.hpp"
#include "gate/release_marks.hpp"
#include "gate/sql_file.hpp"
#include "model/catalog.hpp"

namespace zdm::planner {

struct GateOptions {
  int postgres = 15;  ///< the server's major version, 12 to 18
  /// What runs, in words. Empty: unknown, and each file is taken as a release of its own.
  std::string base = {};
  std::vector<SqlFile> shipped = {};  ///< what base has of the files, in their order
  Retired retired = {};               ///< by the migrations of base
  bool costs = false;                 ///< tell what each statement costs
  const Catalog* catalog = nullptr;   ///< of a database that was asked, as it is now
  /// Given what is found in a file once it is judged, which the verdict leaves out then: nothing
  /// looks at the text of that file any more.
  std::function<void(const SqlFile&, std::vector<Finding>)> judged = {};
};

/// What a statement costs a database in use: `zdm check --explain-locks`.
struct StatementCost {
  SourceSpan where;
  std::string statement;
  std::vector<LockClaim> locks;
  Certainty rewrites = Certainty::no;
  Certainty scans = Certainty::no;
  bool in_transaction = false;  ///< the locks stay until a later statement commits
};

/// What the rules say of the files of a release, in the order in which they run.
struct SqlVerdict {
  std::vector<Finding> findings;  ///< sorted by file (in the order given), then place
  std::size_t statements = 0;
  std::size_t unanalysed = 0;  ///< statements nothing is known of; each is a finding too
  std::vector<StatementCost> costs;
};

/// Severities are the rules' own: a team's come later. Nothing is left out for a zdm:allow here.
[[nodiscard]] SqlVerdict check_sql(const std::vector<SqlFile>& files, const GateOptions& options);

}  // namespace zdm::planner
