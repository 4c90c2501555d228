#include "support/database.hpp"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace zdm::tests {

using migrations::Connection;
using migrations::DatabaseUrl;
using migrations::Engine;
using migrations::Rows;
using migrations::Secret;
using migrations::SessionSettings;

namespace {

template <class T>
T must(migrations::Result<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().message + " [" + result.error().sqlstate +
                             "] in: " + result.error().statement);
  }
  return std::move(*result);
}

}  // namespace

std::unique_ptr<Connection> Database::connect(const SessionSettings& settings) const {
  return must(migrations::open(url(), settings));
}

migrations::Opener Database::opener(const SessionSettings& settings) const {
  return [where = url(), settings] { return migrations::open(where, settings); };
}

Rows Database::run(const std::string& sql) {
  if (!connection_ || !connection_->usable()) {
    connection_ = connect(SessionSettings{.lock_timeout = std::chrono::seconds(30)});
  }
  return must(connection_->run(sql));
}

void Database::exec(const std::string& sql) {
  run(sql);
}

std::string Database::value(const std::string& sql) {
  const Rows rows = run(sql);
  return rows.empty() ? "(no row)" : rows.rows.front().front().value_or("NULL");
}

std::vector<std::vector<migrations::Text>> Database::rows(const std::string& sql) {
  return run(sql).rows;
}

TestDatabase::TestDatabase(PostgresServer& server) : server_(&server) {
  static std::atomic<int> count = 0;
  name_ = "test_" + std::to_string(getpid()) + "_" + std::to_string(++count);
  const auto admin = must(migrations::open({Secret(server.url("postgres"))}, {}));
  must(admin->run("CREATE DATABASE " + name_ + " TEMPLATE template0"));
}

TestDatabase::~TestDatabase() {
  disconnect();
  // A test may have stopped its server: then there is nothing to drop.
  auto admin = migrations::open({Secret(server_->url("postgres"))}, {});
  if (admin) {
    static_cast<void>((*admin)->run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", {name_}));
    static_cast<void>((*admin)->run("DROP DATABASE IF EXISTS " + name_));
  }
}

void TestDatabase::terminate(std::int64_t backend_pid) {
  const std::string pid = std::to_string(backend_pid);
  exec("SELECT pg_terminate_backend(" + pid + ")");
  // It can be asked to wait only from PostgreSQL 14 on.
  while (value("SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid) != "0") {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

DatabaseUrl TestDatabase::url() const {
  return {Secret(server_->url(name_))};
}

SqliteFile::SqliteFile() {
  folder_ = (std::filesystem::temp_directory_path() / "zdm-sqlite-XXXXXX").string();
  if (mkdtemp(folder_.data()) == nullptr) {
    throw std::runtime_error("cannot make the folder " + folder_);
  }
  must(migrations::open(url(), SessionSettings{.create = true}));
}

SqliteFile::~SqliteFile() {
  disconnect();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

DatabaseUrl SqliteFile::url() const {
  return {Secret("sqlite:" + path())};
}

std::unique_ptr<Database> make_database(Engine engine) {
  if (engine == Engine::sqlite) {
    return std::make_unique<SqliteFile>();
  }
  return std::make_unique<TestDatabase>();
}

}  // namespace zdm::tests
