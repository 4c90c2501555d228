#include <fmt/format.h>

#include <algorithm>

#include "sql/big_stack.hpp"
#include "sql/pg_signs.hpp"
#include "sql/pg_tree.hpp"
#include "sql/pieces.hpp"
#include "sql/postgresql.hpp"
#include "sql/text.hpp"

namespace zdm::planner {

namespace {

// Past blanks and comments; PostgreSQL's block comments nest.
std::size_t skip_comments(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (is_blank(text[at])) {
      ++at;
    } else if (text.substr(at, 2) == "--") {
      at = std::min(text.find_first_of("\r\n", at), text.size());
    } else if (text.substr(at, 2) == "/*") {
      int depth = 0;
      do {
        const std::string_view two = text.substr(at, 2);
        const int step = two == "/*" ? 1 : two == "*/" ? -1 : 0;
        depth += step;
        at += step == 0 ? 1 : 2;
      } while (depth > 0 && at < text.size());
    } else {
      break;
    }
  }
  return at;
}

SplitResult split_here(std::string_view script) {
  if (auto wrong = costly_signs(script)) return tl::unexpected<SqlFault>(*wrong);
  const PgSplit split(pg_query_split_with_parser(std::string(script).c_str()));
  if (split->error != nullptr) return parser_fault(*split->error, script, 0);
  std::vector<SqlStatement> statements;
  for (int i = 0; i < split->n_stmts; ++i) {
    const PgQuerySplitStmt& found = *split->stmts[i];
    const std::size_t start = place(found.stmt_location);
    std::size_t end = found.stmt_len > 0 ? start + place(found.stmt_len) : script.size();
    const std::size_t begin = skip_comments(script, start);
    while (end > begin && is_blank(script[end - 1])) --end;
    statements.push_back({std::string(script.substr(begin, end - begin)), begin});
  }
  return statements;
}

}  // namespace

SplitResult split_postgresql(std::string_view script) {
  if (script.size() > kMaxScript) {
    return fault(fmt::format("it has more than {} MiB", kMaxScript >> 20), 0);
  }
  SplitResult result;
  if (run_on_big_stack([&] { result = split_here(script); })) return result;
  return fault("the parser got no memory for its stack", 0);
}

}  // namespace zdm::planner
