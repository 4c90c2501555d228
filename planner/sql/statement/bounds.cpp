#include "sql/statement/bounds.hpp"

#include <algorithm>

namespace zdm::planner {

namespace {

constexpr int kMaxDepth = 8;  // a query in the query of …; a WITH that names itself

class Bounds {
 public:
  explicit Bounds(const Sources& sources) : sources_(sources) {}

  bool statement(const PgQuery__Node* where) {
    if (condition(where)) return true;
    return joins(where) && any_few(sources_.from, sources_.count);
  }

  bool few(const PgQuery__SelectStmt& select) {
    if (depth_ == kMaxDepth) return false;
    ++depth_;
    const bool found = select.limit_count != nullptr || select.n_values_lists > 0 ||
                       condition(select.where_clause) ||
                       (select.n_from_clause == 1 && any_few(select.from_clause, 1));
    --depth_;
    return found;
  }

 private:
  bool few(const PgQuery__Node* query) {
    return query != nullptr && query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT &&
           few(*query->select_stmt);
  }

  bool is_variable(const PgQuery__ColumnRef& ref) const {
    if (sources_.variables == nullptr || ref.n_fields == 0) return false;
    const std::string name = string_of(ref.fields[0]);
    return std::ranges::find(*sources_.variables, name) != sources_.variables->end();
  }

  bool has_column(const ProtobufCMessage& message) const {
    if (message.descriptor == &pg_query__column_ref__descriptor) {
      return !is_variable(reinterpret_cast<const PgQuery__ColumnRef&>(message));
    }
    bool found = false;
    for_each_child(message,
                   [&](const ProtobufCMessage& child) { found = found || has_column(child); });
    return found;
  }

  bool fixed(const PgQuery__Node* node) const {
    const auto* message = held(node);
    return message != nullptr && !has_column(*message);
  }

  // A key, a range, a list. "<> x" and "IS NULL" leave most rows.
  bool compares(const PgQuery__AExpr& expression) const {
    if (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT) return false;
    if (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN) return false;
    const auto names = names_of(expression.name, expression.n_name);
    const std::string sign = names.empty() ? "" : names.back();
    if (sign == "<>" || sign.starts_with('!')) return false;
    return fixed(expression.lexpr) != fixed(expression.rexpr) ||
           (expression.rexpr != nullptr &&
            expression.rexpr->node_case == PG_QUERY__NODE__NODE_SUB_LINK);
  }

  bool condition(const PgQuery__Node* condition) {
    if (condition == nullptr) return false;
    switch (condition->node_case) {
      case PG_QUERY__NODE__NODE_A_EXPR:
        return compares(*condition->a_expr);
      case PG_QUERY__NODE__NODE_SUB_LINK:
        return few(condition->sub_link->subselect);
      case PG_QUERY__NODE__NODE_CURRENT_OF_EXPR:
        return true;
      case PG_QUERY__NODE__NODE_BOOL_EXPR: {
        const PgQuery__BoolExpr& all = *condition->bool_expr;
        if (all.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR) return false;
        const bool any = all.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR;
        for (std::size_t i = 0; i < all.n_args; ++i) {
          if (this->condition(all.args[i]) == any) return any;
        }
        return !any;
      }
      default:
        return false;
    }
  }

  // "a.id = b.id", in itself or as one of several with AND.
  bool joins(const PgQuery__Node* condition) const {
    if (condition == nullptr) return false;
    if (condition->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR) {
      const PgQuery__BoolExpr& all = *condition->bool_expr;
      return all.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR &&
             std::any_of(all.args, all.args + all.n_args,
                         [this](const PgQuery__Node* each) { return joins(each); });
    }
    if (condition->node_case != PG_QUERY__NODE__NODE_A_EXPR) return false;
    const PgQuery__AExpr& expression = *condition->a_expr;
    const auto names = names_of(expression.name, expression.n_name);
    return names == std::vector<std::string>{"="} && !fixed(expression.lexpr) &&
           !fixed(expression.rexpr);
  }

  // A query that gives few rows, in place or by its name in WITH.
  bool any_few(PgQuery__Node* const* from, std::size_t count) {
    return std::any_of(from, from + count, [this](const PgQuery__Node* each) {
      if (each->node_case == PG_QUERY__NODE__NODE_RANGE_SUBSELECT) {
        return few(each->range_subselect->subquery);
      }
      if (each->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) return false;
      const PgQuery__Node* query = named(*each->range_var);
      return query != nullptr && few(query);
    });
  }

  const PgQuery__Node* named(const PgQuery__RangeVar& relation) const {
    if (relation.schemaname != nullptr && *relation.schemaname != '\0') return nullptr;
    for (const PgQuery__WithClause* with : sources_.with) {
      for (std::size_t i = 0; with != nullptr && i < with->n_ctes; ++i) {
        if (with->ctes[i]->node_case != PG_QUERY__NODE__NODE_COMMON_TABLE_EXPR) continue;
        const PgQuery__CommonTableExpr& each = *with->ctes[i]->common_table_expr;
        if (std::string_view(each.ctename) == relation.relname) return each.ctequery;
      }
    }
    return nullptr;
  }

  const Sources& sources_;
  int depth_ = 0;
};

}  // namespace

bool gives_few(const PgQuery__SelectStmt& query) {
  const Sources none;
  return Bounds(none).few(query);
}

bool is_bounded(const PgQuery__Node* where, const Sources& sources) {
  return Bounds(sources).statement(where);
}

}  // namespace zdm::planner
