#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sql/expression.hpp"
#include "sql/quote.hpp"
#include "sync/triggers.hpp"

namespace zdm::planner {
namespace {

/// Types whose equality is identity. For a text with a collation of its own it may not be
/// (PostgreSQL manual, 24.2.2.4 "Nondeterministic Collations").
constexpr std::array<std::string_view, 16> kExactTypes = {"bigint",
                                                          "boolean",
                                                          "bytea",
                                                          "character varying",
                                                          "date",
                                                          "double precision",
                                                          "integer",
                                                          "name",
                                                          "oid",
                                                          "real",
                                                          "smallint",
                                                          "text",
                                                          "time without time zone",
                                                          "timestamp with time zone",
                                                          "timestamp without time zone",
                                                          "uuid"};

std::string_view without_length(std::string_view type) {
  constexpr std::string_view varying = "character varying(";
  const bool plain = type.starts_with(varying) && !type.ends_with("[]");
  return plain ? varying.substr(0, varying.size() - 1) : type;
}

bool exact(const Column* column) {
  return column == nullptr || column->type.empty() ||
         (column->collation.empty() &&
          std::ranges::find(kExactTypes, without_length(column->type)) != kExactTypes.end());
}

std::string indent(int depth) {
  std::string blanks(static_cast<std::size_t>(depth) * 2, ' ');
  return blanks;
}

class PostgresBody {
 public:
  PostgresBody(const Table& table, const std::vector<SyncRule>& rules, SyncEvent event)
      : table_(table), rules_(rules), event_(event), operations_(schedule(rules, event)) {
    for (const SyncOperation& operation : operations_) {
      for (const SyncClause& clause : operation.when) {
        for (const SyncTest& test : clause) {
          remember(test);
        }
      }
    }
  }

  std::string write() {
    declare();
    line(0, "BEGIN");
    const SyncRule* rule = nullptr;
    for (const SyncOperation& operation : operations_) {
      if (operation.rule != rule) {
        rule = operation.rule;
        line(1, "-- " + rule_label(*rule));
      }
      write(operation);
    }
    line(1, "RETURN NEW;");
    text_ += "END";
    return std::move(text_);
  }

 private:
  void line(int depth, const std::string& text) { text_ += indent(depth) + text + "\n"; }

  void remember(const SyncTest& test) {
    if (test.kind == SyncTest::Kind::written &&
        std::ranges::find(written_, test.column) == written_.end()) {
      written_.push_back(test.column);
    }
  }

  /// Columns are told apart by number: a name may be longer than a variable's can be.
  std::string variable(const std::string& column) const {
    const auto place = std::ranges::find(written_, column) - written_.begin();
    return fmt::format("written_{}", place + 1);
  }

  static std::string now(const std::string& column) { return "NEW." + quote_identifier(column); }

  void declare() {
    if (!written_.empty()) {
      line(0, "DECLARE");
    }
    for (const std::string& column : written_) {
      line(1, fmt::format("{} boolean := {};", variable(column),
                          event_ == SyncEvent::insert ? given(column) : changed(column)));
    }
  }

  std::string changed(const std::string& column) const {
    return postgres_differs(table_, column, now(column), "OLD." + quote_identifier(column));
  }

  std::string given(const std::string& column) const {
    const SyncColumn* known = find_sync_column(rules_, column);
    if (known == nullptr || known->default_sql.empty() ||
        known->default_kind == DefaultKind::none) {
      return now(column) + " IS DISTINCT FROM NULL";
    }
    if (known->default_kind == DefaultKind::volatile_) {
      return "false";
    }
    return postgres_differs(table_, column, now(column), stored_default(*known));
  }

  /// With the column's type, as the server would store it.
  std::string stored_default(const SyncColumn& column) const {
    const Column* shape = find_column(Engine::postgresql, table_, column.name);
    if (shape == nullptr || shape->type.empty() ||
        column.default_sql.ends_with("::" + shape->type)) {
      return in_brackets(column.default_sql);
    }
    return fmt::format("{}::{}", in_brackets(column.default_sql), shape->type);
  }

