#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/error.hpp"

/// Edits the text of a CREATE TABLE as sqlite_schema keeps it. SQLite cannot add or remove a NOT
/// NULL or a DEFAULT by ALTER TABLE; its documentation names this edit for it
/// (sqlite.org/lang_altertable.html, section 7, "Making Other Kinds Of Table Schema Changes").
namespace zdm::planner {

/// The same statement with NOT NULL added to, or removed from, one column's definition.
/// ErrorCode::refused where the column's definition cannot be found.
[[nodiscard]] Result<std::string> sqlite_set_not_null(std::string_view create_table,
                                                      std::string_view column, bool not_null);

/// The same statement with the column's DEFAULT replaced; nothing removes it. `expression` is
/// written in parentheses unless it is a literal.
[[nodiscard]] Result<std::string> sqlite_set_default(std::string_view create_table,
                                                     std::string_view column,
                                                     const std::optional<std::string>& expression);

/// Whether the column's definition has the keyword at its own level: "references", or two in a row
/// as in ("on", "conflict").
[[nodiscard]] Result<bool> sqlite_column_says(std::string_view create_table,
                                              std::string_view column, std::string_view first,
                                              std::string_view second = {});

/// The same statement with every CHECK and every FOREIGN KEY (…) that reads `from` reading `to`
/// instead; the CHECKs of `from`'s own definition are written behind that of `to`.
[[nodiscard]] Result<std::string> sqlite_carry_constraints(std::string_view create_table,
                                                           std::string_view from,
                                                           std::string_view to);

}  // namespace zdm::planner
