#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sql/quote.hpp"
#include "sync/compose.hpp"
#include "sync/names.hpp"

namespace zdm::planner {
namespace {

/// Without an equality operator, or with one that compares something else: = on box and circle
/// compares areas (PostgreSQL manual, 9.11).
constexpr std::array<std::string_view, 9> kByText = {"json", "xml",  "point",  "box",    "path",
                                                     "line", "lseg", "circle", "polygon"};

std::string_view element(std::string_view type) {
  return type.ends_with("[]") ? type.substr(0, type.size() - 2) : type;
}

/// The column does not hold what the expression gives. The cast is the one that storing it makes.
std::string differs(Engine engine, const Assignment& assignment) {
  const std::string name = quote_identifier(assignment.column);
  const std::string value = in_brackets(assignment.expression);
  if (engine == Engine::sqlite) {
    return fmt::format("{} IS NOT {}", name, value);
  }
  if (assignment.type.empty()) {
    return fmt::format("{} IS DISTINCT FROM {}", name, value);
  }
  const bool by_text = std::ranges::find(kByText, element(assignment.type)) != kByText.end();
  const std::string_view text = by_text ? "::text" : "";
  return fmt::format("{0}{3} IS DISTINCT FROM {1}::{2}{3}", name, value, assignment.type, text);
}

std::string unfilled(const Assignment& assignment) {
  return fmt::format("({} IS NULL AND {} IS NOT NULL)", quote_identifier(assignment.column),
                     in_brackets(assignment.expression));
}

std::string any_differs(Engine engine, const std::vector<Assignment>& assignments) {
  std::vector<std::string> parts;
  for (const Assignment& assignment : assignments) {
    parts.push_back(differs(engine, assignment));
  }
  return parts.size() == 1 ? parts.front() : fmt::format("({})", join(parts, " OR "));
}

/// The new shape has no value, the old one has, and it would not come back.
std::string lost(Engine engine, const Fill& fill) {
  std::vector<std::string> empty;
  std::vector<std::string> full;
  for (const Assignment& assignment : fill.assignments) {
    empty.push_back(quote_identifier(assignment.column) + " IS NULL");
    for (const std::string& read : assignment.reads) {
      const std::string given = quote_identifier(read) + " IS NOT NULL";
      if (std::ranges::find(full, given) == full.end()) full.push_back(given);
    }
  }
  if (full.empty()) return {};
  std::string text = fmt::format("({} AND ({})", join(empty, " AND "), join(full, " OR "));
  if (!fill.inverse.empty()) text += " AND " + any_differs(engine, fill.inverse);
  return text + ")";
}

/// The new shape has a value, and the old one neither gives it nor was made of it.
std::string lost_with_new(Engine engine, const Fill& fill) {
  if (fill.repair || fill.assignments.empty() || fill.inverse.empty()) return {};
  std::vector<std::string> given;
  for (const Assignment& assignment : fill.assignments) {
    given.push_back(quote_identifier(assignment.column) + " IS NOT NULL");
  }
  std::vector<std::string> empty;
  for (const Assignment& assignment : fill.inverse) {
    empty.push_back(quote_identifier(assignment.column) + " IS NULL");
  }
  return fmt::format("(({}) AND {} AND (({}) OR {}))", join(given, " OR "),
                     any_differs(engine, fill.assignments), join(empty, " AND "),
                     any_differs(engine, fill.inverse));
}

std::string compose_lost_with_new(Engine engine, const std::vector<Fill>& fills) {
  std::vector<std::string> wrong;
  for (const Fill& fill : fills) {
    if (std::string text = lost_with_new(engine, fill); !text.empty()) {
      wrong.push_back(std::move(text));
    }
  }
  return join(wrong, "\n   OR ");
}

}  // namespace

std::string compose_divergence(Engine engine, const std::vector<Fill>& fills, Shapes after) {
  if (after == Shapes::old_alone) return compose_lost_with_new(engine, fills);
  std::vector<std::string> wrong;
  for (const Fill& fill : fills) {
    for (const Assignment& assignment : fill.assignments) {
      wrong.push_back(unfilled(assignment));
    }
    if (fill.repair || fill.assignments.empty()) {
      continue;
    }
    std::string both = any_differs(engine, fill.assignments);
    if (!fill.inverse.empty()) {
      both += " AND " + any_differs(engine, fill.inverse);
    }
    wrong.push_back(fmt::format("({})", both));
    if (after == Shapes::both) continue;
    if (std::string text = lost(engine, fill); !text.empty()) wrong.push_back(std::move(text));
  }
  return join(wrong, "\n   OR ");
}

}  // namespace zdm::planner
