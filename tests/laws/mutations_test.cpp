#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "files/toml.hpp"
#include "support/catch.hpp"

using zdm::migrations::parse_toml;
using zdm::planner::Array;
using zdm::planner::Member;
using zdm::planner::Object;
using zdm::planner::Value;

namespace {

const std::filesystem::path kRoot = ZDM_SOURCE_DIR;

struct Mutation {
  std::int64_t law = 0;
  std::string name, file, breaks, find, replace;
  std::vector<std::string> tests;  ///< "program: name of the test"
};

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

const Value& member(const Object& object, std::string_view key) {
  const auto found = std::ranges::find(object, key, &Member::key);
  INFO("the key " << key);
  REQUIRE(found != object.end());
  return found->value;
}

std::string text(const Object& object, std::string_view key) {
  return std::get<std::string>(member(object, key).data);
}

std::vector<Mutation> mutations() {
  std::vector<Mutation> all;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "tests" / "laws")) {
    if (entry.path().extension() != ".toml") continue;
    const auto tree = parse_toml(text_of(entry.path()), entry.path().filename());
    INFO(entry.path().string() << (tree ? "" : ": " + tree.error().message));
    REQUIRE(tree);
    const auto& root = std::get<Object>(tree->data);
    for (const Value& each : std::get<Array>(member(root, "mutation").data)) {
      const auto& object = std::get<Object>(each.data);
      Mutation mutation{.law = std::get<std::int64_t>(member(root, "law").data),
                        .name = text(object, "name"),
                        .file = text(object, "file"),
                        .breaks = text(object, "breaks"),
                        .find = text(object, "find"),
                        .replace = text(object, "replace"),
                        .tests = {}};
      for (const Value& test : std::get<Array>(member(object, "tests").data)) {
        mutation.tests.push_back(std::get<std::string>(test.data));
      }
      all.push_back(std::move(mutation));
    }
  }
  return all;
}

/// The files below tests/ that end so, as one text.
std::string all_of(std::string_view ending) {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / "tests")) {
    if (entry.path().string().ends_with(ending)) all += text_of(entry.path());
  }
  return all;
}

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("every law has a mutation that breaks it", "[laws]") {
  std::set<std::int64_t> laws;
  std::map<std::string, int> names;
  for (const Mutation& mutation : mutations()) {
    INFO(mutation.name);
    laws.insert(mutation.law);
    CHECK(++names[mutation.name] == 1);
    CHECK_FALSE(mutation.breaks.empty());
  }
  CHECK(laws == std::set<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
}

TEST_CASE("every mutation still applies to the sources", "[laws]") {
  for (const Mutation& mutation : mutations()) {
    INFO("law " << mutation.law << ": " << mutation.name << " in " << mutation.file);
    CHECK(times(text_of(kRoot / mutation.file), mutation.find) == 1);
    CHECK(mutation.find != mutation.replace);
  }
}

TEST_CASE("every mutation names tests that are there", "[laws]") {
  const std::string sources = all_of(".cpp");
  const std::string targets = all_of("CMakeLists.txt");
  for (const Mutation& mutation : mutations()) {
    INFO("law " << mutation.law << ": " << mutation.name);
    CHECK_FALSE(mutation.tests.empty());
    for (const std::string& test : mutation.tests) {
      INFO(test);
      const auto colon = test.find(": ");
      REQUIRE(colon != std::string::npos);
      CHECK(times(targets, test.substr(0, colon)) > 0);
      CHECK(times(sources, '"' + test.substr(colon + 2) + '"') == 1);
    }
  }
}