  std::string condition(const SyncTest& test) const {
    if (test.kind == SyncTest::Kind::null) {
      return now(test.column) + " IS NULL";
    }
    return (test.negated ? "NOT " : "") + variable(test.column);
  }

  std::string condition(const SyncClause& clause) const {
    std::vector<std::string> tests;
    for (const SyncTest& test : clause) {
      tests.push_back(condition(test));
    }
    return tests.size() == 1 ? tests.front() : fmt::format("({})", join(tests, " OR "));
  }

  void write(const SyncOperation& operation) {
    std::vector<std::string> clauses;
    for (const SyncClause& clause : operation.when) {
      clauses.push_back(condition(clause));
    }
    line(1, fmt::format("IF {} THEN", join(clauses, " AND ")));
    assign(operation);
    for (const Assignment* assignment : operation.set) {
      if (operation.marks && std::ranges::find(written_, assignment->column) != written_.end()) {
        line(2, fmt::format("{} := {};", variable(assignment->column),
                            event_ == SyncEvent::insert ? "true" : changed(assignment->column)));
      }
    }
    line(1, "END IF;");
  }

  /// One by one, unless one would read what another has just set.
  void assign(const SyncOperation& operation) {
    const OnError on_error = operation.rule->on_error;
    if (in_sequence(operation.set)) {
      for (const Assignment* assignment : operation.set) {
        guarded(fmt::format("{} := {};", now(assignment->column), bind(*assignment)), {assignment},
                on_error);
      }
      return;
    }
    std::vector<std::string> values;
    std::vector<std::string> targets;
    for (const Assignment* assignment : operation.set) {
      values.push_back(bind(*assignment));
      targets.push_back(now(assignment->column));
    }
    guarded(fmt::format("SELECT {} INTO {};", join(values, ", "), join(targets, ", ")),
            operation.set, on_error);
  }

  static bool in_sequence(const std::vector<const Assignment*>& assignments) {
    for (auto earlier = assignments.begin(); earlier != assignments.end(); ++earlier) {
      const bool read = std::any_of(std::next(earlier), assignments.end(), [&](const auto* later) {
        return std::ranges::find(later->reads, (*earlier)->column) != later->reads.end();
      });
      if (read) {
        return false;
      }
    }
    return true;
  }

  /// on_error = "null": query_canceled and assert_failure are not among OTHERS (PostgreSQL manual,
  /// 43.6.8 "Trapping Errors").
  void guarded(const std::string& statement, const std::vector<const Assignment*>& set,
               OnError on_error) {
    if (on_error == OnError::fail) {
      line(2, statement);
      return;
    }
    line(2, "BEGIN");
    line(3, statement);
    line(2, "EXCEPTION WHEN OTHERS THEN");
    for (const Assignment* assignment : set) {
      line(3, now(assignment->column) + " := NULL;");
    }
    line(2, "END;");
  }

  std::string bind(const Assignment& assignment) const {
    const auto rename = [&](std::string_view name) -> std::string {
      const bool known = find_column(Engine::postgresql, table_, name) != nullptr ||
                         std::ranges::find(assignment.reads, name) != assignment.reads.end();
      return known ? now(std::string(name)) : std::string();
    };
    return in_brackets(replace_columns(Engine::postgresql, assignment.expression, rename));
  }

  const Table& table_;
  const std::vector<SyncRule>& rules_;
  SyncEvent event_;
  std::vector<SyncOperation> operations_;
  std::vector<std::string> written_;
  std::string text_;
};

}  // namespace

std::string postgres_body(const Table& table, const std::vector<SyncRule>& rules, SyncEvent event) {
  return PostgresBody(table, rules, event).write();
}

std::string postgres_differs(const Table& table, const std::string& column, const std::string& left,
                             const std::string& right) {
  if (exact(find_column(Engine::postgresql, table, column))) {
    return fmt::format("{} IS DISTINCT FROM {}", left, right);
  }
  return fmt::format("pg_catalog.record_image_ne(ROW({}), ROW({}))", left, right);
}

}  // namespace zdm::planner
