#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace zdm::tests {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  int read = -1;
  int write = -1;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  return {ends[0], ends[1]};
}

/// A terminal of 100 columns: what the child shows is read from its master side.
Pipe make_terminal() {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) {
    throw std::runtime_error("no pseudo-terminal");
  }
  const winsize size{40, 100, 0, 0};
  ::ioctl(master, TIOCSWINSZ, &size);
  std::array<char, 128> name{};
  ::ptsname_r(master, name.data(), name.size());
  return {master, ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
}

[[noreturn]] void become(const Command& command, char** words, char** environment) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (!command.directory.empty() && ::chdir(command.directory.c_str()) != 0) ::_exit(127);
  ::execve(words[0], words, environment);
  ::_exit(127);
}

void feed(int to, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(to, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool read_some(int& from, std::string& into) {
  std::array<char, 4096> buffer{};
  const auto got = ::read(from, buffer.data(), buffer.size());
  if (got > 0) {
    into.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
  }
  ::close(from);
  from = -1;
  return false;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

Process::Process(const Command& command) {
  ::signal(SIGPIPE, SIG_IGN);
  auto texts = command.words;
  std::vector<std::string> variables;
  const char* path = std::getenv("PATH");
  variables.push_back(std::string("PATH=") + (path == nullptr ? "/usr/bin:/bin" : path));
  for (const auto& [name, value] : command.environment) variables.push_back(name + "=" + value);
  auto words = pointers(texts);
  auto environment = pointers(variables);
  const auto out = make_pipe();
  const auto err = command.terminal ? make_terminal() : make_pipe();
  const auto in = make_pipe();
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) {
    ::dup2(command.terminal ? err.write : in.read, STDIN_FILENO);
    ::dup2(out.write, STDOUT_FILENO);
    ::dup2(err.write, STDERR_FILENO);
    become(command, words.data(), environment.data());
  }
  ::close(out.write);
  ::close(err.write);
  ::close(in.read);
  out_ = out.read;
  err_ = err.read;
  feed(command.terminal ? err.read : in.write, command.input);
  ::close(in.write);
}

Process::~Process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0) ::close(out_);
  if (err_ >= 0) ::close(err_);
}

void Process::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

bool Process::pump(std::chrono::milliseconds within) {
  if (out_ < 0 && err_ < 0) return false;
  std::array<pollfd, 2> watched = {pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};
  ::poll(watched.data(), watched.size(), static_cast<int>(std::max<long>(0, within.count())));
  if (watched[0].revents != 0) read_some(out_, result_.out);
  if (watched[1].revents != 0) read_some(err_, result_.err);
  return out_ >= 0 || err_ >= 0;
}

bool Process::wait_for(const std::string& text, std::chrono::milliseconds timeout) {
  const auto end = Clock::now() + timeout;
  const auto there = [&] {
    return result_.out.find(text) != std::string::npos ||
           result_.err.find(text) != std::string::npos;
  };
  while (!there() && Clock::now() < end && pump(std::chrono::milliseconds(50))) {
  }
  return there();
}

Finished Process::wait(std::chrono::milliseconds timeout) {
  const auto end = Clock::now() + timeout;
  while (Clock::now() < end && pump(std::chrono::milliseconds(50))) {
  }
  int status = 0;
  while (Clock::now() < end) {
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      break;
    }
    ::usleep(1000);
  }
  if (pid_ > 0) {
    result_.timed_out = true;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
  }
  result_.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result_;
}

Finished run(const Command& command) {
  Process process(command);
  return process.wait(std::chrono::minutes(5));
}

}  // namespace zdm::tests
