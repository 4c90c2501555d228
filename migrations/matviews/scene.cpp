#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "database/catalog/records.hpp"
#include "matviews/followers.hpp"
#include "matviews/shape_reader.hpp"
#include "matviews/swap.hpp"
#include "matviews/view_reader.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::DependentKind;
using planner::TableName;
using Member = SwapScene::Member;

/// A view that is exchanged along, and the names its query reads.
struct Found {
  std::uint32_t oid = 0;
  TableName name;
  std::vector<TableName> reads;
};

/// The view, and every materialized view that reads one of those found directly: it has no way to
/// point elsewhere, and is built anew.
Result<std::vector<Found>> find_members(Connection& connection, const planner::Matview& view,
                                        SwapScene& scene) {
  std::vector<Found> found = {{view.oid, view.name, {}}};
  for (std::size_t known = 0; known != found.size();) {
    known = found.size();
    std::vector<std::uint32_t> oids;
    for (const auto& each : found) oids.push_back(each.oid);
    ZDM_TRY(scene.followers, read_followers(connection, oids));
    for (const auto& follower : scene.followers) {
      if (follower.kind != DependentKind::materialized_view) continue;
      if (std::ranges::find(found, follower.relation, &Found::name) != found.end()) continue;
      ZDM_TRY(const Rows rows,
              connection.run("SELECT $1::regclass::oid", {planner::quote(follower.relation)}));
      const auto oid = static_cast<std::uint32_t>(rows.first_integer());
      if (std::ranges::find(found, oid, &Found::oid) != found.end()) continue;
      found.push_back({oid, follower.relation, follower.reads});
    }
  }
  return found;
}

/// Each after all of them that it reads.
std::vector<Found> in_order(std::vector<Found> found) {
  std::vector<Found> sorted;
  const auto waits = [&](const Found& each) {
    return std::ranges::any_of(found, [&](const Found& other) {
      return other.oid != each.oid && std::ranges::find(each.reads, other.name) != each.reads.end();
    });
  };
  while (!found.empty()) {
    const auto next = std::ranges::find_if_not(found, waits);
    const auto at = next == found.end() ? found.begin() : next;
    sorted.push_back(std::move(*at));
    found.erase(at);
  }
  return sorted;
}

/// Names in each schema, those given out here included.
class Names final {
 public:
  explicit Names(Connection& connection) : connection_(connection) {}

  Result<std::vector<std::string>*> of(const std::string& schema) {
    auto at = taken_.find(schema);
    if (at == taken_.end()) {
      ZDM_TRY(auto names, names_in_schema(connection_, schema));
      at = taken_.emplace(schema, std::move(names)).first;
    }
    return &at->second;
  }

 private:
  Connection& connection_;
  std::map<std::string, std::vector<std::string>> taken_;
};

Result<void> name(Member& member, const TableName& view, Names& names) {
  ZDM_TRY(auto* taken, names.of(view.schema));
  auto& exchange = member.exchange;
  exchange.name = view;
  exchange.built = {view.schema, planner::unique_name(view.name, "_zdm_new", *taken)};
  taken->push_back(exchange.built.name);
  exchange.aside = planner::unique_name(view.name, "_zdm_old", *taken);
  taken->push_back(exchange.aside);
  planner::name_built_parts(exchange.shape, *taken);
  for (const auto& index : exchange.shape.indexes) taken->push_back(index.built);
  for (const auto& each : exchange.shape.statistics) taken->push_back(each.built);
  return {};
}

Result<Member> read_member(Connection& connection, const Found& found, Names& names) {
  Member member{.exchange = {}, .oid = found.oid, .shape_text = {}, .uncarried = {}, .reads = {}};
  ZDM_TRY(auto shape, read_shape(connection, found.oid));
  member.exchange.shape = std::move(shape.value);
  member.shape_text = std::move(shape.text);
  member.uncarried = std::move(shape.uncarried);
  ZDM_TRY(const Rows populated,
          connection.run("SELECT relispopulated FROM pg_class WHERE oid = $1::oid",
                         {std::to_string(found.oid)}));
  member.populated = populated.first_true();
  ZDM_CHECK(name(member, found.name, names));
  return member;
}

Result<SwapScene> read_scene(Connection& connection, const planner::Matview& view) {
  ZDM_CHECK(pin_search_path(connection));
  SwapScene scene;
  ZDM_TRY(auto found, find_members(connection, view, scene));
  found = in_order(std::move(found));
  Names names(connection);
  for (const Found& each : found) {
    ZDM_TRY(auto member, read_member(connection, each, names));
    for (std::size_t i = 0; i < scene.members.size(); ++i) {
      const auto& earlier = scene.members[i].exchange.name;
      if (std::ranges::find(each.reads, earlier) != each.reads.end()) member.reads.push_back(i);
    }
    scene.members.push_back(std::move(member));
  }
  return scene;
}

}  // namespace

std::vector<std::string> SwapScene::obstacles() const {
  std::vector<std::string> lines;
  for (const auto& each :
       planner::views::cannot_follow({}, followers, planner::views::Matviews::built_along)) {
    lines.push_back(each + " cannot follow");
  }
  for (const auto& member : members) {
    if (member.uncarried.empty()) continue;
    lines.push_back(fmt::format("a new {} cannot be given {}", planner::quote(member.exchange.name),
                                fmt::join(member.uncarried, ", ")));
  }
  return lines;
}

Result<SwapScene> read_swap_scene(Session& session, const planner::Matview& view) {
  return session.read([&](Connection& connection) { return read_scene(connection, view); });
}

}  // namespace zdm::migrations
