#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "model/names.hpp"
#include "sql/expression.hpp"

namespace zdm::planner {

/// What a query of PostgreSQL is made of.
struct QueryFacts {
  /// Tables and views it reads, as written, each once; its own WITH queries left out.
  std::vector<TableName> relations;
  /// The names of its columns; nothing where a star or an expression leaves that to the server.
  std::optional<std::vector<std::string>> columns;
};

/// Parses one SELECT, VALUES or TABLE, with its WITH, by PostgreSQL's own grammar.
[[nodiscard]] tl::expected<QueryFacts, SqlFault> analyse_query(std::string_view text);

/// Whether such a query may read the column of the table: it names it without saying whose it is,
/// or as that table's, or has a star, USING or a NATURAL JOIN. True where the text cannot be
/// parsed.
[[nodiscard]] bool may_read_column(std::string_view text, const TableName& table,
                                   std::string_view column);

}  // namespace zdm::planner
