#pragma once

#include <memory>
#include <mutex>

#include "database/open.hpp"

namespace zdm::migrations {

/// The control connection (law 7), for several threads: one statement at a time, a transaction
/// belongs to the thread that began it. When it is lost it is opened again by itself, and a
/// statement outside a transaction is sent once more: heartbeats and looks at pg_locks may be
/// repeated.
class ControlConnection final : public Connection {
 public:
  [[nodiscard]] static Result<std::unique_ptr<ControlConnection>> open(Opener opener);
  ~ControlConnection() override = default;

  using Connection::run;
  [[nodiscard]] Result<Rows> run(std::string_view sql, std::span<const Text> parameters) override;
  [[nodiscard]] Engine engine() const override { return engine_; }
  [[nodiscard]] int server_version() const override { return server_version_; }
  [[nodiscard]] bool usable() const override;
  [[nodiscard]] bool in_transaction() const override;
  /// Does nothing: its statements are short.
  void cancel() noexcept override {}
  [[nodiscard]] std::int64_t backend_pid() const override;
  [[nodiscard]] bool pooled() const override;

 private:
  ControlConnection(Opener opener, std::unique_ptr<Connection> inner);
  [[nodiscard]] Result<Rows> run_locked(std::string_view sql, std::span<const Text> parameters);

  Opener opener_;
  mutable std::recursive_mutex mutex_;
  std::unique_ptr<Connection> inner_;
  Engine engine_;
  int server_version_;
  bool kept_ = false;  ///< the mutex stays locked until the transaction ends
};

}  // namespace zdm::migrations
