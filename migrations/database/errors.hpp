#pragma once

#include <string>
#include <string_view>

#include "database/open.hpp"

namespace zdm::migrations {

/// One line of text out of several, without space at its ends.
[[nodiscard]] std::string one_line(std::string_view text);

/// The nearest SQLSTATE of an SQLite result: extended result code, and the message where the code
/// is the catch-all SQLITE_ERROR (SQLite documentation, "Result and Error Codes").
[[nodiscard]] std::string sqlite_sqlstate(int extended_code, std::string_view message);

/// Rows that row security would hide are an error (law 6): true where this is that error, which
/// then says whose rows, in what it did, and who may see them.
bool explain_hidden_rows(planner::Error& error, const planner::TableName& table);

/// The statement is COMMIT or END, whatever case or space around it.
[[nodiscard]] bool is_commit(std::string_view sql);

}  // namespace zdm::migrations
