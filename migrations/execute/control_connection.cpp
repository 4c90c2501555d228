#include "execute/control_connection.hpp"

#include <utility>

namespace zdm::migrations {

Result<std::unique_ptr<ControlConnection>> ControlConnection::open(Opener opener) {
  ZDM_TRY(auto inner, opener());
  return std::unique_ptr<ControlConnection>(
      new ControlConnection(std::move(opener), std::move(inner)));
}

ControlConnection::ControlConnection(Opener opener, std::unique_ptr<Connection> inner)
    : opener_(std::move(opener)),
      inner_(std::move(inner)),
      engine_(inner_->engine()),
      server_version_(inner_->server_version()) {}

Result<Rows> ControlConnection::run(std::string_view sql, std::span<const Text> parameters) {
  mutex_.lock();
  auto result = run_locked(sql, parameters);
  const bool open = inner_->usable() && inner_->in_transaction();
  if (open == kept_) {
    mutex_.unlock();
  } else if (!open) {  // the transaction ended: give back what its begin kept, too
    mutex_.unlock();
    kept_ = false;
    mutex_.unlock();
  } else {
    kept_ = true;
  }
  return result;
}

Result<Rows> ControlConnection::run_locked(std::string_view sql, std::span<const Text> parameters) {
  if (inner_->usable()) {
    auto result = inner_->run(sql, parameters);
    if (result || inner_->usable() || kept_) return result;
  }
  ZDM_TRY(inner_, opener_());
  return inner_->run(sql, parameters);
}

bool ControlConnection::usable() const {
  const std::scoped_lock lock(mutex_);
  return inner_->usable();
}

bool ControlConnection::in_transaction() const {
  const std::scoped_lock lock(mutex_);
  return inner_->in_transaction();
}

std::int64_t ControlConnection::backend_pid() const {
  const std::scoped_lock lock(mutex_);
  return inner_->backend_pid();
}

bool ControlConnection::pooled() const {
  const std::scoped_lock lock(mutex_);
  return inner_->pooled();
}

}  // namespace zdm::migrations
