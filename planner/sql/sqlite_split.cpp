#include <algorithm>

#include "sql/sqlite_parser.hpp"
#include "sql/sqlite_tokens.hpp"
#include "sql/text.hpp"

namespace zdm::planner {

namespace {

using Tokens = std::vector<SqliteToken>;

bool is_word(const SqliteToken& token, std::string_view word) {
  return token.kind == SqliteTokenKind::word && equal_folded(token.text, word);
}

// CREATE [TEMP | TEMPORARY] TRIGGER, maybe to be explained.
bool starts_trigger(const Tokens& tokens, std::size_t at) {
  const auto take = [&](std::string_view word) {
    const bool here = at < tokens.size() && is_word(tokens[at], word);
    at += here ? 1 : 0;
    return here;
  };
  if (take("explain") && take("query")) take("plan");
  if (!take("create")) return false;
  if (!take("temp")) take("temporary");
  return take("trigger");
}

}  // namespace

SplitResult split_sqlite(std::string_view script) {
  const auto read = sqlite_tokens(script);
  if (!read) return tl::unexpected<SqlFault>(read.error());
  const Tokens& tokens = read->tokens;
  std::vector<SqlStatement> statements;
  for (std::size_t first = 0; first < tokens.size();) {
    // A trigger ends at the semicolon after an END that stands where a statement would start: the
    // rule of sqlite3_complete().
    const bool trigger = starts_trigger(tokens, first);
    std::size_t last = first;
    for (; last < tokens.size(); ++last) {
      if (tokens[last].text != ";") continue;
      if (!trigger ||
          (last >= first + 2 && is_word(tokens[last - 1], "end") && tokens[last - 2].text == ";")) {
        break;
      }
    }
    if (last > first) {
      const std::size_t begin = tokens[first].begin;
      const std::size_t end = tokens[last - 1].end;
      statements.push_back({std::string(script.substr(begin, end - begin)), begin});
    }
    first = last + 1;
  }
  return statements;
}

}  // namespace zdm::planner
