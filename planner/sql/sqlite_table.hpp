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

}  // namespace zdm::planner
