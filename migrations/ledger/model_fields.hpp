#pragma once

#include <array>
#include <string_view>

#include "ledger/json_codec.hpp"
#include "locks/lock_modes.hpp"
#include "model/step.hpp"

/// The words and fields of all that the ledger stores as JSON. They are its format: a field may get
/// another name in C++, here it keeps the old one.
namespace zdm::migrations::codec {

using std::string_view_literals::operator""sv;

template <>
struct EnumWords<planner::DefaultKind> {
  static constexpr std::array words = {"none"sv, "constant"sv, "stable"sv, "volatile"sv};
};
template <>
struct EnumWords<planner::Identity> {
  static constexpr std::array words = {"none"sv, "always"sv, "by_default"sv};
};
template <>
struct EnumWords<planner::Generated> {
  static constexpr std::array words = {"none"sv, "stored"sv, "virtual"sv};
};
template <>
struct EnumWords<planner::ConstraintKind> {
  static constexpr std::array words = {"check"sv,       "foreign_key"sv, "unique"sv,
                                       "primary_key"sv, "exclusion"sv,   "not_null"sv};
};
template <>
struct EnumWords<planner::DependentKind> {
  static constexpr std::array words = {"view"sv,        "materialized_view"sv, "rule"sv,
                                       "policy"sv,      "generated_column"sv,  "publication"sv,
                                       "statistics"sv,  "function"sv,          "trigger"sv,
                                       "foreign_key"sv, "sequence"sv,          "other"sv};
};
template <>
struct EnumWords<planner::TableKind> {
  static constexpr std::array words = {"table"sv, "partitioned"sv,       "foreign"sv,
                                       "view"sv,  "materialized_view"sv, "virtual"sv};
};
template <>
struct EnumWords<planner::OnError> {
  static constexpr std::array words = {"fail"sv, "null"sv};
};
template <>
struct EnumWords<planner::UserTriggers> {
  static constexpr std::array words = {"refuse"sv, "fire"sv, "skip"sv};
};
template <>
struct EnumWords<planner::StepKind> {
  static constexpr std::array words = {"statement"sv, "transaction"sv, "backfill"sv, "verify"sv,
                                       "concurrent"sv};
};
template <>
struct EnumWords<planner::LockMode> {
  static constexpr auto& words = planner::kLockModeNames;
};
template <>
struct VariantWords<planner::Record> {
  static constexpr std::array words = {"column"sv, "name"sv, "forget"sv};
};
template <>
struct VariantWords<planner::StepAction> {
  static constexpr std::array words = {""sv, "sync"sv, "backfill"sv, "verify"sv, "concurrent"sv};
};
template <>
struct VariantWords<planner::Effect> {
  static constexpr std::array words = {
      "put_table"sv,       "drop_table"sv,  "rename_table"sv, "put_column"sv,    "drop_column"sv,
      "rename_column"sv,   "put_index"sv,   "drop_index"sv,   "rename_index"sv,  "put_constraint"sv,
      "drop_constraint"sv, "put_trigger"sv, "drop_trigger"sv, "put_enum_value"sv};
};

/// Names the fields of a struct in the order of their declaration. The structured binding counts
/// them: a field added to the struct does not compile until it is named here.
#define ZDM_FIELDS(Struct, ...)             \
  template <class V, Of<planner::Struct> T> \
  void fields(V& visit, T& object) {        \
    auto& [__VA_ARGS__] = object;           \
    visit(#__VA_ARGS__, __VA_ARGS__);       \
  }

ZDM_FIELDS(TableName, schema, name)
ZDM_FIELDS(MigrationId, value)
ZDM_FIELDS(Column, name, attnum, type, not_null, default_sql, default_kind, identity, generated,
           generated_sql, collation, comment, statistics_target, storage, compression, options,
           grants, has_missing_value)
ZDM_FIELDS(IndexKey, attnum, sql, suffix)
ZDM_FIELDS(Index, oid, name, method, unique, primary, exclusion, valid, ready, nulls_not_distinct,
           replica_identity, clustered, constraint, keys, include, predicate, with, tablespace,
           comment, statistics, definition, attnums)
ZDM_FIELDS(ForeignKey, table_oid, table, columns, index, indexes)
ZDM_FIELDS(Constraint, oid, name, kind, validated, deferrable, initially_deferred, no_inherit,
           attnums, definition, expression, references, index, comment)
ZDM_FIELDS(IncomingForeignKey, name, table, attnums, definition)
ZDM_FIELDS(Trigger, name, before, instead_of, row, on_insert, on_update, on_delete, enabled,
           enabled_mode, function, definition, update_of, attnums, comment, body_attnums, inserts_row)
ZDM_FIELDS(Dependent, kind, name, attnums, certain, oid, rebind, relation, reads, owner, ours,
           temporary, comment)
ZDM_FIELDS(AclItem, grantee, grantor, privilege, grantable, column)
ZDM_FIELDS(Access, owner_all, items, default_grantees)
ZDM_FIELDS(Table, oid, name, kind, owner, partition, partition_key, subpartitioned, inherits,
           inherited, row_security, force_row_security, replica_identity, published, subscribed,
           extension_member, empty, rows, bytes, leaves, columns, indexes, constraints, incoming,
           triggers, update_rules, dependents, comment, grants, access, uncarried, view_query,
           view_options, reads, populated, tablespace, access_method, sql, without_rowid, strict,
           assumed)
ZDM_FIELDS(SourceSpan, file, line, column, end_line, end_column)
ZDM_FIELDS(Assignment, column, expression, reads, type, where)
ZDM_FIELDS(SyncColumn, name, default_sql, default_kind, not_null)
ZDM_FIELDS(SyncRule, migration, change, old_side, new_side, forward, backward, on_error, repair)
ZDM_FIELDS(Fill, migration, change, assignments, inverse, repair)
ZDM_FIELDS(LockClaim, relation, mode)
ZDM_FIELDS(Guard, query, message, hint)
ZDM_FIELDS(RecordColumn, change, role, table, column)
ZDM_FIELDS(RecordName, change, role, table, name)
ZDM_FIELDS(ForgetColumn, change, role)
ZDM_FIELDS(SyncAction, table, enter, leave, generation, before, after)
ZDM_FIELDS(BackfillAction, table, fills, user_triggers, trigger)
ZDM_FIELDS(VerifyAction, table, fills)
ZDM_FIELDS(ConcurrentAction, probe, done_state, cleanup)
ZDM_FIELDS(PutTable, table)
ZDM_FIELDS(DropTable, table)
ZDM_FIELDS(RenameTable, from, to)
ZDM_FIELDS(PutColumn, table, column)
ZDM_FIELDS(DropColumn, table, column)
ZDM_FIELDS(RenameColumnTo, table, from, to)
ZDM_FIELDS(PutIndex, table, index)
ZDM_FIELDS(DropIndex, table, index)
ZDM_FIELDS(RenameIndex, table, from, to)
ZDM_FIELDS(PutConstraint, table, constraint)
ZDM_FIELDS(DropConstraint, table, constraint)
ZDM_FIELDS(PutTrigger, table, trigger)
ZDM_FIELDS(DropTrigger, table, trigger)
ZDM_FIELDS(PutEnumValue, type, value, before, after)
ZDM_FIELDS(Step, id, kind, sql, locks, in_transaction, destructive, rewrites, scans, note, guards,
           records, action, effects)

#undef ZDM_FIELDS

}  // namespace zdm::migrations::codec
