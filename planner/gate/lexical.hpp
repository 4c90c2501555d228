#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

/// SQL as far as quotes and comments go: enough to find comments that speak to zdm and the ends of
/// statements in text that no grammar takes, such as psql scripts.
namespace zdm::planner {

enum class PieceKind { blank, word, symbol, comment, quoted };

struct Piece {
  PieceKind kind = PieceKind::symbol;
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// The piece that starts at `at`, which is less than the size. Words are runs of letters, digits, _
/// and $; blanks are runs; a symbol is one byte. An unterminated quote or comment runs to the end.
[[nodiscard]] Piece next_piece(std::string_view sql, std::size_t at);

/// A statement from its first byte that is neither blank nor comment to its last, without the
/// semicolon.
struct Extent {
  std::size_t begin = 0;
  std::size_t end = 0;

  friend bool operator==(const Extent&, const Extent&) = default;
};

/// The statements, by the semicolons that stand outside quotes, comments, brackets and the bodies
/// of BEGIN ATOMIC.
[[nodiscard]] std::vector<Extent> statement_extents(std::string_view sql);

}  // namespace zdm::planner
