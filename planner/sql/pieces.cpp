#include "sql/pieces.hpp"

#include <fmt/format.h>

#include "sql/lexer.hpp"
#include "sql/pg_signs.hpp"

namespace zdm::planner {

namespace {

// Writing the tree of a chain of n operators takes time in n²: 20 ms for these, and 10 times that
// for all chains of a script.
constexpr std::size_t kMaxChain = 2'000;
constexpr std::size_t kMaxWork = 40'000'000;

// Reads one statement after the other, and estimates how deep the parser would nest in it: what
// stands between two commas may nest once for each of its words, one bracket within the other.
class Splitter {
 public:
  explicit Splitter(std::string_view script) : script_(script) {}

  std::vector<SqlPiece> run() {
    for (std::size_t at = 0; at < script_.size();) {
      const Lexeme lexeme = next_lexeme(script_, at);
      if (lexeme.kind == LexemeKind::end) {
        if (!lexeme.closed) open_end("a comment", script_.find("/*", at));
        break;
      }
      at = lexeme.end();
      if (is_sign(lexeme, ';') && ends_here()) {
        finish();
        continue;
      }
      read(lexeme);
    }
    finish();
    return std::move(pieces_);
  }

 private:
  [[nodiscard]] bool is_sign(const Lexeme& lexeme, char sign) const {
    return lexeme.kind == LexemeKind::sign && script_[lexeme.offset] == sign;
  }
  [[nodiscard]] bool word(const Lexeme& lexeme, std::string_view text) const {
    return is_word(script_, lexeme, text);
  }

  // CREATE RULE … DO (SELECT 1; SELECT 2) and BEGIN ATOMIC hold semicolons; other brackets do not.
  [[nodiscard]] bool ends_here() const { return atomic_ == 0 && !(rule_ && levels_.size() > 1); }

  void read(const Lexeme& lexeme) {
    if (!piece_) {
      piece_ = SqlPiece{lexeme.offset, 0, std::nullopt};
      creates_ = word(lexeme, "CREATE");
    }
    end_ = lexeme.end();
    if (!lexeme.closed) {
      open_end(lexeme.kind == LexemeKind::string ? "a string" : "a quoted name", lexeme.offset);
    }
    track_body(lexeme);
    track_depth(lexeme);
    before_ = lexeme;
  }

  void track_body(const Lexeme& lexeme) {
    if (!creates_ || lexeme.kind != LexemeKind::word) return;
    if (word(lexeme, "RULE")) rule_ = true;
    if (atomic_ == 0) {
      if (word(lexeme, "ATOMIC") && word(before_, "BEGIN")) atomic_ = 1;
      return;
    }
    if (word(lexeme, "CASE")) ++atomic_;
    if (word(lexeme, "END")) --atomic_;
  }

  void track_depth(const Lexeme& lexeme) {
    if (is_sign(lexeme, '(') || is_sign(lexeme, '[') || word(lexeme, "CASE")) {
      levels_.push_back(0);
      ++depth_;
    } else if (is_sign(lexeme, ')') || is_sign(lexeme, ']') || word(lexeme, "END")) {
      if (levels_.size() > 1) {
        depth_ -= levels_.back() + 1;
        levels_.pop_back();
      }
    } else if (is_sign(lexeme, ',') || is_sign(lexeme, ';') || separates(lexeme)) {
      depth_ -= levels_.back();
      levels_.back() = 0;
    } else {
      ++levels_.back();
      ++depth_;
    }
    deepest_ = std::max(deepest_, depth_);
    if (deepest_ > kMaxChain && !piece_->fault) {
      piece_->fault = SqlFault{
          fmt::format("it is nested too deeply, or a chain of more than {} words and signs",
                      kMaxChain),
          lexeme.offset};
    }
  }

  // What stands on the two sides of these does not nest: they make lists.
  [[nodiscard]] bool separates(const Lexeme& lexeme) const {
    return lexeme.kind == LexemeKind::word &&
           (word(lexeme, "AND") || word(lexeme, "OR") || word(lexeme, "WHEN") ||
            word(lexeme, "THEN") || word(lexeme, "ELSE"));
  }

  void open_end(std::string_view what, std::size_t where) {
    if (where == std::string_view::npos) where = script_.size();
    if (!piece_) {
      piece_ = SqlPiece{where, 0, std::nullopt};
      end_ = script_.size();
    }
    if (!piece_->fault) piece_->fault = SqlFault{fmt::format("{} is not closed", what), where};
  }

  void finish() {
    if (!piece_) return;
    piece_->length = end_ - piece_->offset;
    const std::string_view text = script_.substr(piece_->offset, piece_->length);
    if (!piece_->fault) check(text);
    pieces_.push_back(std::move(*piece_));
    piece_.reset();
    levels_.assign(1, 0);
    depth_ = deepest_ = 0;
    atomic_ = 0;
    rule_ = creates_ = false;
    before_ = {};
  }

  void check(std::string_view text) {
    if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
      piece_->fault = SqlFault{"it holds a NUL byte", piece_->offset + nul};
      return;
    }
    if (auto costly = costly_signs(text)) {
      piece_->fault = SqlFault{costly->message, piece_->offset + costly->offset};
      return;
    }
    work_ += deepest_ > 100 ? deepest_ * deepest_ : 0;
    if (work_ > kMaxWork) {
      piece_->fault =
          SqlFault{"the script holds too many deeply nested statements", piece_->offset};
    }
  }

  std::string_view script_;
  std::vector<SqlPiece> pieces_;
  std::optional<SqlPiece> piece_;
  std::size_t end_ = 0;
  std::vector<std::size_t> levels_ = {0};
  std::size_t depth_ = 0;
  std::size_t deepest_ = 0;
  std::size_t work_ = 0;
  int atomic_ = 0;
  bool creates_ = false;
  bool rule_ = false;
  Lexeme before_;
};

}  // namespace

std::vector<SqlPiece> split_pieces(std::string_view script) {
  if (script.size() > kMaxScript) {
    return {
        {0, script.size(), SqlFault{fmt::format("it has more than {} MiB", kMaxScript >> 20), 0}}};
  }
  return Splitter(script).run();
}

}  // namespace zdm::planner
