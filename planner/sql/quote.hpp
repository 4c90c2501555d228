#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/error.hpp"
#include "model/names.hpp"

namespace zdm::planner {

/// The one function through which identifiers enter SQL. Quotes only where SQL needs it: anything
/// but [a-z_][a-z0-9_$]*, and every word PostgreSQL or SQLite reserves.
[[nodiscard]] std::string quote_identifier(std::string_view name);
/// schema.name, each part quoted as SQL needs.
[[nodiscard]] std::string quote(const TableName& name);
/// A comma-separated list of columns.
[[nodiscard]] std::string quote_list(const std::vector<std::string>& names);
/// 'text', with '' doubled; on PostgreSQL E'' where there is a backslash, so that it is right
/// whatever standard_conforming_strings says. SQLite knows neither E'' nor escapes.
[[nodiscard]] std::string quote_literal(std::string_view text, Engine engine = Engine::postgresql);

/// Parses "users", "app.users", "\"My Table\"". Errors say what is wrong; ErrorCode::usage. A name
/// of more than 63 bytes is refused, since PostgreSQL would cut it. Reserved words need no quotes
/// here.
[[nodiscard]] Result<TableName> parse_table_name(std::string_view text);
/// One identifier as in SQL: quoted, or folded to lower case.
[[nodiscard]] Result<std::string> parse_identifier(std::string_view text);

/// A new name made of a base and a suffix within 63 bytes of UTF-8 (never cutting a character) that
/// is not among `taken`, ASCII case aside; a hash keeps two that would truncate alike apart. The
/// same arguments give the same name in every version of zdm.
[[nodiscard]] std::string unique_name(std::string_view base, std::string_view suffix,
                                      const std::vector<std::string>& taken);

}  // namespace zdm::planner
