#pragma once

#include <set>
#include <string>
#include <string_view>

namespace zdm::migrations {

/// The words of a text of SQL or of a function's body, in lower case, quoted ones without their
/// quotes; those inside strings too, since a function may run them. Comments are left out.
[[nodiscard]] std::set<std::string> words_of(std::string_view text);
/// What the body of a trigger's function takes of its rows.
struct RowWords {
  std::set<std::string> columns;  ///< as the server reads them: old.name, NEW."Name"
  bool inserted = false;          ///< old.* or new.* go into a table, column by column
};
[[nodiscard]] RowWords row_words_of(std::string_view body);
/// ASCII letters in lower case.
[[nodiscard]] std::string lower(std::string_view text);

}  // namespace zdm::migrations
