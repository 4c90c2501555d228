#include "tracked_connection.hpp"

namespace zdm::cli {
namespace {

using migrations::Connection;
using migrations::Rows;
using migrations::Text;

class TrackedConnection final : public Connection {
 public:
  TrackedConnection(std::unique_ptr<Connection> inner, Interrupts& interrupts)
      : inner_(std::move(inner)),
        interrupts_(interrupts),
        callback_(interrupts.on_cancel([this] { inner_->cancel(); })) {}
  TrackedConnection(const TrackedConnection&) = delete;
  TrackedConnection& operator=(const TrackedConnection&) = delete;
  ~TrackedConnection() override { interrupts_.forget(callback_); }

  planner::Result<Rows> run(std::string_view sql, std::span<const Text> parameters) override {
    return inner_->run(sql, parameters);
  }
  [[nodiscard]] planner::Engine engine() const override { return inner_->engine(); }
  [[nodiscard]] int server_version() const override { return inner_->server_version(); }
  [[nodiscard]] bool usable() const override { return inner_->usable(); }
  [[nodiscard]] bool in_transaction() const override { return inner_->in_transaction(); }
  void cancel() noexcept override { inner_->cancel(); }
  [[nodiscard]] std::int64_t backend_pid() const override { return inner_->backend_pid(); }
  [[nodiscard]] bool pooled() const override { return inner_->pooled(); }

 private:
  std::unique_ptr<Connection> inner_;
  Interrupts& interrupts_;
  int callback_;
};

}  // namespace

migrations::Opener tracked(migrations::Opener open, Interrupts& interrupts) {
  return [open = std::move(open), &interrupts]() -> planner::Result<std::unique_ptr<Connection>> {
    ZDM_TRY(auto connection, open());
    return std::make_unique<TrackedConnection>(std::move(connection), interrupts);
  };
}

}  // namespace zdm::cli
