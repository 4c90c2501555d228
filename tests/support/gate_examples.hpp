#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gate/finding.hpp"
#include "gate/sql_file.hpp"

/// The examples of the gate's rules, tests/golden/gate; its README.md says how they are written.
namespace zdm::tests {

struct GateExample {
  std::filesystem::path path;
  std::string rule;  ///< the folder's name
  bool bad = false;
  planner::SqlFile file;
  int from = 12;  ///< the PostgreSQL versions it speaks of
  int to = 18;
  /// Its versions are those that have its syntax: the rule knows of no difference.
  bool by_server = false;
  std::vector<std::string> seen;  ///< what a server must show: "lock", "scan", "error 25001" …
  std::vector<std::string> also;  ///< relations locked without being named

  [[nodiscard]] std::string name() const { return rule + "/" + path.stem().string(); }
  [[nodiscard]] bool sees(const std::string& word) const;
  /// What follows a word of `seen`: "25001" for "error"; empty where it is not there.
  [[nodiscard]] std::string seen_with(const std::string& word) const;
};

/// Sorted by path.
[[nodiscard]] std::vector<GateExample> gate_examples();
[[nodiscard]] std::string read_text(const std::filesystem::path& path);
/// What the gate says of it on a version; what a zdm:allow covers is left out.
[[nodiscard]] std::vector<planner::Finding> findings_of(const GateExample& example, int postgres);
/// A line for each: "line:column rule message".
[[nodiscard]] std::string drawn(const std::vector<planner::Finding>& findings);

}  // namespace zdm::tests
