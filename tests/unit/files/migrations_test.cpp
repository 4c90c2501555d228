#include <string>

#include "fake_host.hpp"
#include "files/project.hpp"
#include "support/catch.hpp"

using namespace zdm;
using migrations::load_migrations;
using planner::ErrorCode;
using tests::Folder;

namespace {

constexpr const char* kRename = R"(
description = "users.name becomes users.full_name"
phase = "expand"

[[change]]
kind = "rename_column"
table = "users"
from = "name"
to = "full_name"
up = "name"
)";

}  // namespace

TEST_CASE("migrations are read in natural order", "[unit][files]") {
  const Folder folder;
  for (const char* name : {"10_c", "9_b", "0001_a"})
    folder.write(std::string(name) + ".toml", kRename);
  folder.write(".hidden.toml", "not = [toml");
  folder.write("notes.txt", "x");
  folder.write("zdm.toml", "[locks]\n");
  folder.write("old/0002_x.toml", "not = [toml");
  folder.write("dir.toml/x", "");
  const auto all = load_migrations(folder.path());
  INFO((all ? "" : all.error().message));
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK(all->at(0).id.value == "0001_a");
  CHECK(all->at(1).id.value == "9_b");
  CHECK(all->at(2).id.value == "10_c");
  CHECK(all->at(0).path == folder.path("0001_a.toml"));
}

TEST_CASE("two files whose ids differ in leading zeros only are refused by name", "[unit][files]") {
  const Folder folder;
  folder.write("07_a.toml", kRename);
  folder.write("7_a.toml", kRename);
  const auto all = load_migrations(folder.path());
  REQUIRE_FALSE(all);
  CHECK(all.error().code == ErrorCode::usage);
  CHECK(all.error().message.find("07_a.toml") != std::string::npos);
  CHECK(all.error().message.find("/7_a.toml") != std::string::npos);
}

TEST_CASE("a missing directory of migrations says how to make it", "[unit][files]") {
  const Folder folder;
  const auto all = load_migrations(folder.path("nowhere"));
  REQUIRE_FALSE(all);
  CHECK(all.error().code == ErrorCode::usage);
  CHECK(all.error().hint.find("zdm init") != std::string::npos);
  CHECK(load_migrations(folder.path()).value().empty());
  folder.write("file", "");
  CHECK_FALSE(load_migrations(folder.path("file")));
}

TEST_CASE("an error in a migration names its file, line and column", "[unit][files]") {
  const Folder folder;
  folder.write("1_a.toml", "phase = \"expand\"\n[[change]]\nkind = rename\n");
  const auto all = load_migrations(folder.path());
  REQUIRE_FALSE(all);
  REQUIRE(all.error().where);
  CHECK(all.error().where->file == folder.path("1_a.toml"));
  CHECK(all.error().where->line == 3);
}

TEST_CASE("files that are empty, huge or no text are refused by name", "[unit][files]") {
  const Folder folder;
  folder.write("empty.toml", "");
  folder.write("huge.toml", std::string(2'000'000, '#'));
  folder.write("binary.toml", std::string("\x7F"
                                          "ELF\0\0",
                                          6));
  for (const char* name : {"empty.toml", "huge.toml", "binary.toml", "missing.toml"}) {
    const auto one = migrations::load_migration(folder.path(name));
    INFO(name);
    REQUIRE_FALSE(one);
    CHECK(one.error().code == ErrorCode::usage);
    const bool named = one.error().message.find(name) != std::string::npos ||
                       (one.error().where && one.error().where->file.ends_with(name));
    CHECK(named);
  }
}
