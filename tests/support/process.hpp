#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace zdm::tests {

/// A program to run. Its environment is `environment` and PATH, nothing else of ours.
struct Command {
  std::vector<std::string> words;  ///< the program first
  std::string directory;           ///< where; empty: here
  std::map<std::string, std::string> environment;
  std::string input;      ///< its standard input, closed after it
  bool terminal = false;  ///< standard input and error are a terminal; what it shows is in `err`
};

struct Finished {
  int code = 0;  ///< exit code, or 128 and the signal that ended it
  std::string out;
  std::string err;
  bool timed_out = false;  ///< killed by us
};

/// A running child. Killed when destroyed before its end. Throws std::runtime_error when it cannot
/// be started.
class Process final {
 public:
  explicit Process(const Command& command);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  void signal(int number) const;
  [[nodiscard]] int pid() const { return pid_; }
  /// Reads until standard output and error together hold the text; false after the timeout or the
  /// end.
  [[nodiscard]] bool wait_for(const std::string& text, std::chrono::milliseconds timeout);
  [[nodiscard]] Finished wait(std::chrono::milliseconds timeout);

 private:
  /// Reads what is there within the time; false when both ends are closed.
  bool pump(std::chrono::milliseconds within);

  int pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  Finished result_;
};

/// Runs it to its end, at most five minutes.
[[nodiscard]] Finished run(const Command& command);

}  // namespace zdm::tests
