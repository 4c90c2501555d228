#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gate/facts.hpp"

namespace zdm::planner {

/// What the statements before the present one did, in this release and in this transaction.
class History {
 public:
  /// Nobody can hold or read it yet: it was created unconditionally before, in this release.
  [[nodiscard]] bool is_new(ObjectKind kind, const TableName& name) const;
  [[nodiscard]] bool is_new_table(const TableName& name) const;
  [[nodiscard]] bool is_new_column(const TableName& table, const std::string& column) const;
  [[nodiscard]] bool is_partitioned(const TableName& table) const;
  /// A valid CHECK of this release demands it, or the column was declared so.
  [[nodiscard]] bool is_not_null(const TableName& table, const std::string& column) const;
  /// The type a table of this release gave the column.
  [[nodiscard]] const SqlType* type_of(const TableName& table, const std::string& column) const;
  struct Index {
    TableName table;
    std::vector<std::string> keys;
    bool is_unique = false;
  };
  [[nodiscard]] const Index* index(const TableName& name) const;
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
  /// A CHECK on this table was validated, or added with validation, in this release.
  [[nodiscard]] bool has_valid_check(const TableName& table) const;

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
  /// What the effect would add, whether or not it is held.
  [[nodiscard]] std::vector<Held> would_hold(const SqlEffect& effect, int postgres) const;
  struct EnumValue {
    TableName type;
    std::string value;
  };
  [[nodiscard]] const std::vector<EnumValue>& values_added_here() const { return values_; }

  /// A view of this name follows in the statement's transaction.
  [[nodiscard]] bool view_follows(const StatementFacts& statement, const TableName& name) const;

  /// Before the statements of a file.
  void look_ahead(const FileFacts& facts);
  /// A release ends: what it made is no longer new, what it guarantees holds.
  void end_release();
  void start(const StatementFacts& statement);
  void note(const StatementFacts& statement, const SqlEffect& effect, int postgres);

 private:
  using Column = std::pair<TableName, std::string>;
  using Object = std::pair<ObjectKind, TableName>;

  void create(const StatementFacts& statement, const SqlEffect& effect);
  void add_value(const StatementFacts& statement, const SqlEffect& effect, int postgres);
  void add_column(const SqlEffect& effect);
  void declare_not_null(const TableName& table, const std::string& column, bool value);
  void constrain(const SqlEffect& effect);
  void rename(const SqlEffect& effect);
  void hold(const SqlEffect& effect, int postgres);
  void roll_back();

  /// What the files told of a column. There may be very many.
  struct KnownColumn {
    const SqlType* type = nullptr;  ///< one of types_; null: not known
    bool not_null = false;
    bool declared_not_null = false;  ///< not by a CHECK
    bool has_default = false;
  };
  [[nodiscard]] const KnownColumn& known(const TableName& table, const std::string& column) const;
  [[nodiscard]] KnownColumn& known(const TableName& table, const std::string& column) {
    return known_[table][column];
  }

  std::map<TableName, std::map<std::string, KnownColumn>> known_;
  std::set<SqlType> types_;
  std::map<Object, std::size_t> new_;      // to its transaction
  std::map<Column, std::size_t> columns_;  // to the transaction that added it
  std::set<TableName> partitioned_;
  std::map<Object, std::string_view> doubtful_;
  std::set<Column> constraints_;                        // new ones
  std::map<Column, std::vector<std::string>> helpers_;  // CHECKs for NOT NULL alone → columns
  std::map<Column, std::vector<std::string>> checks_;   // NOT VALID: constraint → columns
  std::map<TableName, Index> indexes_;
  std::set<TableName> domains_;
  std::set<std::string> steady_;
  std::set<TableName> checked_;

  struct Ahead {
    std::size_t transaction = 0;
    std::size_t offset = 0;
  };
  std::map<TableName, Ahead> views_ahead_;  // the last of each name

  std::optional<std::size_t> transaction_;
  std::set<Column> added_;
  std::vector<Held> held_;
  std::set<TableName> held_names_;
  std::vector<EnumValue> values_;
};

}  // namespace zdm::planner
