#pragma once

#include <optional>
#include <string_view>

#include "sql/expression.hpp"

namespace zdm::planner {

/// What keeps the text from being the type of a column and nothing else, so that it may stand after
/// the column's name in any statement: a default, a constraint, another column or a statement in
/// it. A collation belongs to it. Read by PostgreSQL's grammar; what only SQLite would take is one
/// or more words with numbers in brackets (sqlite.org/syntax, "type-name").
[[nodiscard]] std::optional<SqlFault> type_fault(std::string_view text);

/// The type alone, as to_regtype() takes it: `text COLLATE "C"` is text.
[[nodiscard]] std::string_view without_collation(std::string_view type);

/// serial and its like: no types, but orders to make a sequence (PostgreSQL manual, 8.1.4). Added
/// to a table that is there they are a volatile default, which rewrites it under ACCESS EXCLUSIVE.
[[nodiscard]] bool is_serial(std::string_view type);

}  // namespace zdm::planner
