#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/error.hpp"
#include "model/names.hpp"

/// In which order materialized views are refreshed, and what a failure takes with it.
namespace zdm::planner {

/// A materialized view, and those that must be refreshed before it.
struct MatviewNode {
  TableName name;
  std::vector<TableName> reads;  ///< what the catalog says, also through views and functions
  std::vector<TableName> after;  ///< what zdm.toml says besides
};

class MatviewGraph final {
 public:
  /// ErrorCode::usage when `after` closes a circle, which it names: "a after b after a". Names that
  /// are no node are passed over.
  [[nodiscard]] static Result<MatviewGraph> make(std::vector<MatviewNode> nodes);

  /// Every node, each after all that it waits for; by name where the graph leaves it open.
  [[nodiscard]] const std::vector<std::size_t>& order() const { return order_; }
  /// All that must come before this one, also through others.
  [[nodiscard]] const std::set<std::size_t>& before(std::size_t node) const {
    return before_[node];
  }
  [[nodiscard]] const MatviewNode& node(std::size_t index) const { return nodes_[index]; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  std::vector<MatviewNode> nodes_;
  std::vector<std::size_t> order_;
  std::vector<std::set<std::size_t>> before_;
};

/// Hands out the chosen nodes of a graph, each once all chosen ones before it have ended. What
/// comes after one that failed is never handed out.
class MatviewSchedule final {
 public:
  MatviewSchedule(const MatviewGraph& graph, std::set<std::size_t> chosen);

  /// One that may begin now, or nothing: all are handed out, or wait for those under way.
  [[nodiscard]] std::optional<std::size_t> next();
  /// `fresh`: what comes after it may begin. Returns what never will because of it, in order.
  std::vector<std::size_t> ended(std::size_t node, bool fresh);
  /// Nothing is left to hand out, now or later.
  [[nodiscard]] bool done() const { return waiting_.empty(); }

 private:
  const MatviewGraph* graph_;
  std::vector<std::size_t> waiting_;  ///< in the graph's order
  std::set<std::size_t> open_;        ///< not ended yet, handed out or not
};

}  // namespace zdm::planner
