#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gate/costs.hpp"
#include "gate/facts.hpp"
#include "gate/known_domains.hpp"
#include "gate/known_tables.hpp"
#include "gate/search_path.hpp"

namespace zdm::planner {

/// What the statements before the present one did, in this release and in this transaction.
class History {
 public:
  /// The home is the schema of what is created without one by sessions that set no search path.
  explicit History(std::string home) : home_(std::move(home)) {}

  /// Nobody can hold or read it yet: it was created unconditionally before, in this release.
  [[nodiscard]] bool is_new(ObjectKind kind, const TableName& name) const;
  /// Or another relation that nobody can use but through a new table: its index, a new sequence.
  [[nodiscard]] bool is_new_table(const TableName& name) const;
  [[nodiscard]] bool is_new_column(const TableName& table, const std::string& column) const;
  [[nodiscard]] bool is_partitioned(const TableName& table) const;
  /// It is known not to be.
  [[nodiscard]] bool is_plain(const TableName& table) const;
  /// A valid CHECK of this release demands it, or the column was declared so.
  [[nodiscard]] bool is_not_null(const TableName& table, const std::string& column) const;
  /// The type that files gave the column last.
  [[nodiscard]] const SqlType* type_of(const TableName& table, const std::string& column) const;
  /// In words, what is done anew when the column gets a type that is no more than wider.
  [[nodiscard]] std::vector<std::string> done_anew(const SqlEffect& effect) const;
  using Index = KnownTables::Index;
  [[nodiscard]] const Index* index(const TableName& name) const;
  /// Of a partitioned table.
  [[nodiscard]] bool is_partitioned_index(const TableName& name) const;
  [[nodiscard]] bool is_constrained_domain(const SqlType& type) const;
  /// A function of this release that is IMMUTABLE or STABLE.
  [[nodiscard]] bool is_steady(const std::string& function) const;
  /// Added by this release.
  [[nodiscard]] bool is_new_constraint(const TableName& table, const std::string& name) const;
  /// A CHECK that demands no more than the NOT NULL its columns have.
  [[nodiscard]] bool is_implied_check(const TableName& table, const std::string& name) const;
  /// Inserts may leave it out: as far as the files tell, of a column that they add.
  [[nodiscard]] bool has_default(const TableName& table, const std::string& column) const;
  /// "IF NOT EXISTS" or "OR REPLACE", with which this release made it: it may have been there.
  [[nodiscard]] std::string_view doubt(ObjectKind kind, const TableName& name) const;
  /// A valid CHECK of this table reads what decides to which partition of the other a row belongs,
  /// as far as both are known.
  [[nodiscard]] bool has_bounds_check(const TableName& table, const TableName& parent) const;

  /// In the present transaction: added NOT VALID.
  [[nodiscard]] bool added_here(const TableName& table, const std::string& constraint) const;
  struct Held {
    TableName table;
    LockMode mode = LockMode::access_share;
  };
  /// In the present transaction: locks that block writers of tables that are not new, oldest first,
  /// one for each table.
  [[nodiscard]] const std::vector<Held>& held() const { return held_; }
  [[nodiscard]] bool holds(const TableName& table) const;
  /// In the present transaction: tables that are not new whose writers wait since a new one refers
  /// to them, or is their partition.
  [[nodiscard]] const std::vector<TableName>& held_for_new() const { return held_for_new_; }
  /// cost_of, and what the files tell of relations that the statement does not name.
  [[nodiscard]] SqlCost cost(const SqlEffect& effect, int postgres) const;
  /// What the effect would add, whether or not it is held.
  [[nodiscard]] std::vector<Held> would_hold(const SqlEffect& effect, int postgres) const;
  struct EnumValue {
    TableName type;
    std::string value;
  };
  [[nodiscard]] const std::vector<EnumValue>& values_added_here() const { return values_; }

  /// A view of this name follows in the statement's transaction.
  [[nodiscard]] bool view_follows(const StatementFacts& statement, const TableName& name) const;
  /// A policy for the table follows in the statement's transaction.
  [[nodiscard]] bool policy_follows(const StatementFacts& statement, const TableName& table) const;
  /// An earlier statement made a policy for the table.
  [[nodiscard]] bool has_policy(const TableName& table) const;
  /// The trigger of the table is made (anew) in the statement's transaction.
  [[nodiscard]] bool trigger_follows(const StatementFacts& statement, const TableName& table,
                                     const std::string& trigger) const;
  /// Made by this release.
  [[nodiscard]] bool is_new_trigger(const TableName& table, const std::string& trigger) const;

