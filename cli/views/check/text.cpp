#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "redact.hpp"
#include "text_width.hpp"
#include "views/check/formats.hpp"
#include "views/check/source_text.hpp"

namespace zdm::cli {
namespace {

using planner::Finding;
using planner::Severity;

constexpr std::size_t kWidest = 120;  // what is cut around the place, and prose that is wrapped
constexpr int kMostLines = 6;         // of one place
// Of a longer line, a dump's or a bundle's, only what is around the place is looked at: as much as
// is drawn, or more where a password may begin before it or end behind it.
constexpr std::size_t kLongLine = 4096;
struct Around {
  std::size_t before, behind;
};
constexpr Around kDrawn = {128, 512};
constexpr Around kSearched = {kLongLine / 4, kLongLine};

/// The text of the file that is drawn from: findings come file by file.
class Sources {
 public:
  explicit Sources(const std::vector<planner::SqlFile>& files) {
    for (const auto& file : files) files_.emplace(file.path, &file);
  }

  /// Null where no such file was read.
  const SourceText* of(std::string_view path) {
    if (text_ && path == path_) return &*text_;
    const auto file = files_.find(path);
    if (file == files_.end()) return nullptr;
    path_ = file->first;
    text_.emplace(file->second->bytes);
    return &*text_;
  }

  /// Where a column of a line begins. Places come in their order: we go on from the last one.
  std::size_t byte_of(std::string_view line, int column) {
    if (line.data() != line_ || column < column_) {
      line_ = line.data();
      column_ = 1;
      byte_ = 0;
    }
    for (; column_ < column && byte_ < line.size(); ++column_) byte_ += character_size(line, byte_);
    return byte_;
  }

  /// Whether a line may hold a password; for many places in one long line it is asked once.
  bool is_suspect(std::string_view line) {
    if (line.data() != asked_) {
      asked_ = line.data();
      suspect_ = holds_password(line);
    }
    return suspect_;
  }

