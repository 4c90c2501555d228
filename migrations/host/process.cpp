#include "host/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

namespace zdm::migrations {

namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// The two ends of a pipe, closed at the end.
class Pipe {
 public:
  Pipe() : opened_(pipe2(ends_.data(), O_CLOEXEC) == 0) {}
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  [[nodiscard]] bool opened() const { return opened_; }
  [[nodiscard]] int reader() const { return ends_[0]; }
  [[nodiscard]] int writer() const { return ends_[1]; }
  void close_writer() { close_end(1); }

 private:
  void close_end(std::size_t end) {
    if (opened_ && ends_.at(end) >= 0) close(ends_.at(end));
    ends_.at(end) = -1;
  }
  std::array<int, 2> ends_{-1, -1};
  bool opened_;
};

/// A file without a name that holds the input: no pipe can run full while we read the output.
File input_file(const std::string& input) {
  File file(std::tmpfile());
  if (!file) return file;
  if (std::fwrite(input.data(), 1, input.size(), file.get()) != input.size()) return nullptr;
  if (std::fflush(file.get()) != 0 || std::fseek(file.get(), 0, SEEK_SET) != 0) return nullptr;
  return file;
}

/// Reads both until they are closed.
void read_all(const Pipe& out, const Pipe& err, ProgramEnd& end) {
  std::array<pollfd, 2> ends{{{out.reader(), POLLIN, 0}, {err.reader(), POLLIN, 0}}};
  std::array<char, 65536> buffer{};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) return;
    for (pollfd& each : ends) {
      if (each.fd < 0 || each.revents == 0) continue;
      const auto got = read(each.fd, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        each.fd = -1;
        continue;
      }
      (&each == ends.data() ? end.out : end.err)
          .append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// What we ignore, a program of its own should not.
int spawn(const std::vector<std::string>& arguments, int in, int out, int err, pid_t& pid) {
  auto texts = arguments;  // posix_spawn asks for char*, and leaves them as they are
  std::vector<char*> words;
  words.reserve(texts.size() + 1);
  for (auto& word : texts) words.push_back(word.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  posix_spawnattr_t attributes{};
  posix_spawnattr_init(&attributes);
  sigset_t pipe_signal{};
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int problem = posix_spawnp(&pid, words[0], &actions, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return problem;
}

}  // namespace

planner::Result<ProgramEnd> run_program(const std::vector<std::string>& arguments,
                                        const std::string& input) {
  const auto cannot = [&](int problem) {
    return planner::fail(planner::ErrorCode::failed,
                         fmt::format("cannot run {}: {}", arguments.front(), strerror(problem)),
                         fmt::format("is {} installed, and in PATH?", arguments.front()));
  };
  const File in = input_file(input);
  Pipe out;
  Pipe err;
  if (!in || !out.opened() || !err.opened()) return cannot(errno);
  pid_t pid = 0;
  const int problem = spawn(arguments, fileno(in.get()), out.writer(), err.writer(), pid);
  if (problem != 0) return cannot(problem);
  out.close_writer();
  err.close_writer();
  ProgramEnd end;
  read_all(out, err, end);
  end.code = wait_for(pid);
  return end;
}

}  // namespace zdm::migrations
