#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "database/open.hpp"
#include "support/postgres.hpp"

namespace zdm::tests {

/// A database of one test, empty at its start and gone at its end. A test that must hold on both
/// engines is written once, over make_database(engine). Every helper throws std::runtime_error with
/// the server's message when the SQL fails.
class Database {
 public:
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  virtual ~Database() = default;

  [[nodiscard]] virtual migrations::DatabaseUrl url() const = 0;
  [[nodiscard]] migrations::Engine engine() const { return url().engine(); }
  /// A connection of zdm's own kind.
  [[nodiscard]] std::unique_ptr<migrations::Connection> connect(
      const migrations::SessionSettings& settings = {}) const;
  /// The same as an opener.
  [[nodiscard]] migrations::Opener opener(const migrations::SessionSettings& settings = {}) const;

  /// Runs statements on a connection kept for the test's own use.
  void exec(const std::string& sql);
  /// The first field: "NULL" for NULL, "(no row)" where there is none.
  [[nodiscard]] std::string value(const std::string& sql);
  [[nodiscard]] std::vector<std::vector<migrations::Text>> rows(const std::string& sql);

 protected:
  void disconnect() { connection_.reset(); }

 private:
  migrations::Rows run(const std::string& sql);
  std::unique_ptr<migrations::Connection> connection_;
};

/// A database on PostgresServer::shared(), or on another server.
class TestDatabase final : public Database {
 public:
  explicit TestDatabase(PostgresServer& server = PostgresServer::shared());
  ~TestDatabase() override;

  [[nodiscard]] migrations::DatabaseUrl url() const override;
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Ends a backend, and returns once it is gone.
  void terminate(std::int64_t backend_pid);

 private:
  PostgresServer* server_;
  std::string name_;
};

/// An SQLite file in a folder of its own below the system's temporary folder.
class SqliteFile final : public Database {
 public:
  SqliteFile();
  ~SqliteFile() override;

  [[nodiscard]] migrations::DatabaseUrl url() const override;
  [[nodiscard]] std::string path() const { return folder_ + "/test.db"; }

 private:
  std::string folder_;
};

[[nodiscard]] std::unique_ptr<Database> make_database(migrations::Engine engine);

}  // namespace zdm::tests
