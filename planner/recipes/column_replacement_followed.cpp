#include <fmt/format.h>
#include <algorithm>

#include "recipes/column_replacement_postgres.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

/// What people changed on an old column after expand copied its privileges, comment, statistics
/// target and default to the new one.
namespace zdm::planner::replacement {

namespace {

bool has(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

/// The old column before expand, the old and the new one now.
struct Three {
  const Subject& subject;
  Column before;
  const Column& old;
  const Column& fresh;

  [[nodiscard]] std::string table() const { return quote(subject.table.name); }
  [[nodiscard]] std::string name() const { return quote_identifier(fresh.name); }
};

void follow_grants(const Three& three, Column& after, std::vector<std::string>& sql) {
  constexpr std::string_view kGrantable = " WITH GRANT OPTION";
  for (const auto& grant : three.before.grants) {
    if (has(three.old.grants, grant) || !has(three.fresh.grants, grant)) continue;
    const auto to = grant.find(" TO ");
    auto from = grant.substr(to + 4);
    if (from.ends_with(kGrantable)) from.resize(from.size() - kGrantable.size());
    sql.push_back(fmt::format("REVOKE {} ({}) ON {} FROM {}", grant.substr(0, to), three.name(),
                              three.table(), from));
    std::erase(after.grants, grant);
  }
  for (const auto& grant : three.old.grants) {
    if (has(three.before.grants, grant) || has(three.fresh.grants, grant)) continue;
    const auto to = grant.find(" TO ");
    sql.push_back(fmt::format("GRANT {} ({}) ON {}{}", grant.substr(0, to), three.name(),
                              three.table(), grant.substr(to)));
    after.grants.push_back(grant);
  }
  std::ranges::sort(after.grants);
}

/// A split or merged column follows in what its old columns share.
Three shared_by(const Subject& subject, const Column& fresh, Column& now) {
  std::vector<Column> before;
  for (const auto& name : subject.words.old_columns) before.push_back(old_shape(subject, name));
  now.grants = shared_grants(old_columns(subject));
  return {.subject = subject,
          .before = Column{.grants = shared_grants(before)},
          .old = now,
          .fresh = fresh};
}

/// Not where the new column was given its own since.
void follow_words(const Three& three, Column& after, std::vector<std::string>& sql) {
  const bool comment_moved = three.old.comment != three.before.comment;
  if (comment_moved && three.fresh.comment == three.before.comment) {
    sql.push_back(
        fmt::format("COMMENT ON COLUMN {}.{} IS {}", three.table(), three.name(),
                    three.old.comment.empty() ? "NULL" : quote_literal(three.old.comment)));
    after.comment = three.old.comment;
  }
  const bool target_moved = three.old.statistics_target != three.before.statistics_target;
  if (target_moved && three.fresh.statistics_target == three.before.statistics_target) {
    sql.push_back(fmt::format("ALTER TABLE {} ALTER COLUMN {} SET STATISTICS {}", three.table(),
                              three.name(), three.old.statistics_target.value_or(-1)));
    after.statistics_target = three.old.statistics_target;
  }
}

std::string default_statement(const Subject& subject, const std::string& column,
                              const std::string& default_sql) {
  return default_sql.empty() ? fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT",
                                           quote(subject.table.name), quote_identifier(column))
                             : statements::set_default(subject.table, column, default_sql);
}

/// The trigger pair tells by the default of before whether an INSERT gave a column.
Result<void> check_default(const Three& three) {
  if (three.old.default_sql == three.before.default_sql) return {};
  const auto called = [](const Column& column) {
    return column.default_sql.empty() ? std::string("none") : column.default_sql;
  };
  const auto& subject = three.subject;
  return fail_at(
      where_of(subject.context), ErrorCode::refused,
      fmt::format("the default of {} was changed from {} to {} since expand: the triggers still "
                  "tell by the one before whether a write gave the column, and {} does not have it",
                  describe(subject.table, three.old.name), called(three.before), called(three.old),
                  describe(subject.table, three.fresh.name)),
      fmt::format("put it back ({}), and change the default of {} once contract is done",
                  default_statement(subject, three.old.name, three.before.default_sql),
                  quote_identifier(three.fresh.name)));
}

}  // namespace

Result<std::vector<std::string>> follow_old(const Subject& subject, Step& step) {
  std::vector<std::string> sql;
  for (const auto& added : subject.words.new_columns) {
    const auto* old = subject.table.column(added.like);
    const auto* fresh = subject.table.column(added.name);
    if (fresh == nullptr) continue;
    Column after = *fresh;
    const auto known = sql.size();
    if (added.like.empty()) {
      Column now;
      follow_grants(shared_by(subject, *fresh, now), after, sql);
    } else if (old != nullptr) {
      const Three three{.subject = subject,
                        .before = old_shape(subject, added.like),
                        .old = *old,
                        .fresh = *fresh};
      ZDM_CHECK(check_default(three));
      follow_grants(three, after, sql);
      follow_words(three, after, sql);
    }
    if (sql.size() > known) step.effects.emplace_back(PutColumn{subject.table.name, after});
  }
  return sql;
}

}  // namespace zdm::planner::replacement
