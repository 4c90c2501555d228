#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <unistd.h>

#include "host/host.hpp"

namespace zdm::tests {

/// A host whose environment is the map given, and nothing else.
class FakeHost final : public migrations::Host {
 public:
  explicit FakeHost(std::map<std::string, std::string> environment = {})
      : environment_(std::move(environment)) {}
  [[nodiscard]] std::chrono::system_clock::time_point now() const override { return {}; }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override { return {}; }
  void sleep(std::chrono::nanoseconds /*duration*/, const std::stop_token& /*stop*/) override {}
  [[nodiscard]] std::optional<std::string> environment(const std::string& name) const override {
    const auto found = environment_.find(name);
    return found == environment_.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] std::string hostname() const override { return "host"; }
  [[nodiscard]] std::string user() const override { return "user"; }
  [[nodiscard]] std::int64_t pid() const override { return 1; }
  [[nodiscard]] bool process_alive(std::int64_t /*pid*/) const override { return true; }
  [[nodiscard]] double random() override { return 0.5; }

 private:
  std::map<std::string, std::string> environment_;
};

/// A directory that is gone with the test.
class Folder final {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "zdm-files-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// Writes a file, its directories too, and returns its path.
  std::string write(const std::string& name, std::string_view content) const {
    const auto path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  [[nodiscard]] std::string path(const std::string& name = {}) const {
    return name.empty() ? path_.string() : (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace zdm::tests
