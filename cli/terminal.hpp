#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "arguments.hpp"
#include "host/host.hpp"

namespace zdm::cli {

/// One standard stream: where text goes, whether a person watches it, and in colour.
class Stream final {
 public:
  /// Colour: --color, else NO_COLOR (no-color.org), else TERM=dumb, else whether it is a terminal.
  Stream(std::FILE* file, ColorChoice color, const migrations::Host& host);

  void write(std::string_view text);
  /// The text and a line break.
  void line(std::string_view text = {});
  /// False when something could not be written (a full disk); a reader that went away is no
  /// failure.
  [[nodiscard]] bool finish();

  [[nodiscard]] bool terminal() const { return terminal_; }
  /// A terminal whose lines can be redrawn.
  [[nodiscard]] bool redraws() const { return terminal_ && !dumb_; }
  /// Columns: of the terminal as it is now, else COLUMNS, else 80.
  [[nodiscard]] std::size_t width() const;

  [[nodiscard]] std::string bold(std::string_view text) const { return painted("1", text); }
  [[nodiscard]] std::string dim(std::string_view text) const { return painted("2", text); }
  [[nodiscard]] std::string red(std::string_view text) const { return painted("31", text); }
  [[nodiscard]] std::string green(std::string_view text) const { return painted("32", text); }
  [[nodiscard]] std::string yellow(std::string_view text) const { return painted("33", text); }
  [[nodiscard]] std::string cyan(std::string_view text) const { return painted("36", text); }

 private:
  [[nodiscard]] std::string painted(std::string_view code, std::string_view text) const;

  std::FILE* file_;
  bool terminal_;
  bool dumb_;
  bool color_;
  std::size_t columns_;
  int error_ = 0;  ///< errno of the first write that failed
};

/// The program's three streams, and how much to say.
struct Console {
  Stream out;
  Stream err;
  bool input_terminal = false;
  bool quiet = false;
  bool verbose = false;

  /// A line on standard error, unless -q.
  void note(std::string_view text);
  void warn(std::string_view text);
  /// Asks on standard error and reads a line; true for y or yes.
  [[nodiscard]] bool confirm(std::string_view question);
};

/// The console of this process.
[[nodiscard]] Console make_console(const Arguments& arguments, const migrations::Host& host);

}  // namespace zdm::cli
