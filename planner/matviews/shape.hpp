#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/catalog.hpp"

/// All that makes a materialized view what it is, besides its rows, and the statements that make
/// another one the same. The catalog's words; names as they are, unquoted.
namespace zdm::planner {

struct ShapeColumn {
  std::string name;
  std::string type;                  ///< with its modifier and collation: compared, never written
  int statistics = -1;               ///< SET STATISTICS; -1: the server's default
  std::string storage;               ///< "EXTERNAL" …; empty: that of its type
  std::string compression;           ///< "lz4" …; empty: the server's default
  std::vector<std::string> options;  ///< "n_distinct=-0.5"
  std::string comment;
};

struct ShapeIndex {
  std::string name;
  std::string built;  ///< its name while it belongs to the view built beside
  bool unique = false;
  bool clustered = false;
  std::string tail;        ///< of its definition, from the access method on
  std::string tablespace;  ///< empty: the database's
  std::string comment;
  std::vector<std::pair<int, int>> statistics;  ///< column and target
};

struct ShapeStatistics {
  TableName name;
  std::string built;
  std::string owner;
  std::string body;  ///< "(ndistinct) ON a, b", as in CREATE STATISTICS
  int target = -1;
  std::string comment;
};

struct MatviewShape {
  std::string owner;
  std::string definition;            ///< its query, every name with its schema
  std::string access_method;         ///< "heap"
  std::string tablespace;            ///< empty: the database's
  std::vector<std::string> options;  ///< "fillfactor=70", "toast.autovacuum_enabled=off"
  std::string comment;
  Access access;
  std::vector<ShapeColumn> columns;
  std::vector<ShapeIndex> indexes;  ///< the valid ones
  std::vector<ShapeStatistics> statistics;
};

/// Gives indexes and statistics the names they have until the exchange. `taken`: names in their
/// schema.
void name_built_parts(MatviewShape& shape, const std::vector<std::string>& taken);

/// The view itself, empty, with its owner. One transaction, whose search path is pg_catalog.
[[nodiscard]] std::vector<std::string> create_like(const MatviewShape& shape,
                                                   const TableName& built);
/// Privileges, comments, options of columns, statistics. `granted`: who has privileges on
/// it by ALTER DEFAULT PRIVILEGES, names or empty for PUBLIC.
[[nodiscard]] std::vector<std::string> describe_like(const MatviewShape& shape,
                                                     const TableName& built,
                                                     const std::vector<std::string>& granted);
/// One index with what hangs on it. One transaction.
[[nodiscard]] std::vector<std::string> index_like(const ShapeIndex& index, const TableName& built);

}  // namespace zdm::planner
