#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/sandbox.hpp"
#include "support/catch.hpp"

namespace zdm::tests {

/// The file that renames users.name, at a phase; `more` are further lines of it.
[[nodiscard]] inline std::string rename_at(const std::string& phase, const std::string& more = "") {
  return "description = \"users.name becomes users.full_name\"\nphase = \"" + phase + "\"\n" +
         more +
         "\n[[change]]\nkind = \"rename_column\"\ntable = \"users\"\nfrom = \"name\"\n"
         "to = \"full_name\"\n";
}

/// Where it is.
inline constexpr auto kFile = "migrations/0001_users_full_name.toml";

/// A project whose releases can be kept in each of the three ways.
class Project final {
 public:
  explicit Project(std::string way) : way_(std::move(way)) {
    box.write("migrations/.keep", "");
    box.write("db/.keep", "");
    box.write("zdm.toml", "[gate]\nsql = [\"db/*.sql\"]\n");
    box.write("db/001.sql", "CREATE TABLE users (id bigint PRIMARY KEY, name text, fax text);\n");
    if (way_ == "git") REQUIRE(git({"init", "-q", "."}) == 0);
  }

  /// The checkout as it is now is what runs from here on.
  void release() {
    ++number_;
    const auto name = std::to_string(number_);
    if (way_ == "lock") {
      const auto cut = box.zdm({"release", "cut", name});
      INFO(cut.err);
      REQUIRE(cut.code == 0);
    }
    if (way_ == "git") {
      REQUIRE(git({"add", "-A"}) == 0);
      REQUIRE(git({"-c", "user.name=n", "-c", "user.email=n@example.org", "commit", "--allow-empty",
                   "-qm", name}) == 0);
    }
    if (way_ == "base") {
      std::filesystem::remove_all(box.path("../" + base()));
      std::filesystem::copy(box.path(), box.path("../" + base()),
                            std::filesystem::copy_options::recursive);
    }
  }

  ~Project() {
    std::error_code ignored;
    std::filesystem::remove_all(box.path("../" + base()), ignored);
  }
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;

  [[nodiscard]] Finished check() const {
    std::vector<std::string> words = {"check"};
    if (way_ == "git") words.insert(words.end(), {"--since", "HEAD"});
    if (way_ == "base") words.insert(words.end(), {"--base", "../" + base()});
    return box.zdm(words);
  }

  void passes() const {
    const auto found = check();
    INFO(found.out << found.err);
    CHECK(found.code == 0);
    CHECK(found.out.empty());
  }
  void is_rejected_for(const std::string& rule, const std::string& words = "") const {
    const auto found = check();
    INFO(found.out << found.err);
    CHECK(found.code == 3);
    CHECK(contains(found.out, "error[" + rule + "]"));
    CHECK(contains(found.out, words));
  }

  Sandbox box;

 private:
  [[nodiscard]] std::string base() const {
    return std::filesystem::path(box.path()).filename().string() + "-base";
  }
  [[nodiscard]] int git(std::vector<std::string> words) const {
    Command command = box.command(std::move(words));
    command.words.front() = "git";
    command.words.insert(command.words.begin(), "/usr/bin/env");
    return run(command).code;
  }

  std::string way_;
  int number_ = 0;
};

}  // namespace zdm::tests
