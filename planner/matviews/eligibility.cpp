#include <fmt/format.h>

#include <algorithm>

#include "matviews/matview.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {
namespace {

/// An index has no more columns: PostgreSQL manual, appendix K.
constexpr std::size_t kMostColumns = 32;

/// One column that is unique, the one called id before others; else all of them.
std::vector<std::string> proposed_key(const Matview& view) {
  const MatviewColumn* best = nullptr;
  for (const MatviewColumn& column : view.columns) {
    if (!column.looks_unique || !column.sortable) continue;
    if (best == nullptr || (column.name == "id" && best->name != "id")) best = &column;
  }
  if (best != nullptr) return {best->name};
  std::vector<std::string> all;
  for (const MatviewColumn& column : view.columns) {
    if (column.sortable) all.push_back(column.name);
  }
  return all;
}

std::string why_not(const Matview& view) {
  if (view.unique_indexes.empty()) return "it has no unique index";
  std::vector<std::string> reasons;
  for (const UniqueIndex& index : view.unique_indexes) {
    reasons.push_back(fmt::format("index {} {}", quote_identifier(index.name), index.unusable));
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

}  // namespace

Eligibility eligibility(const Matview& view, const std::vector<std::string>& taken) {
  Eligibility result;
  const auto usable = std::ranges::find_if(
      view.unique_indexes, [](const UniqueIndex& index) { return index.unusable.empty(); });
  if (usable != view.unique_indexes.end()) {
    result.key = usable->columns;
    return result;
  }
  result.reason = why_not(view);
  result.index_columns = proposed_key(view);
  if (result.index_columns.empty() || result.index_columns.size() > kMostColumns) {
    result.index_columns.clear();
    return result;
  }
  result.index_name = unique_name(view.name.name, "_zdm_key", taken);
  result.create_index = fmt::format("CREATE UNIQUE INDEX CONCURRENTLY {} ON {} ({})",
                                    quote_identifier(result.index_name), quote(view.name),
                                    quote_list(result.index_columns));
  return result;
}

std::string null_keys_condition(const std::vector<std::string>& key) {
  std::vector<std::string> each;
  for (const std::string& column : key) {
    each.push_back(fmt::format("{} IS NULL", quote_identifier(column)));
  }
  return fmt::format("{}", fmt::join(each, " OR "));
}

}  // namespace zdm::planner