 private:
  const char* asked_ = nullptr;
  bool suspect_ = false;
  const char* line_ = nullptr;
  int column_ = 1;
  std::size_t byte_ = 0;
  std::map<std::string_view, const planner::SqlFile*> files_;
  std::string_view path_;
  std::optional<SourceText> text_;
};

/// What every finding is drawn with.
struct Page {
  Sources& sources;
  std::set<std::string_view>& explained;  ///< rules whose note stands above already
  Stream& out;
};

std::string safe(std::string_view text) {
  return redacted(printable(text));
}

std::string painted(const Stream& out, Severity severity, std::string_view text) {
  return out.bold(severity == Severity::error ? out.red(text) : out.yellow(text));
}

std::size_t room_for(const Stream& out, std::size_t margin) {
  const auto width = std::min(out.width(), kWidest);
  return width > margin + 20 ? width - margin : 20;
}

/// "12 | " and what follows it, or as many blanks.
void line_after_gutter(Stream& out, std::string_view number, std::size_t gutter, char bar,
                       std::string_view text) {
  const auto left = fmt::format("{:>{}} {}", number, gutter, bar);
  out.line(text.empty() ? out.cyan(left) : out.cyan(left) + " " + std::string(text));
}

/// Cuts a long line, and tells the columns of what is left of it.
void cut(const Page& page, std::string_view& line, int& column, int& end_column) {
  if (line.size() <= kLongLine) return;
  const Around around = page.sources.is_suspect(line) ? kSearched : kDrawn;
  const auto at = page.sources.byte_of(line, column);
  const auto inside = [&](std::size_t byte) {
    while (byte > 0 && byte < line.size() && (static_cast<unsigned char>(line[byte]) >> 6U) == 2) {
      --byte;
    }
    return byte;
  };
  const auto begin = inside(at - std::min(at, around.before));
  const auto end = inside(std::min(at + around.behind, line.size()));
  int before = 1;
  for (auto byte = begin; byte < at; byte += character_size(line, byte)) ++before;
  if (end_column > 0) end_column += before - column;
  column = before;
  line = line.substr(begin, end - begin);
}

void draw_line(const Page& page, std::string_view line, int number, int column, int end_column,
               std::size_t gutter, Severity severity) {
  cut(page, line, column, end_column);
  const auto text = fmt::format("{}", number);
  if (holds_password(line)) {  // the marks would stand beside
    line_after_gutter(page.out, text, gutter, '|', safe(line));
    return;
  }
  const auto marked = marked_line(line, column, end_column, room_for(page.out, gutter + 3));
  line_after_gutter(page.out, text, gutter, '|', marked.text);
  const auto marks = marked.marks.find_first_not_of(' ');
  if (marks == std::string::npos) return;
  line_after_gutter(
      page.out, "", gutter, '|',
      marked.marks.substr(0, marks) + painted(page.out, severity, marked.marks.substr(marks)));
}

void draw_source(const Page& page, const Finding& finding, const SourceText& source,
                 std::size_t gutter) {
  const auto& where = finding.where;
  const int last = std::clamp(where.end_line, where.line, source.lines());
  line_after_gutter(page.out, "", gutter, '|', "");
  for (int number = where.line; number <= last; ++number) {
    if (last - where.line >= kMostLines && number == where.line + kMostLines - 2) {
      page.out.line(page.out.cyan("..."));
      number = last;
    }
    const auto line = source.line(number);
    if (line.empty() && number != where.line) continue;
    const auto blanks = static_cast<int>(std::min(line.find_first_not_of(" \t"), line.size()));
    const int column = number == where.line ? std::max(where.column, 1) : blanks + 1;
    const int end = number == last && where.end_line == last ? where.end_column : 0;
    if (number > where.line && end > 0 && end <= column) continue;
    draw_line(page, line, number, column, end, gutter, finding.severity);
  }
}

/// "= title: text", its further lines below the text. Indented lines (SQL to paste) stay whole.
void draw_remark(Stream& out, std::size_t gutter, std::string_view title, std::string_view text) {
  const auto hang = gutter + 5 + title.size();
  auto head = fmt::format("{} {} {}: ", std::string(gutter, ' '), out.cyan("="), out.bold(title));
  const auto shown = safe(text);
  for (const auto& line : wrapped(shown, std::string::npos)) {
    const auto begin = shown.find(line);
    const bool code = begin != std::string::npos && begin > 0 && shown[begin - 1] == ' ';
    for (const auto& part : code ? std::vector{line} : wrapped(line, room_for(out, hang))) {
      out.line(head + part);
      head.assign(hang, ' ');
    }
  }
}

/// The lines as they would be, to paste.
void draw_fix(const Page& page, const planner::Fix& fix, const SourceText& source, int place,
              std::size_t gutter) {
  const auto bytes = source.bytes();
  if (fix.offset > bytes.size() || fix.length > bytes.size() - fix.offset) return;
  if (source.line(place).size() > kLongLine) return;
  const int first = source.place(fix.offset).line;
  const int last = source.place(fix.offset + fix.length).line;
  const auto begin = source.start(first);
  const auto end = last < source.lines() ? source.start(last + 1) : bytes.size();
  std::string text(bytes.substr(begin, fix.offset - begin));
  text += fix.text;
  text += bytes.substr(fix.offset + fix.length, end - fix.offset - fix.length);
  draw_remark(page.out, gutter, "fix", "it could read");
  const SourceText after(text);
  for (int number = 1; number <= after.lines(); ++number) {
    if (number == after.lines() && after.line(number).empty()) break;
    const auto line = marked_line(after.line(number), 1, 0, std::string::npos / 2).text;
    line_after_gutter(page.out, fmt::format("{}", first + number - 1), gutter, '+',
                      page.out.green(redacted(line)));
  }
}

std::string locks_of(const Finding& finding) {
  std::string text;
  for (const auto& claim : finding.locks) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} on {}", planner::to_string(claim.mode), claim.relation);
  }
  return text;
}

