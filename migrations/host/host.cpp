#include "host/host.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <random>
#include <vector>

namespace zdm::migrations {

RealHost::RealHost() {
  std::random_device device;
  state_ = (static_cast<std::uint64_t>(device()) << 32) | device();
}

std::chrono::system_clock::time_point RealHost::now() const {
  return std::chrono::system_clock::now();
}

std::chrono::steady_clock::time_point RealHost::steady() const {
  return std::chrono::steady_clock::now();
}

void RealHost::sleep(std::chrono::nanoseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, duration, [] { return false; });
}

std::optional<std::string> RealHost::environment(const std::string& name) const {
  // Nothing in zdm writes the environment, so the reads cannot race.
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr) {
    return std::nullopt;
  }
  return std::string(value);
}

std::string RealHost::hostname() const {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) {
    return "unknown";
  }
  return name.data();
}

std::string RealHost::user() const {
  std::vector<char> buffer(16'384);
  passwd entry{};
  passwd* found = nullptr;
  const uid_t id = geteuid();
  if (getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return fmt::format("uid {}", id);  // a container without a passwd entry
}

std::int64_t RealHost::pid() const {
  return getpid();
}

bool RealHost::process_alive(std::int64_t pid) const {
  if (pid <= 0) {
    return false;
  }
  // EPERM: it runs, but belongs to someone else.
  return ::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM;
}

double RealHost::random() {
  // splitmix64 (Steele, Lea, Flood 2014): for jitter, not for secrets.
  constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15ULL;
  std::uint64_t mixed = state_.fetch_add(kStep) + kStep;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
  mixed ^= mixed >> 31;
  return static_cast<double>(mixed >> 11) * 0x1.0p-53;
}

std::string to_rfc3339(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace zdm::migrations
