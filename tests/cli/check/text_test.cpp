#include <cstdio>
#include <cstdlib>

#include "cli/check/found.hpp"
#include "host/host.hpp"
#include "support/catch.hpp"
#include "terminal.hpp"
#include "text_width.hpp"
#include "views/check/formats.hpp"
#include "views/check/source_text.hpp"

namespace zdm::tests {
namespace {

using cli::Checked;
using cli::marked_line;
using cli::SourceText;
using planner::Severity;

/// What was written to a FILE.
class Written final {
 public:
  Written() : file_(::open_memstream(&text_, &size_)) {}
  Written(const Written&) = delete;
  Written& operator=(const Written&) = delete;
  ~Written() {
    std::fclose(file_);
    std::free(text_);  // NOLINT(cppcoreguidelines-no-malloc): as open_memstream(3) says
  }
  [[nodiscard]] std::FILE* file() const { return file_; }
  [[nodiscard]] std::string text() const {
    std::fflush(file_);
    return {text_, size_};
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
};

struct Drawn {
  std::string out;
  std::string err;
};

Drawn draw(const Checked& checked, bool verbose = false,
           cli::ColorChoice color = cli::ColorChoice::never) {
  const migrations::RealHost host;
  const Written out;
  const Written err;
  cli::Console console{.out = cli::Stream(out.file(), color, host),
                       .err = cli::Stream(err.file(), color, host),
                       .verbose = verbose};
  cli::draw_findings(checked, console);
  return {out.text(), err.text()};
}

Checked one(const std::string& bytes, planner::Finding finding) {
  Checked checked;
  checked.files = {sql_file(finding.where.file, bytes)};
  checked.findings = {std::move(finding)};
  checked.statements = 1;
  return checked;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a finding is drawn with its line, what it locks and what to do", "[cli][check]") {
  const auto drawn = draw(one("-- one\n\nALTER TABLE users DROP COLUMN name;\n",
                              found("drop-column", "./migrations/2.sql", 3, 19, 35)));
  CHECK(drawn.out == R"(error[drop-column]: the running release still reads it
 --> migrations/2.sql:3:19
  |
3 | ALTER TABLE users DROP COLUMN name;
  |                   ^^^^^^^^^^^^^^^^
  |
  = locks: ACCESS EXCLUSIVE on public.users
  = help: drop it one release later
  = note: zdm explain drop-column

)");
  CHECK(drawn.err == "zdm: 1 file, 1 statement, 0 unanalysed: 1 error, 0 warnings\n");
}

TEST_CASE("a clean gate is silent, and says with -v what it looked at", "[cli][check]") {
  Checked checked;
  checked.files = {sql_file("a.sql", "SELECT 1;"), sql_file("b.sql", "SELECT 2;")};
  checked.statements = 2;
  checked.base = "release 2026.47";
  CHECK(draw(checked).out.empty());
  CHECK(draw(checked).err.empty());
  CHECK(draw(checked, true).out.empty());
  CHECK(draw(checked, true).err ==
        "zdm: 2 files, 2 statements, 0 unanalysed: 0 errors, 0 warnings\n"
        "zdm: base: release 2026.47\n");
}

TEST_CASE("suppressed findings are counted, not drawn", "[cli][check]") {
  auto checked = one("DROP TABLE a;\n", found("drop-table", "a.sql", 1, 1, 13));
  auto suppressed = found("cascade", "a.sql", 1, 1, 13);
  suppressed.suppressed = "agreed";
  checked.findings.push_back(suppressed);
  const auto drawn = draw(checked);
  CHECK_FALSE(contains(drawn.out, "cascade"));
  CHECK(contains(drawn.err, "1 error, 0 warnings, 1 suppressed"));
}

TEST_CASE("a rule's note stands at its first finding alone", "[cli][check]") {
  auto checked = one("DROP TABLE a;\n", found("drop-table", "a.sql", 1, 1, 13));
  checked.findings.push_back(checked.findings.front());
  const auto out = draw(checked).out;
  const auto first = out.find("zdm explain drop-table");
  CHECK(first != std::string::npos);
  CHECK(out.find("zdm explain drop-table", first + 1) == std::string::npos);
}

TEST_CASE("a replacement is drawn as the lines would read", "[cli][check]") {
  auto finding = found("index-not-concurrent", "a.sql", 2, 1, 13);
  finding.fix = planner::Fix{18, 0, " CONCURRENTLY"};
  const auto out = draw(one("SET x = 1;\nCREATE INDEX i ON t (a);\n", finding)).out;
  INFO(out);
  CHECK(contains(out, "help: drop it"));
  finding.fix = planner::Fix{11 + 12, 0, " CONCURRENTLY"};
  CHECK(contains(draw(one("SET x = 1;\nCREATE INDEX i ON t (a);\n", finding)).out,
                 "\n2 + CREATE INDEX CONCURRENTLY i ON t (a);\n"));
  finding.fix = planner::Fix{400, 1, "beyond the file"};
  CHECK_FALSE(contains(draw(one("SET x;\nCREATE;\n", finding)).out, "beyond"));
}

TEST_CASE("a place over many lines is drawn by its beginning and its end", "[cli][check]") {
  std::string bytes;
  for (int i = 1; i <= 12; ++i) bytes += "  line " + std::to_string(i) + "\n";
  auto finding = found("x", "a.sql", 2, 3, 0);
  finding.where.end_line = 11;
  finding.where.end_column = 6;
  const auto out = draw(one(bytes, finding)).out;
  CHECK(contains(out, " 2 |   line 2\n   |   ^^^^^^\n"));
  CHECK(contains(out, "\n...\n11 |   line 11\n   |   ^^^\n"));
  CHECK_FALSE(contains(out, "line 9"));
}

TEST_CASE("SQL to paste keeps its lines", "[cli][check]") {
  auto finding = found("set-not-null-scan", "a.sql", 1, 1, 2);
  const std::string sql =
      "    ALTER TABLE a_table_with_a_very_long_name ADD CONSTRAINT "
      "another_rather_long_name CHECK (a IS NOT NULL) NOT VALID;";
  finding.help = "prove it first:\n" + sql;
  CHECK(contains(draw(one("x\n", finding)).out, sql.substr(4) + "\n"));
}

TEST_CASE("nothing in a file or a message can command the terminal", "[cli][check]") {
  auto finding = found("x", "a.sql", 1, 1, 3);
  finding.message = kHostile;
  finding.help = kHostile;
  const auto drawn = draw(one(kHostile, finding));
  for (const char c : drawn.out + drawn.err) {
    const auto byte = static_cast<unsigned char>(c);
    CHECK((byte >= 0x20 || c == '\n' || c == '\t'));
    CHECK(byte != 0x7F);
  }
  CHECK(cli::printable(drawn.out) == drawn.out);
}

TEST_CASE("passwords in a file are not shown", "[cli][check]") {
  const auto out =
      draw(one("-- postgresql://app:s3cret@db/shop\n", found("x", "a.sql", 1, 4, 8))).out;
  CHECK_FALSE(contains(out, "s3cret"));
  CHECK_FALSE(contains(out, "^"));
}

TEST_CASE("errors are red and warnings yellow where colour is wanted", "[cli][check]") {
  auto finding = found("x", "a.sql", 1, 1, 3);
  CHECK(contains(draw(one("DROP", finding), false, cli::ColorChoice::always).out,
                 "\x1b[31merror[x]"));
  finding.severity = Severity::warning;
  CHECK(contains(draw(one("DROP", finding), false, cli::ColorChoice::always).out,
                 "\x1b[33mwarning[x]"));
}

TEST_CASE("marks stand below what they mark, whatever its width", "[cli][check]") {
  CHECK(marked_line("a 日本 b", 3, 5, 80).marks == "  ^^^^");
  CHECK(marked_line("\tdrop", 2, 6, 80).marks == "    ^^^^");
  CHECK(marked_line("\tdrop", 2, 6, 80).text == "    drop");
  CHECK(marked_line("größe x", 7, 8, 80).marks == "      ^");
  CHECK(marked_line("a\x1b[x", 4, 5, 80).text == "a\\x1b[x");
  CHECK(marked_line("a\x1b[x", 4, 5, 80).marks == "      ^");
  CHECK(marked_line("e\u0301x", 3, 4, 80).marks == " ^");
}

TEST_CASE("a place without characters has one mark, behind the line too", "[cli][check]") {
  CHECK(marked_line("drop", 2, 2, 80).marks == " ^");
  CHECK(marked_line("drop", 5, 5, 80).marks == "    ^");
  CHECK(marked_line("", 1, 1, 80).marks == "^");
  CHECK(marked_line("drop", 3, 0, 80).marks == "  ^^");
  CHECK(marked_line("drop", 3, 99, 80).marks == "  ^^");
}

TEST_CASE("a long line is cut around the place", "[cli][check]") {
  const auto line = std::string(500, 'a') + "DROP" + std::string(500, 'b');
  const auto marked = marked_line(line, 501, 505, 40);
  CHECK(cli::display_width(marked.text) <= 40);
  CHECK(marked.text.starts_with("…a"));
  CHECK(marked.text.ends_with("b…"));
  const auto at = marked.marks.find("^^^^");
  REQUIRE(at != std::string::npos);
  CHECK(marked.text.find("DROP") - std::string("…").size() + 1 == at);
  // All of it is the place: its beginning is what is shown.
  const auto all = marked_line(line, 1, 0, 40);
  CHECK(cli::display_width(all.text) <= 40);
  CHECK(all.marks == std::string(39, '^'));
  CHECK(cli::display_width(marked_line(std::string(1000, ' ') + "日", 1001, 1002, 20).text) <= 20);
}

TEST_CASE("offsets and lines of a file agree, with any line breaks", "[cli][check]") {
  const SourceText source("ab\r\nü日c\n\nx");
  CHECK(source.lines() == 4);
  CHECK(source.line(1) == "ab");
  CHECK(source.line(2) == "ü日c");
  CHECK(source.line(3).empty());
  CHECK(source.line(4) == "x");
  CHECK(source.line(5).empty());
  CHECK(source.place(0).column == 1);
  CHECK(source.place(4).line == 2);
  CHECK(source.place(9).column == 3);
  CHECK(source.place(10).column == 4);
  CHECK(source.place(1000).line == 4);
  CHECK(source.place(1000).column == 2);
  CHECK(SourceText("").lines() == 1);
}

}  // namespace zdm::tests
