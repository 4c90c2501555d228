#include "matviews/matviews.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::fail_at;
using planner::TableName;

Result<TableName> name_at(const std::string& text, const planner::SourceSpan& where) {
  auto name = planner::parse_table_name(text);
  if (!name) return fail_at(where, ErrorCode::usage, name.error().message, name.error().hint);
  return std::move(*name);
}

/// The keys were checked when the file was read: what is there can be read.
std::optional<std::chrono::milliseconds> duration_of(const NamedTable& table,
                                                     const std::string& key) {
  const auto found = table.values.find(key);
  if (found == table.values.end()) return std::nullopt;
  const auto duration = parse_duration(found->second);
  return duration ? std::optional(*duration) : std::nullopt;
}

std::string text_of(const NamedTable& table, const std::string& key) {
  const auto found = table.values.find(key);
  return found == table.values.end() ? std::string() : found->second;
}

Result<MatviewPolicy> policy_of(const NamedTable& table) {
  MatviewPolicy policy{.every = duration_of(table, "every"),
                       .method = planner::parse_method_policy(text_of(table, "method"))
                                     .value_or(planner::MethodPolicy::concurrently),
                       .vacuum = text_of(table, "vacuum") != "off",
                       .max_replica_lag = duration_of(table, "max_replica_lag"),
                       .where = table.where};
  ZDM_TRY(policy.name, name_at(table.name, table.where));
  if (const auto after = table.lists.find("after"); after != table.lists.end()) {
    for (const auto& text : after->second) {
      ZDM_TRY(auto name, name_at(text, table.where));
      policy.after.push_back(std::move(name));
    }
  }
  return policy;
}

}  // namespace

Result<std::vector<MatviewPolicy>> matview_policies(const std::vector<NamedTable>& tables) {
  std::vector<MatviewPolicy> policies;
  for (const NamedTable& table : tables) {
    ZDM_TRY(auto policy, policy_of(table));
    policies.push_back(std::move(policy));
  }
  return policies;
}

std::optional<bool> MatviewState::due() const {
  if (!policy || !policy->every) return std::nullopt;
  return !view.populated || !last || last->age_ms >= policy->every->count();
}

std::string MatviewState::word() const {
  if (!refreshing.empty()) return "refreshing";
  if (!view.populated) return "unpopulated";
  if (const auto is_due = due()) return *is_due ? "due" : "fresh";
  return "populated";
}

}  // namespace zdm::migrations
