#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "support/process.hpp"

struct sqlite3;

namespace zdm::tests {

using Json = nlohmann::json;

/// A directory of a test's own, gone at its end, in which the built program is run.
class Sandbox final {
 public:
  Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path(const std::string& file) const { return path_ + "/" + file; }
  void write(const std::string& file, const std::string& text) const;
  [[nodiscard]] std::string read(const std::string& file) const;
  [[nodiscard]] bool has(const std::string& file) const;

  /// zdm.toml for an SQLite file shop.db, made with `sql`, and an empty directory of migrations.
  void sqlite(const std::string& sql) const;
  /// Runs SQL on shop.db; the first field of the first row.
  std::string query(const std::string& sql) const;

  [[nodiscard]] Command command(std::vector<std::string> arguments) const;
  /// zdm with these arguments.
  Finished zdm(std::vector<std::string> arguments) const;
  /// The same with --format json added; the object, with "exit_code" checked against the real one.
  [[nodiscard]] Json json(std::vector<std::string> arguments) const;

 private:
  std::string path_;
};

/// Another program's write transaction on shop.db, for as long as it lives. An exclusive one keeps
/// readers out, too.
class WriteLock final {
 public:
  explicit WriteLock(const Sandbox& box, bool exclusive = false);
  WriteLock(const WriteLock&) = delete;
  WriteLock& operator=(const WriteLock&) = delete;
  ~WriteLock();

 private:
  sqlite3* database_ = nullptr;
};

[[nodiscard]] inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace zdm::tests
