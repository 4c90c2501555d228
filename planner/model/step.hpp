#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/catalog.hpp"
#include "model/error.hpp"
#include "model/names.hpp"
#include "sync/sync_rule.hpp"

namespace zdm::planner {

/// Table-level lock modes, weakest first: PostgreSQL manual, 13.3.1.
enum class LockMode {
  access_share,
  row_share,
  row_exclusive,
  share_update_exclusive,
  share,
  share_row_exclusive,
  exclusive,
  access_exclusive
};

/// "ACCESS EXCLUSIVE" and so on.
[[nodiscard]] std::string_view to_string(LockMode mode);
[[nodiscard]] std::optional<LockMode> parse_lock_mode(std::string_view text);

/// A lock that a step takes on a relation that existed before it.
struct LockClaim {
  std::string relation;  ///< schema.name, quoted as SQL needs
  LockMode mode = LockMode::access_share;
  friend auto operator<=>(const LockClaim&, const LockClaim&) = default;
};

enum class StepKind { statement, transaction, backfill, verify, concurrent };

[[nodiscard]] std::string_view to_string(StepKind kind);
[[nodiscard]] std::optional<StepKind> parse_step_kind(std::string_view text);

/// Must hold inside the step's transaction before its first statement; otherwise exit 5 (law 11).
struct Guard {
  std::string query;    ///< one row, one boolean
  std::string message;  ///< said when it is not true, or when the query itself fails
  std::string hint;     ///< what to do then
};

/// Asked of the server before the first step of a phase is stored (Steps::checks), otherwise
/// exit 3. Runs nothing of the user's: no trigger, and in a transaction that cannot write.
struct Check {
  TableName table;
  std::vector<std::string> columns;  ///< those it names; others of the table do not matter to it
  std::string query;
  std::string message;  ///< said when the server refuses it, or when the answer is not true
  std::string hint;
  SourceSpan where = {};    ///< of the expression, in the author's file
  bool answers = true;      ///< one row, one boolean; false: that the server takes it is the answer
  std::string hazard = {};  ///< not asked where the user allows this by name; or empty
  bool late = false;     ///< asked when its phase begins, not by a plan: it may change until then
  bool of_type = false;  ///< about a type, which an earlier change of kind sql may have yet to make
};

/// A column whose identity (table oid, attnum) the ledger keeps, written in the step's own
/// transaction.
struct RecordColumn {
  std::size_t change = 0;
  std::string role;  ///< "old", "new", …
  TableName table;
  std::string column;
};

/// The name given to an object the change makes (a twin index, a helper constraint); kept with
/// attnum 0.
struct RecordName {
  std::size_t change = 0;
  std::string role;  ///< "twin:users_name_idx", "not_null:full_name", …
  TableName table;
  std::string name;
};

/// Ends the record of a role: the object is gone.
struct ForgetColumn {
  std::size_t change = 0;
  std::string role;
};

using Record = std::variant<RecordColumn, RecordName, ForgetColumn>;

/// Puts rules into a table's trigger pair, or takes them out. The SQL of the step is composed from
/// all rules in flight on the table; if others changed them since it was planned, it is composed
/// again.
struct SyncAction {
  TableName table;
  std::vector<SyncRule> enter;
  std::vector<std::size_t> leave;   ///< changes of this migration whose rules leave
  std::int64_t generation = 0;      ///< of the table's rules when the SQL was composed
  std::vector<std::string> before;  ///< statements of the step around the trigger's own
  std::vector<std::string> after;
};

enum class UserTriggers { refuse, fire, skip };

struct BackfillAction {
  TableName table;
  std::vector<Fill> fills;
  UserTriggers user_triggers = UserTriggers::refuse;
  bool trigger = true;  ///< false: the application writes both shapes (dual_write = "app")
};

struct VerifyAction {
  TableName table;
  std::vector<Fill> fills;
};

/// A statement that cannot run in a transaction. `probe` says from the catalog how it stands:
/// one row, one text: 'absent', 'done' or 'invalid'.
struct ConcurrentAction {
  std::string probe;
  std::string done_state = "done";  ///< the probe's answer that means "nothing left to do"
  std::string
      cleanup;  ///< run (concurrently) when the probe says 'invalid'; empty: nothing to clean
};

using StepAction =
    std::variant<std::monostate, SyncAction, BackfillAction, VerifyAction, ConcurrentAction>;

/// What a step does to the catalog, so that a later change sees an earlier one.
struct PutTable {
  Table table;
};
struct DropTable {
  TableName table;
};
struct RenameTable {
  TableName from;
  TableName to;
};
struct PutColumn {
  TableName table;
  Column column;
};
struct DropColumn {
  TableName table;
  std::string column;
};
struct RenameColumnTo {
  TableName table;
  std::string from;
  std::string to;
};
struct PutIndex {
  TableName table;
  Index index;
};
struct DropIndex {
  TableName table;
  std::string index;
};
struct RenameIndex {
  TableName table;
  std::string from;
  std::string to;
};
struct PutConstraint {
  TableName table;
  Constraint constraint;
};
struct DropConstraint {
  TableName table;
  std::string constraint;
};
struct PutTrigger {
  TableName table;
  Trigger trigger;
};
struct DropTrigger {
  TableName table;
  std::string trigger;
};
struct PutEnumValue {
  TableName type;
  std::string value;
  std::string before;
  std::string after;
};

using Effect = std::variant<PutTable, DropTable, RenameTable, PutColumn, DropColumn, RenameColumnTo,
                            PutIndex, DropIndex, RenameIndex, PutConstraint, DropConstraint,
                            PutTrigger, DropTrigger, PutEnumValue>;

/// One thing zdm does in a phase. Its SQL is stored in the ledger before the first step runs.
struct Step {
  std::string id;  ///< "expand.1", unique within the migration; undo steps: "undo-expand.1"
  StepKind kind = StepKind::transaction;
  std::vector<std::string> sql;
  std::vector<LockClaim> locks;
  bool in_transaction = true;
  bool destructive = false;
  bool rewrites = false;
  bool scans = false;
  std::string note;
  std::vector<Guard> guards;
  std::vector<Record> records;
  StepAction action;
  std::vector<Effect> effects;
};

/// The catalog after the step.
[[nodiscard]] Catalog advance(Catalog catalog, const Step& step);

}  // namespace zdm::planner
