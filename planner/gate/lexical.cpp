#include "gate/lexical.hpp"

#include <algorithm>

#include "sql/text.hpp"

namespace zdm::planner {
namespace {

bool at_mark(std::string_view sql, std::size_t at, std::string_view mark) {
  return sql.substr(at).starts_with(mark);
}

std::size_t end_of_line(std::string_view sql, std::size_t at) {
  return std::min(sql.find('\n', at), sql.size());
}

/// Block comments nest: PostgreSQL manual, 4.1.5.
std::size_t end_of_block(std::string_view sql, std::size_t at) {
  int depth = 0;
  while (at < sql.size()) {
    if (at_mark(sql, at, "/*")) {
      ++depth;
      at += 2;
    } else if (at_mark(sql, at, "*/")) {
      at += 2;
      if (--depth == 0) return at;
    } else {
      ++at;
    }
  }
  return sql.size();
}

/// A doubled quote stands for itself; so does what follows a backslash in E'…'.
std::size_t end_of_quote(std::string_view sql, std::size_t at, bool escapes) {
  const char quote = sql[at++];
  while (at < sql.size()) {
    const bool escaped = escapes && sql[at] == '\\';
    const bool doubled = sql[at] == quote && at + 1 < sql.size() && sql[at + 1] == quote;
    if (escaped || doubled) {
      at += 2;
    } else if (sql[at] != quote) {
      ++at;
    } else {
      return at + 1;
    }
  }
  return sql.size();
}

/// The end of $tag$…$tag$, or `at` where none starts.
std::size_t end_of_dollars(std::string_view sql, std::size_t at) {
  std::size_t end = at + 1;
  while (end < sql.size() && is_identifier_part(sql[end]) && sql[end] != '$') ++end;
  const bool parameter = end > at + 1 && is_digit(sql[at + 1]);
  if (parameter || end >= sql.size() || sql[end] != '$') return at;
  const auto tag = sql.substr(at, end + 1 - at);
  const auto close = sql.find(tag, end + 1);
  return close == std::string_view::npos ? sql.size() : close + tag.size();
}

Piece word_at(std::string_view sql, std::size_t at) {
  std::size_t end = at;
  while (end < sql.size() && is_identifier_part(sql[end])) ++end;
  const bool escapes = end == at + 1 && (sql[at] == 'e' || sql[at] == 'E');
  if (escapes && end < sql.size() && sql[end] == '\'') {
    return {PieceKind::quoted, at, end_of_quote(sql, end, true)};
  }
  return {PieceKind::word, at, end};
}

/// Follows the words of a statement as far as brackets and BEGIN ATOMIC … END are concerned.
class Nesting {
 public:
  void take(std::string_view word) {
    const bool atomic = equal_folded(word, "atomic") && equal_folded(last_, "begin");
    if (atomic || (bodies_ > 0 && equal_folded(word, "case"))) ++bodies_;
    if (bodies_ > 0 && equal_folded(word, "end")) --bodies_;
    last_ = word;
  }
  void take(char symbol) {
    last_ = {};
    if (symbol == '(') ++brackets_;
    if (symbol == ')' && brackets_ > 0) --brackets_;
  }
  [[nodiscard]] bool open() const { return bodies_ > 0 || brackets_ > 0; }

 private:
  std::string_view last_;
  int bodies_ = 0;
  int brackets_ = 0;
};

}  // namespace

Piece next_piece(std::string_view sql, std::size_t at) {
  const char first = sql[at];
  if (is_blank(first) || first == '\v') {
    std::size_t end = at;
    while (end < sql.size() && (is_blank(sql[end]) || sql[end] == '\v')) ++end;
    return {PieceKind::blank, at, end};
  }
  if (at_mark(sql, at, "--")) return {PieceKind::comment, at, end_of_line(sql, at)};
  if (at_mark(sql, at, "/*")) return {PieceKind::comment, at, end_of_block(sql, at)};
  if (first == '\'' || first == '"') {
    return {PieceKind::quoted, at, std::min(end_of_quote(sql, at, false), sql.size())};
  }
  if (first == '$') {
    const auto end = end_of_dollars(sql, at);
    if (end > at) return {PieceKind::quoted, at, end};
  }
  if (is_identifier_part(first) && first != '$') return word_at(sql, at);
  return {PieceKind::symbol, at, at + 1};
}

std::vector<Extent> statement_extents(std::string_view sql) {
  std::vector<Extent> extents;
  Extent open;
  bool begun = false;
  Nesting nesting;
  const auto close = [&] {
    if (begun) extents.push_back(open);
    begun = false;
    nesting = {};
  };
  for (std::size_t at = 0; at < sql.size();) {
    const Piece piece = next_piece(sql, at);
    at = piece.end;
    if (piece.kind == PieceKind::blank || piece.kind == PieceKind::comment) continue;
    if (piece.kind == PieceKind::word) nesting.take(sql.substr(piece.begin, at - piece.begin));
    if (piece.kind == PieceKind::symbol) nesting.take(sql[piece.begin]);
    if (piece.kind == PieceKind::symbol && sql[piece.begin] == ';' && !nesting.open()) {
      close();
      continue;
    }
    if (!begun) open.begin = piece.begin;
    begun = true;
    open.end = piece.end;
  }
  close();
  return extents;
}

}  // namespace zdm::planner
