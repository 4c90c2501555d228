#include "gate/inputs.hpp"

#include <filesystem>
#include <fstream>

#include "support/catch.hpp"

namespace zdm::tests {
namespace {

namespace fs = std::filesystem;

/// A directory of a test's own.
class Folder final {
 public:
  Folder() {
    std::string name = fs::temp_directory_path() / "zdm-inputs-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }

  void write(const std::string& name, const std::string& text = "select 1;") const {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

planner::Result<std::vector<migrations::Input>> find(const std::vector<std::string>& paths) {
  return migrations::find_inputs({.paths = paths, .dialect = std::nullopt, .standard_input = [] {
                                    return planner::Result<std::string>("select 2;");
                                  }});
}

std::vector<std::string> names(const Folder& folder, const std::vector<std::string>& paths) {
  const auto found = find(paths);
  REQUIRE(found);
  std::vector<std::string> names;
  for (const auto& input : *found) {
    names.push_back(fs::path(input.raw.path).lexically_relative(folder.path()).string());
  }
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("files are found in the order in which they run", "[gate]") {
  const Folder folder;
  for (const auto* name : {"10_b.sql", "9_a.sql", ".hidden.sql", "README.md", "2024/1.sql"}) {
    folder.write(name);
  }
  CHECK(names(folder, {folder.path()}) == Names{"9_a.sql", "10_b.sql", "2024/1.sql"});
  CHECK(names(folder, {folder.path("1*.sql"), folder.path("9_a.sql"), folder.path("*.sql")}) ==
        Names{"10_b.sql", "9_a.sql"});
}

TEST_CASE("Flyway's versions are compared part by part, and R files run last", "[gate]") {
  const Folder folder;
  for (const auto* name : {"R__a.sql", "V1.10__c.sql", "V1_2__b.sql", "V1__a.sql", "V2__d.sql"}) {
    folder.write(name);
  }
  CHECK(names(folder, {folder.path()}) ==
        Names{"V1__a.sql", "V1_2__b.sql", "V1.10__c.sql", "V2__d.sql", "R__a.sql"});
}

TEST_CASE("sqitch's plan orders what it deploys", "[gate]") {
  const Folder folder;
  folder.write("sqitch.plan",
               "%syntax-version=1.0.0\n\nzebra 2026-01-01 A <a@b.c> # first\nant 2026\n");
  for (const auto* name : {"deploy/ant.sql", "deploy/zebra.sql", "revert/ant.sql"})
    folder.write(name);
  CHECK(names(folder, {folder.path()}) == Names{"deploy/zebra.sql", "deploy/ant.sql"});
}

TEST_CASE("standard input is a path", "[gate]") {
  const auto found = find({"-"});
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK((*found)[0].raw.bytes == "select 2;");
}

TEST_CASE("what cannot be read, or is nothing, is an error and never success", "[gate]") {
  const Folder folder;
  folder.write("empty/readme.md");
  folder.write("bad.sql", "select 1;\nselect '\xFF';");
  folder.write("a.toml");
  for (const auto* name : {"none.sql", "*.sqlite", "empty", "bad.sql", "a.toml"}) {
    INFO(name);
    const auto found = find({folder.path(name)});
    REQUIRE_FALSE(found);
    CHECK(found.error().code == planner::ErrorCode::usage);
  }
  const auto bad = find({folder.path("bad.sql")});
  REQUIRE(bad.error().where);
  CHECK(bad.error().where->line == 2);
  CHECK(bad.error().where->column == 9);
}

}  // namespace zdm::tests
