#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gate/facts.hpp"

namespace zdm::planner {

/// What the files told of tables. What they did not tell is blank, and there is a blank for every
/// name. Names are those under which things are to be found now.
class KnownTables {
 public:
  struct Type {
    SqlType type;
    std::string collation;

    friend auto operator<=>(const Type&, const Type&) = default;
  };
  /// There may be very many.
  struct Column {
    const Type* type = nullptr;  ///< null: not known
    bool not_null = false;       ///< declared, not by a CHECK
    bool has_default = false;
    unsigned demanded = 0;  ///< by so many valid CHECKs
  };
  struct Check {
    std::vector<std::string> reads = {};     ///< columns
    std::vector<std::string> not_null = {};  ///< columns it demands to be NOT NULL
    bool only_not_null = false;              ///< it demands nothing else
    bool valid = false;
    bool known = true;  ///< no file tells what it says
  };
  struct Index {
    TableName table;
    std::vector<std::string> keys = {};
    std::vector<std::string> reads = {};
    bool is_unique = false;
    bool is_partial = false;
  };
  struct Table {
    std::map<std::string, Column> columns;
    std::map<std::string, Check> checks;
    std::map<TableName, Index> indexes;
    std::vector<std::string> partition_key;  ///< its columns
    bool partitioned = false;
    bool plain = false;  ///< it is known not to be partitioned
  };

  [[nodiscard]] const Table& table(const TableName& name) const;
  [[nodiscard]] Table& table(const TableName& name) { return tables_[name]; }
  [[nodiscard]] const Column& column(const TableName& of, const std::string& name) const;
  [[nodiscard]] Column& column(const TableName& of, const std::string& name) {
    return tables_[of].columns[name];
  }
  [[nodiscard]] const Check* check(const TableName& of, const std::string& name) const;
  [[nodiscard]] const Index* index(const TableName& name) const;
  /// In words, what is done anew when a column gets a wider type: indexes are built, checks read
  /// all rows.
  [[nodiscard]] std::vector<std::string> done_anew(const TableName& of, const std::string& name,
                                                   const std::string& collation) const;

  void create(const SqlEffect& effect);
  void drop(const TableName& name);
  void move(const TableName& from, const TableName& to);

  void add_column(const SqlEffect& effect);
  void change_type(const SqlEffect& effect);
  void drop_column(const TableName& of, const std::string& name);
  void rename_column(const TableName& of, const std::string& from, const std::string& to);

  void add_check(const SqlEffect& effect);
  void validate(const TableName& of, const std::string& name);
  /// It no longer holds, but is known.
  void end_check(const TableName& of, const std::string& name);
  void drop_check(const TableName& of, const std::string& name);
  void rename_check(const TableName& of, const std::string& from, const std::string& to);

  /// Under a name of PostgreSQL's making where it has none.
  void add_index(TableName name, Index index, std::string_view suffix);
  void drop_index(const TableName& name);
  void move_index(const TableName& from, const TableName& to);

 private:
  void demand(const TableName& of, Check& check, bool valid);

  std::map<TableName, Table> tables_;
  std::map<TableName, TableName> index_tables_;
  std::set<Type> types_;
  std::size_t unnamed_ = 0;
};

}  // namespace zdm::planner
