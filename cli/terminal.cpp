#include "terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "redact.hpp"

namespace zdm::cli {
namespace {

constexpr std::size_t kUsualWidth = 80;

std::size_t columns_of(const migrations::Host& host) {
  const auto text = host.environment("COLUMNS").value_or("");
  std::size_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc() && value > 0 ? value : kUsualWidth;
}

bool paints(ColorChoice choice, bool terminal, bool dumb, const migrations::Host& host) {
  switch (choice) {
    case ColorChoice::always:
      return true;
    case ColorChoice::never:
      return false;
    case ColorChoice::automatic:
      break;
  }
  return terminal && !dumb && host.environment("NO_COLOR").value_or("").empty();
}

}  // namespace

Stream::Stream(std::FILE* file, ColorChoice color, const migrations::Host& host)
    : file_(file),
      terminal_(::isatty(::fileno(file)) == 1),
      dumb_(host.environment("TERM").value_or("dumb") == "dumb"),
      color_(paints(color, terminal_, dumb_, host)),
      columns_(columns_of(host)) {}

void Stream::write(std::string_view text) {
  const bool whole = std::fwrite(text.data(), 1, text.size(), file_) == text.size();
  const bool flushed = (file_ != stderr && !terminal_) || std::fflush(file_) == 0;
  if ((!whole || !flushed) && error_ == 0) error_ = errno;
}

void Stream::line(std::string_view text) {
  std::string whole(text);
  whole += '\n';
  write(whole);
}

bool Stream::finish() {
  if (std::fflush(file_) != 0 && error_ == 0) error_ = errno;
  return error_ == 0 || error_ == EPIPE;
}

std::size_t Stream::width() const {
  winsize size{};
  if (terminal_ && ::ioctl(::fileno(file_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  return columns_;
}

std::string Stream::painted(std::string_view code, std::string_view text) const {
  if (!color_ || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

void Console::note(std::string_view text) {
  if (!quiet) err.line(redacted(text));
}

void Console::warn(std::string_view text) {
  if (!quiet) err.line(fmt::format("zdm: {}: {}", err.yellow("warning"), redacted(text)));
}

bool Console::confirm(std::string_view question) {
  err.write(fmt::format("{} [y/N] ", question));
  std::array<char, 64> answer{};
  if (std::fgets(answer.data(), static_cast<int>(answer.size()), stdin) == nullptr) return false;
  const std::string_view text(answer.data());
  const auto word = text.substr(0, text.find_first_of("\r\n"));
  return word == "y" || word == "Y" || word == "yes" || word == "Yes" || word == "YES";
}

Console make_console(const Arguments& arguments, const migrations::Host& host) {
  return {.out = Stream(stdout, arguments.color, host),
          .err = Stream(stderr, arguments.color, host),
          .input_terminal = ::isatty(STDIN_FILENO) == 1,
          .quiet = arguments.has("--quiet"),
          .verbose = arguments.has("--verbose")};
}

}  // namespace zdm::cli
