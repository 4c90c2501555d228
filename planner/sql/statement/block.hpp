#pragma once

#include <optional>
#include <vector>

#include "sql/statement/reader.hpp"

namespace zdm::planner {

/// SQL that a DO block or a function runs, as found in its body.
struct BlockPart {
  StatementText text;
  std::string owned;     ///< the text, where it is not the file's own
  bool dynamic = false;  ///< put together when it runs: nothing is known of it
  bool calls = false;    ///< PERFORM: of interest for the functions it calls
  TableName called;      ///< what an expression of PL/pgSQL calls, instead of SQL
};

struct Block {
  std::vector<BlockPart> parts;
  bool branches = false;               ///< IF, LOOP, EXCEPTION …: what it does may not happen
  std::vector<std::string> variables;  ///< they look like columns in its statements
};

/// Reads the body by its words: statements that PL/pgSQL hands to SQL as they are, and those that
/// EXECUTE gets as one literal.
[[nodiscard]] Block read_block(const PgQuery__DoStmt& stmt, const StatementText& text);
/// Of a function in SQL or PL/pgSQL, a text of the file's own; nothing where it is in another
/// language, or has no body here.
[[nodiscard]] std::optional<Block> read_body(const PgQuery__CreateFunctionStmt& stmt,
                                             const StatementText& text);

}  // namespace zdm::planner
