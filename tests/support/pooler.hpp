#pragma once

#include <string>

#include "support/postgres.hpp"

namespace zdm::tests {

/// A pgbouncer in front of a test's server, in transaction pooling. Gone with the process.
class Pooler final {
 public:
  /// Throws std::runtime_error with its log when it does not start.
  explicit Pooler(PostgresServer& server = PostgresServer::shared(), int pool_size = 2);
  Pooler(const Pooler&) = delete;
  Pooler& operator=(const Pooler&) = delete;
  ~Pooler();

  /// postgresql:// URL of a database through it.
  [[nodiscard]] std::string url(const std::string& database) const;

 private:
  std::string folder_;
  int port_ = 0;
  int pid_ = 0;
};

}  // namespace zdm::tests
