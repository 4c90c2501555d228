#include "database/connection.hpp"

#include <charconv>
#include <utility>

namespace zdm::migrations {

std::string Rows::first(std::size_t column) const {
  if (rows.empty() || column >= rows.front().size()) {
    return {};
  }
  return rows.front()[column].value_or("");
}

std::int64_t Rows::first_integer(std::size_t column) const {
  const std::string text = first(column);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool Rows::first_true() const {
  const std::string text = first();
  return text == "t" || text == "true" || text == "1";
}

Result<Transaction> Transaction::begin(Connection& connection) {
  // A deferred SQLite transaction that reads first cannot wait for the write lock later: SQLite
  // documentation, "BEGIN TRANSACTION", so the lock is taken at the start.
  ZDM_CHECK(connection.run(connection.engine() == Engine::sqlite ? "BEGIN IMMEDIATE" : "BEGIN"));
  return Transaction(connection);
}

Transaction::Transaction(Transaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

Transaction::~Transaction() {
  // Nobody is left to hear an error here: a connection that cannot roll back is lost, and the
  // server rolls back for it.
  if (connection_ != nullptr && connection_->usable() && connection_->in_transaction()) {
    static_cast<void>(connection_->run("ROLLBACK"));
  }
}

Result<void> Transaction::commit() {
  // After a failed COMMIT SQLite is still in the transaction (BUSY); the destructor leaves it.
  ZDM_CHECK(connection_->run("COMMIT"));
  connection_ = nullptr;
  return {};
}

Result<void> Transaction::rollback() {
  Connection* connection = std::exchange(connection_, nullptr);
  ZDM_CHECK(connection->run("ROLLBACK"));
  return {};
}

}  // namespace zdm::migrations