  /// Before the statements of a file.
  void look_ahead(const FileFacts& facts);
  /// A release ends: what it made is no longer new, what it guarantees holds.
  void end_release();
  /// Before the effects of a statement. What it drops counts first, wherever in it that stands.
  void start(const StatementFacts& statement);
  void note(const StatementFacts& statement, const SqlEffect& effect, int postgres);

 private:
  using Column = std::pair<TableName, std::string>;
  using Object = std::pair<ObjectKind, TableName>;
  /// When something was made.
  struct Made {
    std::size_t transaction = 0;
    std::size_t order = 0;  ///< among all effects
  };

  /// The name as it is kept: without a schema where it is in the home.
  [[nodiscard]] TableName resolved(const TableName& name) const;
  /// As written, but without the schema of the home.
  [[nodiscard]] TableName bare(const TableName& name) const;
  [[nodiscard]] bool is_kept(const TableName& name) const;
  [[nodiscard]] bool made(ObjectKind kind, const TableName& resolved) const;
  [[nodiscard]] Made now(const StatementFacts& statement) const;
  void enter(const StatementFacts& statement);
  void learn(const StatementFacts& statement, const SqlEffect& effect, int postgres);
  void create(const StatementFacts& statement, const SqlEffect& effect);
  void create_index(const SqlEffect& effect);
  void own_sequence(const StatementFacts& statement, const TableName& table,
                    const ColumnFacts& column);
  void drop(const SqlEffect& effect);
  void add_value(const StatementFacts& statement, const SqlEffect& effect, int postgres);
  void add_column(const StatementFacts& statement, const SqlEffect& effect);
  void constrain(const SqlEffect& effect);
  void add_key(const SqlEffect& effect);
  [[nodiscard]] bool has_key(const SqlEffect& effect) const;
  void rename(const SqlEffect& effect);
  void rename_column(const SqlEffect& effect);
  void rename_foreign_key(const SqlEffect& effect);
  void move_relatives(const TableName& from, const TableName& to);
  void move(const SqlEffect& effect, const TableName& to);
  void move_new(ObjectKind kind, const TableName& from, const TableName& to);
  void forget_table(const TableName& table);
  void hold(const SqlEffect& effect, int postgres);
  [[nodiscard]] std::vector<Held> beside(const SqlEffect& effect) const;
  [[nodiscard]] std::vector<TableName> referred_from(const SqlEffect& effect) const;
  void forget(const SqlEffect& effect);
  void roll_back(std::size_t after);
  void roll_back_to(const std::string& savepoint);

  std::string home_;
  KnownTables tables_;
  KnownDomains domains_;
  SearchPath path_;
  std::map<Object, Made> new_;
  std::map<Column, Made> columns_;  // new ones
  std::map<Object, std::string_view> doubtful_;
  std::set<Column> constraints_;     // new ones
  std::set<Column> triggers_;        // new ones
  std::set<std::string> temporary_;  // tables of the session: found before all others
  std::map<TableName, std::set<std::string>> sequences_;  // of new serial and identity columns
  struct ForeignKey {
    TableName other;
    std::vector<std::string> keys;
  };
  std::map<TableName, std::map<std::string, ForeignKey>> foreign_keys_;
  std::map<TableName, TableName> parents_;  // of partitions
  std::set<TableName> policies_;            // tables
  std::set<std::string> steady_;

  struct Ahead {
    std::size_t transaction = 0;
    std::size_t offset = 0;
  };
  std::map<TableName, Ahead> views_ahead_;     // the last of each name
  std::map<TableName, Ahead> policies_ahead_;  // the last of each table
  std::map<Column, Ahead> triggers_ahead_;
  template <class Name>
  [[nodiscard]] static bool follows(const std::map<Name, Ahead>& ahead,
                                    const StatementFacts& statement, const Name& name);

  std::optional<std::size_t> transaction_;
  std::size_t order_ = 0;
  std::vector<std::pair<std::string, std::size_t>> savepoints_;  // of the transaction, with order_
  std::set<Column> added_;
  std::vector<Held> held_;
  std::set<TableName> held_names_;
  std::vector<TableName> held_for_new_;
  std::vector<EnumValue> values_;
};

}  // namespace zdm::planner
