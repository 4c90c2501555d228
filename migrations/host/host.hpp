#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

namespace zdm::migrations {

/// Clock, environment, processes and randomness come in as one value, so that tests can fake them.
class Host {
 public:
  Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  virtual ~Host() = default;

  [[nodiscard]] virtual std::chrono::system_clock::time_point now() const = 0;
  [[nodiscard]] virtual std::chrono::steady_clock::time_point steady() const = 0;
  /// Sleeps, or returns early when a stop is asked for.
  virtual void sleep(std::chrono::nanoseconds duration, const std::stop_token& stop) = 0;
  [[nodiscard]] virtual std::optional<std::string> environment(const std::string& name) const = 0;
  [[nodiscard]] virtual std::string hostname() const = 0;
  [[nodiscard]] virtual std::string user() const = 0;
  [[nodiscard]] virtual std::int64_t pid() const = 0;
  /// A process of this host runs under this pid.
  [[nodiscard]] virtual bool process_alive(std::int64_t pid) const = 0;
  /// Uniform in [0, 1).
  [[nodiscard]] virtual double random() = 0;
};

/// The machine's own.
class RealHost final : public Host {
 public:
  RealHost();
  [[nodiscard]] std::chrono::system_clock::time_point now() const override;
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override;
  void sleep(std::chrono::nanoseconds duration, const std::stop_token& stop) override;
  [[nodiscard]] std::optional<std::string> environment(const std::string& name) const override;
  [[nodiscard]] std::string hostname() const override;
  [[nodiscard]] std::string user() const override;
  [[nodiscard]] std::int64_t pid() const override;
  [[nodiscard]] bool process_alive(std::int64_t pid) const override;
  [[nodiscard]] double random() override;

 private:
  std::atomic<std::uint64_t> state_;  ///< asked by several threads
};

/// 2026-11-23T12:57:31Z
[[nodiscard]] std::string to_rfc3339(std::chrono::system_clock::time_point time);

}  // namespace zdm::migrations
