#include "matviews/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sql/quote.hpp"

namespace zdm::planner {
namespace {

/// Walks from each node to those before it; a node met again on its own way is a circle.
class Walk final {
 public:
  explicit Walk(const std::vector<MatviewNode>& nodes)
      : nodes_(nodes), before_(nodes.size()), state_(nodes.size(), State::unseen) {
    for (std::size_t i = 0; i < nodes.size(); ++i) index_[nodes[i].name] = i;
  }

  Result<void> visit(std::size_t node) {
    if (state_[node] == State::done) return {};
    way_.push_back(node);
    if (state_[node] == State::on_the_way) return circle(node);
    state_[node] = State::on_the_way;
    for (const std::size_t earlier : direct(node)) {
      ZDM_CHECK(visit(earlier));
      before_[node].insert(earlier);
      before_[node].insert(before_[earlier].begin(), before_[earlier].end());
    }
    way_.pop_back();
    state_[node] = State::done;
    order_.push_back(node);
    return {};
  }

  std::vector<std::size_t> order_;
  std::vector<std::set<std::size_t>> take_before() { return std::move(before_); }

 private:
  enum class State { unseen, on_the_way, done };

  [[nodiscard]] std::set<std::size_t> direct(std::size_t node) const {
    std::set<std::size_t> found;
    for (const auto* names : {&nodes_[node].reads, &nodes_[node].after}) {
      for (const TableName& name : *names) {
        if (const auto at = index_.find(name); at != index_.end()) found.insert(at->second);
      }
    }
    return found;
  }

  [[nodiscard]] Result<void> circle(std::size_t node) const {
    const auto start = std::find(way_.begin(), way_.end(), node);
    std::vector<std::string> names;
    for (auto at = start; at != way_.end(); ++at) names.push_back(quote(nodes_[*at].name));
    return fail(
        ErrorCode::usage,
        fmt::format("the order of materialized views is a circle: {}", fmt::join(names, " after ")),
        "take one `after` of theirs out of zdm.toml: what a view reads, the catalog says");
  }

  const std::vector<MatviewNode>& nodes_;
  std::map<TableName, std::size_t> index_;
  std::vector<std::set<std::size_t>> before_;
  std::vector<State> state_;
  std::vector<std::size_t> way_;
};

}  // namespace

Result<MatviewGraph> MatviewGraph::make(std::vector<MatviewNode> nodes) {
  std::ranges::sort(nodes, {}, &MatviewNode::name);
  MatviewGraph graph;
  graph.nodes_ = std::move(nodes);
  Walk walk(graph.nodes_);
  for (std::size_t i = 0; i < graph.nodes_.size(); ++i) ZDM_CHECK(walk.visit(i));
  graph.order_ = std::move(walk.order_);
  graph.before_ = walk.take_before();
  return graph;
}

MatviewSchedule::MatviewSchedule(const MatviewGraph& graph, std::set<std::size_t> chosen)
    : graph_(&graph), open_(std::move(chosen)) {
  for (const std::size_t node : graph.order()) {
    if (open_.contains(node)) waiting_.push_back(node);
  }
}

std::optional<std::size_t> MatviewSchedule::next() {
  const auto ready = std::ranges::find_if(waiting_, [&](std::size_t node) {
    return std::ranges::none_of(graph_->before(node),
                                [&](std::size_t earlier) { return open_.contains(earlier); });
  });
  if (ready == waiting_.end()) return std::nullopt;
  const std::size_t node = *ready;
  waiting_.erase(ready);
  return node;
}

std::vector<std::size_t> MatviewSchedule::ended(std::size_t node, bool fresh) {
  open_.erase(node);
  std::vector<std::size_t> lost;
  if (fresh) return lost;
  std::erase_if(waiting_, [&](std::size_t later) {
    if (!graph_->before(later).contains(node)) return false;
    lost.push_back(later);
    open_.erase(later);
    return true;
  });
  return lost;
}

}  // namespace zdm::planner
