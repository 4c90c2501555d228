#include "support/gate_examples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "gate/allow.hpp"
#include "gate/check_sql.hpp"
#include "gate/rule.hpp"

namespace zdm::tests {

using planner::Finding;

namespace {

/// What "-- key: words" of the comment at the head says; empty where there is none.
std::string head(const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && line.starts_with("--");) {
    const std::string start = "-- " + key + ": ";
    if (line.starts_with(start)) return line.substr(start.size());
  }
  return {};
}

std::vector<std::string> listed(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.size(), text.find(", ", at));
    words.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return words;
}

GateExample read_example(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  GateExample example{.path = path, .rule = path.parent_path().filename().string()};
  example.bad = path.filename().string().starts_with("bad");
  example.file = {.path = path.filename().string(), .bytes = text, .shipped = text};
  if (text.find("-- zdm:transaction=on\n") != std::string::npos) {
    example.file.wrapping = planner::Wrapping::transaction;
  }
  if (const auto* rule = planner::find_rule(example.rule); rule != nullptr && example.bad) {
    example.from = rule->from;
    example.to = rule->to;
  }
  if (const auto versions = head(text, "postgres"); !versions.empty()) {
    const auto dash = versions.find('-');
    example.from = std::stoi(versions);
    example.to = dash == std::string::npos ? example.from : std::stoi(versions.substr(dash + 1));
    example.by_server = versions.ends_with(", by its syntax");
  }
  example.seen = listed(head(text, "seen"));
  example.also = listed(head(text, "also"));
  return example;
}

}  // namespace

bool GateExample::sees(const std::string& word) const {
  return std::ranges::find(seen, word) != seen.end();
}

std::string GateExample::seen_with(const std::string& word) const {
  for (const auto& each : seen) {
    if (each.starts_with(word + " ")) return each.substr(word.size() + 1);
  }
  return {};
}

std::vector<GateExample> gate_examples() {
  std::vector<std::filesystem::path> paths;
  const auto folder = std::filesystem::path(ZDM_SOURCE_DIR) / "tests" / "golden" / "gate";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    const bool named = name.starts_with("bad") || name.starts_with("good");
    if (named && name.ends_with(".sql")) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<GateExample> examples;
  std::ranges::transform(paths, std::back_inserter(examples), read_example);
  return examples;
}

std::string read_text(const std::filesystem::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<Finding> findings_of(const GateExample& example, int postgres) {
  auto findings = planner::check_sql({example.file}, {.postgres = postgres}).findings;
  auto told = planner::apply_allows(example.file, findings, {});
  std::erase_if(findings, [](const Finding& each) { return each.suppressed.has_value(); });
  std::ranges::move(told, std::back_inserter(findings));
  std::ranges::stable_sort(findings, {}, [](const Finding& each) {
    return std::pair(each.where.line, each.where.column);
  });
  return findings;
}

std::string drawn(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& each : findings) {
    text +=
        fmt::format("{}:{} {} {}\n", each.where.line, each.where.column, each.rule, each.message);
  }
  return text;
}

}  // namespace zdm::tests
