#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "gate/blank.hpp"
#include "gate/lexical.hpp"
#include "gate/place.hpp"
#include "sql/text.hpp"

namespace zdm::migrations {

using planner::equal_folded;
using planner::Finding;
using planner::Piece;
using planner::PieceKind;
using planner::Severity;

namespace {

/// They send what was typed, as a semicolon does: psql manual, "Meta-Commands".
constexpr std::array<std::string_view, 8> kSenders = {"g",     "gx",           "gexec", "gset",
                                                      "gdesc", "crosstabview", "watch", "bind"};
constexpr std::array<std::string_view, 4> kIncludes = {"i", "ir", "include", "include_relative"};

bool is_one_of(const auto& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool has_word(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) { return equal_folded({&a, 1}, {&b, 1}); };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

/// Walks a script piece by piece and blanks it on the way.
class Psql {
 public:
  Psql(std::string& text, const std::string& path) : source_(text), text_(text), path_(path) {}

  /// Whether psql is spoken here at all.
  [[nodiscard]] bool looks() {
    only_looks_ = true;
    static_cast<void>(run());
    return met_;
  }

  std::vector<Finding> run() {
    while (at_ < source_.size() && !(only_looks_ && met_)) {
      const Piece piece = planner::next_piece(source_, at_);
      at_ = piece.end;
      if (piece.kind == PieceKind::word) word(part(piece.begin, piece.end));
      if (piece.kind == PieceKind::symbol) symbol(piece.begin);
    }
    return std::move(findings_);
  }

 private:
  [[nodiscard]] std::string_view part(std::size_t begin, std::size_t end) const {
    return std::string_view(source_).substr(begin, end - begin);
  }

  void word(std::string_view word) {
    if (first_.empty()) first_ = word;
    copies_ = copies_ || (equal_folded(first_, "copy") && equal_folded(last_, "from") &&
                          equal_folded(word, "stdin"));
    last_ = word;
  }

  void symbol(std::size_t at) {
    const char c = source_[at];
    if (c == '\\') return command(at);
    if (c == ':') return variable(at);
    if (c == '(') ++depth_;
    if (c == ')' && depth_ > 0) --depth_;
    if (c == ';' && depth_ == 0) end_statement();
  }

  void end_statement() {
    const bool data = copies_;
    first_ = last_ = {};
    copies_ = false;
    if (data) skip_data();
  }

  /// From the line after the semicolon to the line \. or the end.
  void skip_data() {
    met_ = true;
    const auto begin = std::min(source_.find('\n', at_), source_.size());
    const auto close = source_.find("\n\\.", begin);
    at_ = close == std::string::npos ? source_.size()
                                     : std::min(source_.find('\n', close + 1), source_.size());
    blank(text_, begin, at_);
  }

  /// To the end of the line, or to \\, which ends the arguments.
  void command(std::size_t at) {
    met_ = true;
    if (part(at, at + 2) == "\\;") return blank(text_, at, at + 1);
    if (line_end_ <= at) line_end_ = std::min(source_.find('\n', at), source_.size());
    auto end = line_end_;
    const auto separator = part(at + 1, end).find("\\\\");
    if (separator != std::string_view::npos) end = at + 1 + separator + 2;
    std::size_t stop = at + 1;
    while (stop < end && planner::is_identifier_part(source_[stop])) ++stop;
    const auto name = part(at + 1, stop);
    blank(text_, at, end);
    at_ = end;
    if (is_one_of(kSenders, name)) {
      text_[at] = ';';
      first_ = last_ = {};
    }
    if (is_one_of(kIncludes, name)) include(at, end);
    if (name == "gexec") execute(at, stop);
  }

  const planner::LineIndex& lines() {
    if (!lines_) lines_.emplace(source_);
    return *lines_;
  }

  void include(std::size_t at, std::size_t end) {
    const auto what = trimmed(part(at, end));
    findings_.push_back({.rule = "unanalysed",
                         .severity = Severity::warning,
                         .where = lines().span(at, at + what.size(), path_),
                         .message = fmt::format("{} brings SQL that is not looked at here", what),
                         .help = "give that file to zdm check too",
                         .statement = std::string(what)});
  }

  void execute(std::size_t at, std::size_t end) {
    findings_.push_back(
        {.rule = "dynamic-sql-unanalyzed",
         .severity = Severity::warning,
         .where = lines().span(at, end, path_),
         .message = "\\gexec runs what a query returns, which nobody can know before",
         .help = "write the statements themselves",
         .statement = "\\gexec"});
  }

  /// :name, :'name' and :"name", but no cast, no assignment and no slice.
  void variable(std::size_t at) {
    if (at_ >= source_.size()) return;
    const char after = source_[at_];
    if (after == ':' || after == '=') {
      ++at_;
      return;
    }
    const bool apart =
        at == 0 || std::string_view(" \t\n(,=.<>").find(source_[at - 1]) != std::string_view::npos;
    const bool named = planner::is_identifier_start(after) || after == '\'' || after == '"';
    if (apart && named) text_[at] = source_[at - (at > 0 ? 1 : 0)] == '.' ? '_' : ' ';
  }

  std::string source_;
  std::string& text_;
  const std::string& path_;
  std::size_t at_ = 0;
  std::string_view first_, last_;  ///< words of the statement
  int depth_ = 0;
  bool copies_ = false;
  bool met_ = false;
  bool only_looks_ = false;
  std::size_t line_end_ = 0;  ///< of the line that a command was found in
  std::optional<planner::LineIndex> lines_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> blank_psql(std::string& text, const std::string& path) {
  return Psql(text, path).run();
}

bool looks_like_psql(std::string_view text) {
  // A command, or data that follows COPY.
  const bool may = text.find('\\') != std::string_view::npos || has_word(text, "stdin");
  if (!may) return false;
  std::string copy(text);
  const std::string path;
  return Psql(copy, path).looks();
}

}  // namespace zdm::migrations
