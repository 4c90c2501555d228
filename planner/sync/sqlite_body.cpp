#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sql/quote.hpp"
#include "sync/triggers.hpp"

namespace zdm::planner {
namespace {

/// "The column was written" as a condition, and its opposite.
struct Written {
  std::string yes;
  std::string no;
};

/// A trigger of SQLite has no variables: what an operation marks is written out again as a
/// condition in those after it. NEW stays the row as its writer left it; a bare name is the row as
/// it stands now.
class SqliteBody {
 public:
  SqliteBody(const Table& table, const std::vector<SyncRule>& rules, SyncEvent event)
      : table_(table), rules_(rules), event_(event) {}

  std::vector<std::string> write() {
    for (const SyncOperation& operation : schedule(rules_, event_)) {
      const std::string when = condition(operation.when, Nulls::as_they_are);
      statements_.push_back(fmt::format(
          "UPDATE {} SET {} WHERE {}{}{}", quote_identifier(table_.name.name), settings(operation),
          sqlite_this_row(table_), when.empty() ? "" : " AND ", when));
      if (operation.marks) {
        mark(operation);
      }
    }
    return std::move(statements_);
  }

 private:
  enum class Nulls { as_they_are, as_written };

  static std::string settings(const SyncOperation& operation) {
    std::vector<std::string> parts;
    for (const Assignment* assignment : operation.set) {
      parts.push_back(fmt::format("{} = {}", quote_identifier(assignment->column),
                                  in_brackets(assignment->expression)));
    }
    return join(parts, ", ");
  }

  Written written(const std::string& column) const {
    if (const auto marked = written_.find(column); marked != written_.end()) {
      return marked->second;
    }
    const std::string name = quote_identifier(column);
    if (event_ == SyncEvent::update) {
      return compare(column, "NEW." + name, "OLD." + name);
    }
    const SyncColumn* known = find_sync_column(rules_, column);
    if (known == nullptr || known->default_sql.empty() ||
        known->default_kind == DefaultKind::none) {
      return compare(column, "NEW." + name, "NULL");
    }
    if (known->default_kind == DefaultKind::volatile_) {
      return {"0", "1"};
    }
    return compare(column, "NEW." + name, sqlite_stored_default(table_, *known));
  }

  Written compare(const std::string& column, const std::string& left,
                  const std::string& right) const {
    return {sqlite_compare(table_, column, left, "IS NOT", right),
            sqlite_compare(table_, column, left, "IS", right)};
  }

  std::string condition(const SyncTest& test, Nulls nulls) const {
    if (test.kind == SyncTest::Kind::null) {
      return fmt::format("{}{} IS NULL", nulls == Nulls::as_written ? "NEW." : "",
                         quote_identifier(test.column));
    }
    const Written facts = written(test.column);
    return test.negated ? facts.no : facts.yes;
  }

  std::string condition(const SyncClause& clause, Nulls nulls) const {
    std::vector<std::string> tests;
    for (const SyncTest& test : clause) {
      const std::string text = condition(test, nulls);
      if (text != "0" || clause.size() == 1) {
        tests.push_back(text);
      }
    }
    if (tests.empty()) {
      return "0";
    }
    return tests.size() == 1 ? tests.front() : fmt::format("({})", join(tests, " OR "));
  }

  std::string condition(const std::vector<SyncClause>& clauses, Nulls nulls) const {
    std::vector<std::string> parts;
    for (const SyncClause& clause : clauses) {
      const std::string text = condition(clause, nulls);
      if (text != "1") {
        parts.push_back(text);
      }
    }
    return join(parts, " AND ");
  }

  /// From here on the columns count as written, too, where the operation took place (INSERT), and
  /// where it made a difference (UPDATE).
  void mark(const SyncOperation& operation) {
    std::vector<SyncClause> when = operation.when;
    if (event_ == SyncEvent::update) {
      std::erase_if(when, [](const SyncClause& clause) {
        return std::ranges::all_of(
            clause, [](const SyncTest& test) { return test.kind == SyncTest::Kind::null; });
      });
    }
    const std::string took_place = condition(when, Nulls::as_written);
    std::map<std::string, Written> marked;
    for (const Assignment* assignment : operation.set) {
      const std::string name = quote_identifier(assignment->column);
      std::string also = took_place.empty() ? "1" : took_place;
      if (event_ == SyncEvent::update) {
        const std::string differs = compare(assignment->column, name, "OLD." + name).yes;
        also = took_place.empty() ? differs : fmt::format("{} AND {}", took_place, differs);
      }
      const std::string yes = fmt::format("({} OR ({}))", written(assignment->column).yes, also);
      marked[assignment->column] = {yes, "NOT " + yes};
    }
    for (auto& [column, facts] : marked) {
      written_[column] = std::move(facts);
    }
  }

  const Table& table_;
  const std::vector<SyncRule>& rules_;
  SyncEvent event_;
  std::map<std::string, Written> written_;
  std::vector<std::string> statements_;
};

}  // namespace

std::vector<std::string> sqlite_body(const Table& table, const std::vector<SyncRule>& rules,
                                     SyncEvent event) {
  return SqliteBody(table, rules, event).write();
}

std::vector<std::string> sqlite_not_null(const Table& table, const std::vector<SyncRule>& rules) {
  std::vector<std::string> result;
  for (const SyncRule& rule : rules) {
    for (const auto* side : {&rule.old_side, &rule.new_side}) {
      for (const SyncColumn& column : *side) {
        if (column.not_null) {
          result.push_back(
              fmt::format("SELECT RAISE(ABORT, {}) FROM {} WHERE {} AND {} IS NULL",
                          sqlite_literal(fmt::format("NOT NULL constraint failed: {}.{}",
                                                     table.name.name, column.name)),
                          quote_identifier(table.name.name), sqlite_this_row(table),
                          quote_identifier(column.name)));
        }
      }
    }
  }
  std::vector<std::string> once;
  std::ranges::copy_if(result, std::back_inserter(once), [&](const std::string& text) {
    return std::ranges::find(once, text) == once.end();
  });
  return once;
}

}  // namespace zdm::planner
