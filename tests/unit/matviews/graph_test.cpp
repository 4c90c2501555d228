#include "matviews/graph.hpp"

#include <algorithm>

#include "support/catch.hpp"

namespace zdm::planner {
namespace {

TableName named(const std::string& name) {
  return {"s", name};
}

MatviewNode node(const std::string& name, const std::vector<std::string>& reads,
                 const std::vector<std::string>& after = {}) {
  MatviewNode result{.name = named(name), .reads = {}, .after = {}};
  for (const auto& each : reads) result.reads.push_back(named(each));
  for (const auto& each : after) result.after.push_back(named(each));
  return result;
}

MatviewGraph graph(std::vector<MatviewNode> nodes) {
  auto made = MatviewGraph::make(std::move(nodes));
  REQUIRE(made);
  return std::move(*made);
}

std::string order(const MatviewGraph& graph) {
  std::string names;
  for (const auto index : graph.order()) names += graph.node(index).name.name;
  return names;
}

std::size_t index_of(const MatviewGraph& graph, const std::string& name) {
  for (std::size_t i = 0; i < graph.size(); ++i) {
    if (graph.node(i).name == named(name)) return i;
  }
  FAIL("no node " << name);
  return 0;
}

std::set<std::size_t> some(const MatviewGraph& graph, const std::string& names) {
  std::set<std::size_t> found;
  for (const char name : names) found.insert(index_of(graph, std::string(1, name)));
  return found;
}

std::string next(MatviewSchedule& schedule, const MatviewGraph& graph) {
  const auto index = schedule.next();
  return index ? graph.node(*index).name.name : "-";
}

}  // namespace

TEST_CASE("a view comes after all that it reads, by name where the graph leaves it open",
          "[matviews]") {
  CHECK(order(graph({node("a", {"c"}), node("b", {}), node("c", {"d"}), node("d", {})})) == "dcab");
}

TEST_CASE("zdm.toml adds to the order, and names that are no view are passed over", "[matviews]") {
  CHECK(order(graph({node("a", {}, {"b", "nothing"}), node("b", {"elsewhere"})})) == "ba");
}

TEST_CASE("a circle made by `after` is named from end to end", "[matviews]") {
  const auto made = MatviewGraph::make(
      {node("a", {"b"}), node("b", {}, {"c"}), node("c", {}, {"a"}), node("d", {})});
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ErrorCode::usage);
  CHECK(made.error().message.find("s.a after s.b after s.c after s.a") != std::string::npos);
}

TEST_CASE("a view that waits for itself is a circle too", "[matviews]") {
  CHECK_FALSE(MatviewGraph::make({node("a", {}, {"a"})}));
}

TEST_CASE("views that do not read each other are handed out at once", "[matviews]") {
  const auto all = graph({node("a", {}), node("b", {}), node("c", {"a", "b"})});
  MatviewSchedule schedule(all, some(all, "abc"));
  CHECK(next(schedule, all) == "a");
  CHECK(next(schedule, all) == "b");
  CHECK(next(schedule, all) == "-");
  CHECK(schedule.ended(index_of(all, "a"), true).empty());
  CHECK(next(schedule, all) == "-");
  CHECK(schedule.ended(index_of(all, "b"), true).empty());
  CHECK(next(schedule, all) == "c");
  CHECK(schedule.done());
}

TEST_CASE("the order holds through views that were not chosen", "[matviews]") {
  const auto all = graph({node("a", {"b"}), node("b", {"c"}), node("c", {})});
  MatviewSchedule schedule(all, some(all, "ac"));
  CHECK(next(schedule, all) == "c");
  CHECK(next(schedule, all) == "-");
  CHECK(schedule.ended(index_of(all, "c"), true).empty());
  CHECK(next(schedule, all) == "a");
}

TEST_CASE("a failure takes its descendants along, and nothing else", "[matviews]") {
  const auto all = graph({node("a", {}), node("b", {"a"}), node("c", {"b"}), node("d", {})});
  MatviewSchedule schedule(all, some(all, "abcd"));
  CHECK(next(schedule, all) == "a");
  const auto lost = schedule.ended(index_of(all, "a"), false);
  REQUIRE(lost.size() == 2);
  CHECK(all.node(lost[0]).name.name == "b");
  CHECK(all.node(lost[1]).name.name == "c");
  CHECK(next(schedule, all) == "d");
  CHECK(schedule.done());
}

}  // namespace zdm::planner
