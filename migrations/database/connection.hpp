#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.hpp"
#include "model/names.hpp"

namespace zdm::migrations {

using planner::Engine;
using planner::Error;
using planner::ErrorCode;
using planner::Result;

/// A parameter or a field in text form; nothing is NULL.
using Text = std::optional<std::string>;

/// What one statement gave back.
struct Rows {
  std::vector<std::string> columns;
  std::vector<std::vector<Text>> rows;
  std::int64_t affected = 0;  ///< rows written, as the server counts them

  [[nodiscard]] bool empty() const { return rows.empty(); }
  /// Field of the first row; empty text where there is none or it is NULL.
  [[nodiscard]] std::string first(std::size_t column = 0) const;
  /// Integer of the first row; 0 where there is none.
  [[nodiscard]] std::int64_t first_integer(std::size_t column = 0) const;
  /// 't', 'true' or '1' in the first field.
  [[nodiscard]] bool first_true() const;
};

/// One connection. Every statement zdm sends, BEGIN and COMMIT included, goes through run(), so
/// that a decorator sees each of them. Not thread-safe, except cancel().
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  /// Runs one statement. Parameters are $1, $2 … on both engines. Errors carry the sqlstate
  /// (SQLite: the nearest PostgreSQL one), the statement and, when the connection is lost, code
  /// cannot_connect; after that the object is of no more use: open a new one (law 7).
  [[nodiscard]] virtual Result<Rows> run(std::string_view sql,
                                         std::span<const Text> parameters) = 0;
  [[nodiscard]] Result<Rows> run(std::string_view sql) { return run(sql, std::span<const Text>{}); }
  [[nodiscard]] Result<Rows> run(std::string_view sql, std::initializer_list<Text> parameters) {
    return run(sql, std::span<const Text>(parameters.begin(), parameters.size()));
  }

  [[nodiscard]] virtual Engine engine() const = 0;
  /// server_version_num, or sqlite3_libversion_number().
  [[nodiscard]] virtual int server_version() const = 0;
  /// False after the connection was lost.
  [[nodiscard]] virtual bool usable() const = 0;
  /// In a transaction, failed ones included.
  [[nodiscard]] virtual bool in_transaction() const = 0;
  /// Asks the server to cancel what runs now. From any thread; best effort.
  virtual void cancel() noexcept = 0;
  /// PostgreSQL: pg_backend_pid(); 0 on SQLite.
  [[nodiscard]] virtual std::int64_t backend_pid() const = 0;
  /// A pooler sits between: PQbackendPID() differs from pg_backend_pid() (law 7).
  [[nodiscard]] virtual bool pooled() const = 0;
};

/// BEGIN now; ROLLBACK when destroyed unless committed. SQLite: BEGIN IMMEDIATE.
class Transaction final {
 public:
  [[nodiscard]] static Result<Transaction> begin(Connection& connection);
  Transaction(Transaction&& other) noexcept;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  /// A connection lost during COMMIT gives an error with in_doubt set.
  [[nodiscard]] Result<void> commit();
  /// Explicitly, to see its error.
  [[nodiscard]] Result<void> rollback();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace zdm::migrations
