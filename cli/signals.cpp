#include "signals.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <map>
#include <mutex>
#include <string_view>

namespace zdm::cli {

using planner::ErrorCode;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds kGraceOfReads{2};
constexpr std::chrono::seconds kGraceOfWrites{5};

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

/// Straight to the file descriptor: another thread may hold the stream's lock.
void say(std::string_view text) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

struct Interrupts::State {
  std::stop_source stop;
  std::atomic<ErrorCode> reason{ErrorCode::interrupted};
  std::atomic<bool> idle{false};
  std::mutex mutex;
  std::map<int, std::function<void()>> callbacks;
  int next_callback = 0;
  Work work = Work::none;
  int signals = -1;
  int wake = -1;
  int received = 0;                           // watcher's own
  std::optional<Clock::time_point> deadline;  // of --timeout
  std::optional<Clock::time_point> leave_at;  // when waiting any longer is pointless

  [[noreturn]] void leave() const {
    say("\nzdm: left without waiting; the same command carries on from what is recorded\n");
    ::_exit(static_cast<int>(reason.load()));
  }

  /// On a thread of its own: PQcancel() talks to the network.
  static void cancel(const std::shared_ptr<State>& state) {
    std::thread([state] {
      const std::lock_guard lock(state->mutex);
      for (const auto& [id, callback] : state->callbacks) callback();
    }).detach();
  }

  void first_stop(const std::shared_ptr<State>& self, ErrorCode why) {
    reason = why;
    stop.request_stop();
    if (idle) leave();
    if (work == Work::reads) {
      leave_at = Clock::now() + kGraceOfReads;
      cancel(self);
    } else {
      say("\nzdm: stopping at the next safe point; once more cancels the running statement\n");
    }
  }

  void on_signal(const std::shared_ptr<State>& self, std::uint32_t number) {
    const auto why = number == SIGINT ? ErrorCode::interrupted : ErrorCode::terminated;
    ++received;
    if (received == 1) {
      first_stop(self, why);
    } else if (received == 2) {
      say("\nzdm: cancelling the running statement\n");
      leave_at = Clock::now() + kGraceOfWrites;
      cancel(self);
    } else {
      leave();
    }
  }

  void on_time(const std::shared_ptr<State>& self) {
    const auto now = Clock::now();
    if (leave_at && now >= *leave_at) leave();
    if (deadline && now >= *deadline) {
      deadline.reset();
      if (!stop.stop_requested()) first_stop(self, ErrorCode::busy);
    }
  }

  /// Milliseconds until something is due; -1: nothing is.
  [[nodiscard]] int patience() const {
    auto due = leave_at;
    if (deadline && (!due || *deadline < *due)) due = deadline;
    if (!due) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - Clock::now()).count();
    constexpr std::chrono::milliseconds::rep kLongest = 3'600'000;
    return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left, 0, kLongest));
  }

  void run(const std::shared_ptr<State>& self) {
    for (;;) {
      std::array<pollfd, 2> watched = {pollfd{signals, POLLIN, 0}, pollfd{wake, POLLIN, 0}};
      ::poll(watched.data(), watched.size(), patience());
      if ((watched[1].revents & POLLIN) != 0) return;
      signalfd_siginfo info{};
      if ((watched[0].revents & POLLIN) != 0 &&
          ::read(signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        on_signal(self, info.ssi_signo);
      }
      on_time(self);
    }
  }
};

Interrupts::Interrupts() : state_(std::make_shared<State>()) {}

Interrupts::~Interrupts() {
  if (!watcher_.joinable()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(state_->wake, &one, sizeof one);
  watcher_.join();
  ::close(state_->signals);
  ::close(state_->wake);
}

void Interrupts::watch(Work work, std::optional<std::chrono::milliseconds> timeout) {
  const auto set = our_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  state_->work = work;
  state_->signals = ::signalfd(-1, &set, SFD_CLOEXEC);
  state_->wake = ::eventfd(0, EFD_CLOEXEC);
  if (timeout) state_->deadline = Clock::now() + *timeout;
  watcher_ = std::thread([state = state_] { state->run(state); });
}

std::stop_token Interrupts::token() const {
  return state_->stop.get_token();
}
bool Interrupts::stopped() const {
  return state_->stop.stop_requested();
}
ErrorCode Interrupts::reason() const {
  return state_->reason;
}

int Interrupts::on_cancel(std::function<void()> cancel) {
  const std::lock_guard lock(state_->mutex);
  state_->callbacks.emplace(state_->next_callback, std::move(cancel));
  return state_->next_callback++;
}

void Interrupts::forget(int callback) {
  const std::lock_guard lock(state_->mutex);
  state_->callbacks.erase(callback);
}

Interrupts::Idle::Idle(Interrupts& interrupts) : interrupts_(interrupts) {
  interrupts_.state_->idle = true;
}
Interrupts::Idle::~Idle() {
  interrupts_.state_->idle = false;
}

}  // namespace zdm::cli
