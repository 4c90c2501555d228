#pragma once

#include <string>
#include <vector>

#include "model/catalog.hpp"
#include "model/error.hpp"
#include "model/names.hpp"

namespace zdm::planner {

/// What a derived side becomes when its expression fails inside the application's write.
enum class OnError { fail, null };

/// One side's value: `column := expression`, the expression over the row, written as the author
/// wrote it.
struct Assignment {
  std::string column;
  std::string expression;
  std::vector<std::string> reads;  ///< columns of the row the expression reads
  /// The column's type as format_type() has it, so that a value is compared as it is stored
  /// (numeric(10,2) rounds; json has no equality). Empty: unknown, compared as the expression gives
  /// it.
  std::string type;
  SourceSpan where = {};  ///< in the author's file
};

/// A column as the rule must know it to tell "given" from "left at its default".
struct SyncColumn {
  std::string name;
  std::string default_sql;  ///< the default in force while the rule is installed; empty: none
  DefaultKind default_kind = DefaultKind::none;
  bool not_null = false;  ///< must not be NULL (SQLite: enforced by our triggers)
};

/// How two shapes of a row are held equal while releases of both run (law 1).
///
/// forward fills the new shape from the old, backward the old from the new. A one-way rule has only
/// one of them: `add_column` with `up` has no old side of its own (forward only), `drop_column`
/// with `down` no new side (backward only), an in-place repair (`set_not_null` with `up`) sets
/// `repair`: a forward assignment applied whenever its column is NULL, whatever was written.
struct SyncRule {
  MigrationId migration;
  std::size_t change = 0;  ///< index in the migration's file
  std::vector<SyncColumn> old_side;
  std::vector<SyncColumn> new_side;
  std::vector<Assignment> forward;
  std::vector<Assignment> backward;
  OnError on_error = OnError::fail;
  bool repair = false;
};

/// What one pass over the table fills for one change: `column := expression where column is null`.
struct Fill {
  MigrationId migration;
  std::size_t change = 0;
  std::vector<Assignment> assignments;
  std::vector<Assignment> inverse;  ///< for verification: old == down(new); may be empty
  /// Only NULL is wrong: any other value is its writer's own (in-place repairs, `add_column` with
  /// `up`, whose later rows the new release may give values of its own).
  bool repair = false;
};

}  // namespace zdm::planner
