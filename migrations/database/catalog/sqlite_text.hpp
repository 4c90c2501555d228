#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What SQLite keeps only as text: it has no pragma for CHECK constraints, the expressions of
/// generated columns and of indexes, and what a trigger fires on.
namespace zdm::migrations {

/// A piece of SQL between commas at the top level of a bracketed list, as its tokens: words, quoted
/// names, literals, single signs. Comments are left out.
struct SqlItem {
  std::vector<std::string> tokens;
  std::vector<std::size_t> starts;  ///< where each token starts in the statement
  std::size_t end = 0;              ///< where the piece ends in the statement

  /// The token, in upper case; empty beyond the end.
  [[nodiscard]] std::string word(std::size_t at) const;
};

/// A statement cut at its first top-level pair of brackets: CREATE … ( items ) tail.
struct SqlStatement {
  std::string text;
  SqlItem head;
  std::vector<SqlItem> items;
  SqlItem tail;

  /// The text from a token of an item to the end of it, or up to another token.
  [[nodiscard]] std::string from(const SqlItem& item, std::size_t first, std::size_t last) const;
};

[[nodiscard]] SqlStatement cut_statement(std::string_view sql);
/// All tokens of a text.
[[nodiscard]] SqlItem tokens_of(std::string_view sql);
/// The token after the bracket that closes the one at `open`.
[[nodiscard]] std::size_t after_bracket(const SqlItem& item, std::size_t open);
/// "Name", [Name], `Name` or Name without its quotes.
[[nodiscard]] std::string unquoted(std::string_view token);

}  // namespace zdm::migrations
