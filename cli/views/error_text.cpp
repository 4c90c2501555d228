#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "progress_line.hpp"
#include "redact.hpp"
#include "text_width.hpp"
#include "views/view.hpp"

namespace zdm::cli {
namespace {

std::string place(const planner::SourceSpan& where) {
  std::string text = where.file;
  if (where.line > 0) text += fmt::format(":{}", where.line);
  if (where.line > 0 && where.column > 0) text += fmt::format(":{}", where.column);
  return text;
}

std::string line_of_file(const std::string& path, int number) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  for (int i = 0; i < number && std::getline(file, line); ++i) {
  }
  if (!file) return {};
  if (!line.empty() && line.back() == '\r') line.pop_back();
  std::replace(line.begin(), line.end(), '\t', ' ');
  return line;
}

/// The bytes of the first `characters` characters.
std::size_t bytes_of(const std::string& line, int characters) {
  std::size_t at = 0;
  for (int i = 0; i < characters && at < line.size(); ++i) {
    ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0U) == 0x80U) ++at;
  }
  return at;
}

/// The line of the user's file with a caret below the place.
void draw_source(const planner::SourceSpan& where, Stream& err) {
  if (where.file.empty() || where.line <= 0) return;
  const auto line = line_of_file(where.file, where.line);
  if (line.empty()) return;
  const auto margin = fmt::format("  {} | ", where.line);
  err.line(margin + redacted(printable(line)));
  if (where.column <= 0 || holds_password(line)) return;  // the caret would point beside
  const auto before = display_width(line.substr(0, bytes_of(line, where.column - 1)));
  auto carets = std::size_t{1};
  if (where.end_line == where.line && where.end_column > where.column) {
    carets = static_cast<std::size_t>(where.end_column - where.column);
  }
  const std::string indent(margin.size() + before, ' ');
  err.line(indent + err.red(std::string(carets, '^')));
}

void draw_statement(const Error& error, Console& console) {
  if (error.statement.empty()) return;
  const auto text = redacted(printable(error.statement));
  if (console.verbose) {
    console.err.line("  statement:");
    for (const auto& line : wrapped(text, std::string::npos)) console.err.line("    " + line);
    return;
  }
  auto one_line = text;
  std::replace(one_line.begin(), one_line.end(), '\n', ' ');
  constexpr std::size_t kEnough = 160;
  console.err.line("  statement: " + cut(one_line, kEnough));
}

}  // namespace

void draw_error(const Error& error, Console& console) {
  auto& err = console.err;
  const bool stopped = error.code == ErrorCode::interrupted || error.code == ErrorCode::terminated;
  const auto word = stopped ? err.yellow("stopped") : err.bold(err.red("error"));
  err.line(fmt::format("zdm: {}: {}", word, redacted(printable(error.message))));
  if (error.where && !error.where->file.empty()) {
    err.line("  at " + place(*error.where));
    draw_source(*error.where, err);
  }
  draw_statement(error, console);
  if (!error.sqlstate.empty()) err.line("  SQLSTATE " + error.sqlstate);
  for (const auto& blocker : error.blockers)
    err.line("  blocked by " + redacted(blocker_text(blocker)));
  if (error.in_doubt) {
    err.line(
        "  the connection was lost during COMMIT: whether it happened is seen by the next run");
  }
  if (!error.hint.empty()) err.line("  hint: " + redacted(printable(error.hint)));
}

}  // namespace zdm::cli