void draw_finding(const Page& page, const Finding& finding) {
  auto& out = page.out;
  const auto word = fmt::format("{}[{}]", finding.severity == Severity::error ? "error" : "warning",
                                finding.rule);
  out.line(painted(out, finding.severity, word) + out.bold(": " + safe(finding.message)));
  const auto& where = finding.where;
  const SourceText* source = page.sources.of(where.file);
  const bool shown = source != nullptr && where.line > 0;
  const auto gutter = fmt::format("{}", std::max({where.line, where.end_line, 1})).size();
  if (!where.file.empty()) {
    auto place = safe(plain_path(where.file));
    if (where.line > 0) place += fmt::format(":{}:{}", where.line, std::max(where.column, 1));
    out.line(fmt::format("{}{} {}", std::string(gutter, ' '), out.cyan("-->"), place));
  }
  if (shown) {
    draw_source(page, finding, *source, gutter);
    line_after_gutter(out, "", gutter, '|', "");
  }
  if (!finding.locks.empty()) draw_remark(out, gutter, "locks", locks_of(finding));
  if (!finding.help.empty()) draw_remark(out, gutter, "help", finding.help);
  if (finding.fix && shown) draw_fix(page, *finding.fix, *source, where.line, gutter);
  if (page.explained.insert(finding.rule).second) {
    draw_remark(out, gutter, "note", fmt::format("zdm explain {}", finding.rule));
  }
  out.line();
}

/// "rewrites the table, reads all rows; held until commit"
std::string words_of(const planner::StatementCost& cost) {
  std::string words;
  const auto add = [&](planner::Certainty certainty, std::string_view what) {
    if (certainty == planner::Certainty::no) return;
    words += fmt::format("; {}{}", certainty == planner::Certainty::maybe ? "maybe " : "", what);
  };
  add(cost.rewrites, "rewrites the table");
  add(cost.scans, "reads all rows");
  if (cost.in_transaction && !cost.locks.empty()) words += "; held until commit";
  return words;
}

/// Each statement with the locks it takes, file by file.
void draw_costs(const Checked& checked, Stream& out) {
  std::string_view file;
  for (const auto& cost : checked.costs) {
    if (cost.where.file != file) out.line(out.bold(safe(plain_path(cost.where.file))));
    file = cost.where.file;
    const auto room = room_for(out, 8);
    const auto text = marked_line(cost.statement.substr(0, cost.statement.find('\n')), 1, 0, room);
    out.line(fmt::format("{:>5}  {}", cost.where.line, redacted(text.text)));
    if (cost.locks.empty())
      out.line(out.dim("       no lock on a table that was there before" + words_of(cost)));
    for (const auto& claim : cost.locks) {
      const bool last = &claim == &cost.locks.back();
      out.line(fmt::format("       {} on {}{}", planner::to_string(claim.mode),
                           safe(claim.relation), last ? words_of(cost) : ""));
    }
  }
  out.line();
}

void draw_coverage(const Checked& checked, const CheckCounts& counts, Console& console) {
  auto line =
      fmt::format("zdm: {}, {}, {} unanalysed: {}, {}", counted(checked.files.size(), "file"),
                  counted(checked.statements, "statement"), checked.unanalysed,
                  counted(counts.errors, "error"), counted(counts.warnings, "warning"));
  if (counts.suppressed > 0) line += fmt::format(", {} suppressed", counts.suppressed);
  console.note(line);
  if (!checked.base.empty()) console.note(fmt::format("zdm: base: {}", safe(checked.base)));
}

}  // namespace

void draw_findings(const Checked& checked, Console& console) {
  Sources sources(checked.files);
  if (!checked.costs.empty()) draw_costs(checked, console.out);
  std::set<std::string_view> explained;
  const Page page{sources, explained, console.out};
  for (const auto& finding : checked.findings) {
    if (!finding.suppressed) draw_finding(page, finding);
  }
  const auto counts = counts_of(checked.findings);
  if (console.verbose || counts.errors + counts.warnings > 0) {
    draw_coverage(checked, counts, console);
  }
}

}  // namespace zdm::cli
