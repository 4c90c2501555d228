#include "sql/other_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sql/text.hpp"

namespace zdm::planner {

namespace {

// PostgreSQL 18 manual, 9.21 "Aggregate Functions"; none of these names is a plain function too.
constexpr std::array kPostgresAggregates =
    std::to_array<std::string_view>({"any_value",
                                     "array_agg",
                                     "avg",
                                     "bit_and",
                                     "bit_or",
                                     "bit_xor",
                                     "bool_and",
                                     "bool_or",
                                     "corr",
                                     "count",
                                     "covar_pop",
                                     "covar_samp",
                                     "every",
                                     "json_agg",
                                     "json_agg_strict",
                                     "json_object_agg",
                                     "json_object_agg_strict",
                                     "json_object_agg_unique",
                                     "json_object_agg_unique_strict",
                                     "jsonb_agg",
                                     "jsonb_agg_strict",
                                     "jsonb_object_agg",
                                     "jsonb_object_agg_strict",
                                     "jsonb_object_agg_unique",
                                     "jsonb_object_agg_unique_strict",
                                     "max",
                                     "min",
                                     "mode",
                                     "percentile_cont",
                                     "percentile_disc",
                                     "range_agg",
                                     "range_intersect_agg",
                                     "regr_avgx",
                                     "regr_avgy",
                                     "regr_count",
                                     "regr_intercept",
                                     "regr_r2",
                                     "regr_slope",
                                     "regr_sxx",
                                     "regr_sxy",
                                     "regr_syy",
                                     "stddev",
                                     "stddev_pop",
                                     "stddev_samp",
                                     "string_agg",
                                     "sum",
                                     "var_pop",
                                     "var_samp",
                                     "variance",
                                     "xmlagg"});

// 9.22 "Window Functions".
constexpr std::array kPostgresWindow = std::to_array<std::string_view>(
    {"cume_dist", "dense_rank", "first_value", "lag", "last_value", "lead", "nth_value", "ntile",
     "percent_rank", "rank", "row_number"});

// 9.26 "Set Returning Functions", and those of the chapters on arrays, JSON and text.
constexpr std::array kPostgresSets = std::to_array<std::string_view>({"generate_series",
                                                                      "generate_subscripts",
                                                                      "json_array_elements",
                                                                      "json_array_elements_text",
                                                                      "json_each",
                                                                      "json_each_text",
                                                                      "json_object_keys",
                                                                      "json_populate_recordset",
                                                                      "json_to_recordset",
                                                                      "jsonb_array_elements",
                                                                      "jsonb_array_elements_text",
                                                                      "jsonb_each",
                                                                      "jsonb_each_text",
                                                                      "jsonb_object_keys",
                                                                      "jsonb_path_query",
                                                                      "jsonb_path_query_tz",
                                                                      "jsonb_populate_recordset",
                                                                      "jsonb_to_recordset",
                                                                      "regexp_matches",
                                                                      "regexp_split_to_table",
                                                                      "string_to_table",
                                                                      "unnest"});

// sqlite.org/lang_aggfunc.html and windowfunctions.html; a window function without OVER is an
// error.
constexpr std::array kSqliteAggregates = std::to_array<std::string_view>(
    {"avg", "count", "group_concat", "json_group_array", "json_group_object", "jsonb_group_array",
     "jsonb_group_object", "string_agg", "sum", "total"});

template <std::size_t N>
bool has(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::any_of(names, [&](auto each) { return equal_folded(each, name); });
}

std::string says(std::string_view name, std::string_view what) {
  return fmt::format("{}() {}", name, what);
}

constexpr std::string_view kAggregate = "is an aggregate, which reads other rows";
constexpr std::string_view kWindow = "is a window function, which reads other rows";

std::optional<std::string> of_sqlite(std::string_view name, std::size_t arguments) {
  const bool by_number = equal_folded(name, "min") || equal_folded(name, "max");
  if (has(kSqliteAggregates, name) || (by_number && arguments == 1)) return says(name, kAggregate);
  if (has(kPostgresWindow, name)) return says(name, kWindow);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> beyond_one_row(Engine engine, std::string_view name,
                                          std::size_t arguments) {
  if (engine == Engine::sqlite) return of_sqlite(name, arguments);
  constexpr std::string_view kOwnSchema = "pg_catalog.";
  std::string_view bare = name;
  if (bare.starts_with(kOwnSchema)) bare.remove_prefix(kOwnSchema.size());
  if (std::ranges::find(kPostgresAggregates, bare) != kPostgresAggregates.end()) {
    return says(name, kAggregate);
  }
  if (std::ranges::find(kPostgresWindow, bare) != kPostgresWindow.end()) return says(name, kWindow);
  if (std::ranges::find(kPostgresSets, bare) != kPostgresSets.end()) {
    return says(name, "gives a set of rows, not one value");
  }
  return std::nullopt;
}

}  // namespace zdm::planner
