#pragma once

#include <vector>

#include "sql/statement/reader.hpp"

namespace zdm::planner {

/// SQL that a DO block runs, as found in its body.
struct BlockPart {
  StatementText text;
  std::string owned;     ///< the text, where it is not the file's own
  bool dynamic = false;  ///< put together when it runs: nothing is known of it
};

struct Block {
  std::vector<BlockPart> parts;
  bool branches = false;               ///< IF, LOOP, EXCEPTION …: what it does may not happen
  std::vector<std::string> variables;  ///< they look like columns in its statements
};

/// Reads the body by its words: statements that PL/pgSQL hands to SQL as they are, and those that
/// EXECUTE gets as one literal.
[[nodiscard]] Block read_block(const PgQuery__DoStmt& stmt, const StatementText& text);

}  // namespace zdm::planner
