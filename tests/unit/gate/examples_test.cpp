#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "gate/rule.hpp"
#include "support/catch.hpp"
#include "support/gate_examples.hpp"

using namespace zdm::planner;
using zdm::tests::drawn;
using zdm::tests::findings_of;
using zdm::tests::gate_examples;
using zdm::tests::GateExample;

namespace {

constexpr int kFirst = 12;
constexpr int kLast = 18;

/// Which grammar this zdm was built with is no matter of the rule.
std::string without_grammar(const std::string& text) {
  return std::regex_replace(text, std::regex("(grammar of PostgreSQL) [0-9]+"), "$1 N");
}

void compare(std::filesystem::path path, const std::string& found) {
  const std::string text = without_grammar(found);
  path.replace_extension("findings");
  if (std::getenv("ZDM_APPROVE") != nullptr) {
    std::ofstream(path) << text;
    return;
  }
  INFO(path.string());
  CHECK(zdm::tests::read_text(path) == text);
}

bool gives(const GateExample& example, int postgres) {
  return std::ranges::any_of(findings_of(example, postgres),
                             [&](const Finding& each) { return each.rule == example.rule; });
}

/// The versions at which a rule's verdict on a file becomes another: {14} for 12, 13 | 14 ….
std::map<std::string, std::set<int>> turns(const GateExample& example) {
  std::map<std::string, std::set<int>> found;
  std::set<std::string> before;
  for (int version = kFirst; version <= kLast; ++version) {
    std::set<std::string> now;
    for (const Finding& each : findings_of(example, version)) now.insert(each.rule);
    for (const Rule& rule : rules()) {
      const std::string id(rule.id);
      if (version > kFirst && now.contains(id) != before.contains(id)) found[id].insert(version);
    }
    before = std::move(now);
  }
  return found;
}

/// The statements whose locks were measured, as files: what a rule may tell apart by version.
std::vector<GateExample> measured() {
  std::ifstream file(ZDM_SOURCE_DIR "/tests/unit/gate/lock_matrix.json");
  std::vector<GateExample> files;
  for (const auto& row : nlohmann::json::parse(file)) {
    const std::string sql = row["sql"];
    files.push_back({.path = row["id"].get<std::string>(),
                     .rule = {},
                     .file = {.path = "m.sql", .bytes = sql, .shipped = sql}});
  }
  return files;
}

}  // namespace

TEST_CASE("a bad example gives its rule, and what is said of it is as approved", "[gate][golden]") {
  for (const GateExample& example : gate_examples()) {
    if (!example.bad) continue;
    INFO(example.name());
    for (int version = example.from; version <= example.to; ++version) {
      INFO("PostgreSQL " << version);
      CHECK(gives(example, version));
      compare(example.path, drawn(findings_of(example, version)));
    }
  }
}

TEST_CASE("a good example is silent on every version it is for", "[gate][golden]") {
  for (const GateExample& example : gate_examples()) {
    if (example.bad) continue;
    INFO(example.name());
    for (int version = example.from; version <= example.to; ++version) {
      INFO("PostgreSQL " << version);
      CHECK(drawn(findings_of(example, version)) == "");
    }
  }
}

TEST_CASE("each rule has both examples on each version it holds for, and a good one on the others",
          "[gate][golden]") {
  std::map<std::string, std::set<int>> bad;
  std::map<std::string, std::set<int>> good;
  for (const GateExample& example : gate_examples()) {
    INFO(example.name());
    CHECK(find_rule(example.rule) != nullptr);
    for (int version = example.from; version <= example.to; ++version) {
      (example.bad ? bad : good)[example.rule].insert(version);
    }
  }
  for (const Rule& rule : rules()) {
    // more than one file, or more than one release: tests/cli/check/release_test.cpp
    if (rule.group == "release" || rule.id == "drop-index") continue;
    CHECK(find_rule(rule.id) == &rule);
    for (int version = kFirst; version <= kLast; ++version) {
      INFO(rule.id << " on PostgreSQL " << version);
      const bool holds = rule.from <= version && version <= rule.to;
      CHECK(bad[std::string(rule.id)].contains(version) == holds);
      CHECK(good[std::string(rule.id)].contains(version));
    }
  }
}

TEST_CASE("a bad example is bad on the versions it names, and on no other", "[gate][golden]") {
  for (const GateExample& example : gate_examples()) {
    if (!example.bad || example.by_server) continue;
    for (int version = kFirst; version <= kLast; ++version) {
      INFO(example.name() << " on PostgreSQL " << version);
      CHECK(gives(example, version) == (example.from <= version && version <= example.to));
    }
  }
}

TEST_CASE("where a verdict changes between two versions, an example stands on either side",
          "[gate][golden]") {
  std::map<std::string, std::set<int>> begin;
  std::map<std::string, std::set<int>> end;
  for (const GateExample& example : gate_examples()) {
    begin[example.rule].insert(example.from);
    end[example.rule].insert(example.to);
  }
  auto files = measured();
  std::ranges::move(gate_examples(), std::back_inserter(files));
  std::size_t seen = 0;
  for (const GateExample& file : files) {
    for (const auto& [rule, versions] : turns(file)) {
      for (const int version : versions) {
        INFO(file.path.string() << ": " << rule << " changes with " << version);
        CHECK(begin[rule].contains(version));
        CHECK(end[rule].contains(version - 1));
        ++seen;
      }
    }
  }
  CHECK(seen > 0);
}
