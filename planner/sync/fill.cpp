#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sql/expression.hpp"
#include "sql/quote.hpp"
#include "sync/compose.hpp"
#include "sync/names.hpp"

namespace zdm::planner {
namespace {

/// One column of the pass, its expression over the row as it was before.
struct FilledColumn {
  std::string name;
  std::string value;
};

/// What the column will hold after the pass. Expressions of one UPDATE see the row before it; that
/// of a later migration may read a column which this very pass fills.
std::string filled_value(Engine engine, const Assignment& assignment, const std::string& value) {
  const std::string name = quote_identifier(assignment.column);
  std::string text = fmt::format("(CASE WHEN {0} IS NULL THEN {1} ELSE {0} END)", name, value);
  if (engine == Engine::postgresql && !assignment.type.empty()) {
    text += "::" + assignment.type;
  }
  return text;
}

std::vector<FilledColumn> filled_columns(Engine engine, const std::vector<Fill>& fills) {
  std::vector<FilledColumn> columns;
  std::map<std::string, std::string, std::less<>> filled;
  for (const Fill& fill : fills) {
    std::map<std::string, std::string, std::less<>> here;
    for (const Assignment& assignment : fill.assignments) {
      const bool chained = std::ranges::any_of(
          assignment.reads, [&](const std::string& name) { return filled.contains(name); });
      const auto rename = [&](std::string_view name) -> std::string {
        const auto earlier = filled.find(name);
        return earlier == filled.end() ? std::string() : earlier->second;
      };
      const std::string value = in_brackets(
          chained ? replace_columns(engine, assignment.expression, rename) : assignment.expression);
      columns.push_back({quote_identifier(assignment.column), value});
      here[assignment.column] = filled_value(engine, assignment, value);
    }
    filled.merge(here);
  }
  return columns;
}

}  // namespace

FillSql compose_fill(Engine engine, const std::vector<Fill>& fills) {
  const std::vector<FilledColumn> columns = filled_columns(engine, fills);
  std::vector<std::string> set;
  std::vector<std::string> predicate;
  for (const auto& [name, value] : columns) {
    const bool alone = columns.size() == 1;
    set.push_back(
        alone ? fmt::format("{} = {}", name, value)
              : fmt::format("{0} = CASE WHEN {0} IS NULL THEN {1} ELSE {0} END", name, value));
    const std::string due = fmt::format("{} IS NULL AND {} IS NOT NULL", name, value);
    predicate.push_back(alone ? due : fmt::format("({})", due));
  }
  return {.set = join(set, ", "), .predicate = join(predicate, " OR ")};
}

}  // namespace zdm::planner
