#include <fmt/format.h>
#include <algorithm>
#include <set>

#include "recipes/plan.hpp"

namespace zdm::planner {

namespace {

/// CASCADE as a word of the SQL itself, outside quotes. ON DELETE CASCADE and ON UPDATE CASCADE are
/// the author's own words of a foreign key. No CREATE knows it: there it is an option of a view
/// (check_option = cascaded), a column or a word of a function's body.
bool has_cascade(std::string sql) {
  std::ranges::transform(sql, sql.begin(), [](unsigned char c) { return std::toupper(c); });
  if (sql.starts_with("CREATE ")) return false;
  for (auto at = sql.find("CASCADE"); at != std::string::npos; at = sql.find("CASCADE", at + 1)) {
    const auto before = std::string_view(sql).substr(0, at);
    const auto quotes = std::ranges::count(before, '"') % 2 + std::ranges::count(before, '\'') % 2;
    if (quotes == 0 && !before.ends_with("ON DELETE ") && !before.ends_with("ON UPDATE "))
      return true;
  }
  return false;
}

Result<void> verify_step(const Step& step, Phase phase, bool undo) {
  const auto broken = [&](std::string_view what) {
    return fail(ErrorCode::bug, fmt::format("the plan of step {} {}", step.id, what),
                "please report this with the migration file");
  };
  const bool works = std::holds_alternative<BackfillAction>(step.action) ||
                     std::holds_alternative<VerifyAction>(step.action);
  if (step.sql.empty() && !works && step.records.empty()) return broken("has nothing to do");
  if (std::ranges::any_of(step.sql, &std::string::empty)) return broken("has an empty statement");
  if (std::ranges::any_of(step.sql, has_cascade)) return broken("uses CASCADE");
  if (step.destructive && (undo || phase != Phase::contract))
    return broken("destroys before contract");
  if (step.kind == StepKind::concurrent) {
    if (step.in_transaction) return broken("is concurrent inside a transaction");
    if (!std::holds_alternative<ConcurrentAction>(step.action)) return broken("has no probe");
    if (step.sql.size() != 1) return broken("is concurrent with more than one statement");
  }
  if (!std::ranges::is_sorted(step.locks)) return broken("claims its locks out of order");
  return {};
}

}  // namespace

Result<void> verify_plan(const Steps& steps, Phase phase, bool undo) {
  std::set<std::string> ids;
  for (const auto& step : steps.steps) {
    ZDM_CHECK(verify_step(step, phase, undo));
    if (!ids.insert(step.id).second) {
      return fail(ErrorCode::bug, fmt::format("two steps of the plan are called {}", step.id),
                  "please report this with the migration file");
    }
  }
  return {};
}

}  // namespace zdm::planner
