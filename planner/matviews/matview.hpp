#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/names.hpp"

namespace zdm::planner {

/// A column, as far as a unique index over it is concerned.
struct MatviewColumn {
  std::string name;
  bool sortable = true;       ///< its type has a default operator class for btree
  bool looks_unique = false;  ///< by the statistics: no two rows alike, no NULL
};

/// An index that is unique.
struct UniqueIndex {
  std::string name;
  std::vector<std::string> columns;  ///< of the key
  std::string unusable;              ///< why REFRESH CONCURRENTLY cannot use it; empty: it can
};

/// A materialized view as the catalog has it.
struct Matview {
  TableName name;
  std::uint32_t oid = 0;
  std::string owner;
  bool populated = false;
  bool visible = false;      ///< found through the search path without its schema
  bool may_refresh = false;  ///< owner, or MAINTAIN on PostgreSQL 17 and later
  bool may_read = false;
  bool locked = false;          ///< somebody keeps it from being read, or waits to
  std::int64_t bytes = 0;       ///< with indexes and TOAST
  std::int64_t rows = 0;        ///< an estimate; 0: unknown
  std::optional<double> bloat;  ///< heap by what its rows need, by the statistics
  std::vector<MatviewColumn> columns;
  std::vector<std::string> indexes;  ///< all of them, in the view's schema
  std::vector<UniqueIndex> unique_indexes;
  std::vector<TableName> reads;           ///< materialized views, also through views and functions
  std::vector<TableName> reads_directly;  ///< relations its query names
};

/// Whether it can be refreshed concurrently, and if not, what it takes.
struct Eligibility {
  std::vector<std::string> key;  ///< of the index that makes it so; empty: it is not
  std::string reason;            ///< why not
  std::string index_name;        ///< of the index to create
  std::vector<std::string> index_columns;
  std::string create_index;  ///< the statement; empty: no index can make it so

  [[nodiscard]] bool eligible() const { return !key.empty(); }
};

/// REFRESH … CONCURRENTLY needs a unique btree index that is valid, without WHERE, over columns
/// alone (PostgreSQL manual, REFRESH MATERIALIZED VIEW). The index proposed is over what the
/// statistics show as unique, else over all columns. `taken`: names in the view's schema.
[[nodiscard]] Eligibility eligibility(const Matview& view, const std::vector<std::string>& taken);

/// A query of one boolean: a row holds NULL in a column of the key. Such rows match nothing and are
/// written anew by every refresh.
[[nodiscard]] std::string null_keys_condition(const std::vector<std::string>& key);

}  // namespace zdm::planner
