#pragma once

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "database/connection.hpp"

namespace zdm::migrations {

/// A text that prints as *** wherever it goes (law 16).
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  /// The one way to the text; for the client library alone.
  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

inline std::ostream& operator<<(std::ostream& out, const Secret&) {
  return out << "***";
}

/// Where the database is: postgresql://…, key=value, `sqlite:path`; empty: libpq's own defaults.
struct DatabaseUrl {
  Secret text;
  [[nodiscard]] Engine engine() const;  ///< sqlite for the sqlite: scheme
  [[nodiscard]] std::string sqlite_path() const;
  /// Without the password: "postgresql://app@db/shop", "sqlite:shop.db".
  [[nodiscard]] std::string display() const;
};

/// What each connection is set up with, from nothing, each time (law 7). PostgreSQL:
/// application_name zdm/<version>, row_security off, lock_timeout, statement_timeout,
/// idle_in_transaction_session_timeout, search_path (where given), standard_conforming_strings,
/// DateStyle ISO, bytea hex, UTF8. Through a transaction pooler (Connection::pooled) nothing of it
/// but application_name and UTF8 is set: what a transaction needs is for SET LOCAL. SQLite:
/// busy_timeout is the lock_timeout, foreign_keys on; its file must exist unless `create`.
struct SessionSettings {
  std::chrono::milliseconds lock_timeout{500};
  std::chrono::milliseconds statement_timeout{0};
  std::chrono::milliseconds idle_in_transaction_timeout{60'000};
  std::string search_path;  ///< SQL text, or empty: the role's own
  bool create = false;      ///< SQLite: make the file when it is missing
};

/// Opens and sets up. ErrorCode::cannot_connect; usage when the URL is not one; refused when the
/// server is older than PostgreSQL 12 or SQLite 3.35. Tries for 10 s where neither the URL nor
/// PGCONNECT_TIMEOUT says otherwise.
[[nodiscard]] Result<std::unique_ptr<Connection>> open(const DatabaseUrl& url,
                                                       const SessionSettings& settings);

/// Opens connections of one database with one set of settings; what decorators wrap in tests.
using Opener = std::function<Result<std::unique_ptr<Connection>>()>;

/// What an SQLSTATE means for us.
enum class Trouble {
  none,       ///< not retryable: a real error
  lock,       ///< 55P03, 40P01, 40001: try again
  cancelled,  ///< 57014: statement_timeout or cancel
  lost,       ///< 57P0x, 08xxx: connect again
  privilege,  ///< 42501
  read_only,  ///< 25006
  full,       ///< 53100, 53200: disk or memory
};
[[nodiscard]] Trouble classify(std::string_view sqlstate);

}  // namespace zdm::migrations

template <>
struct fmt::formatter<zdm::migrations::Secret> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const zdm::migrations::Secret&, Context& context) const {
    return fmt::formatter<fmt::string_view>::format("***", context);
  }
};
