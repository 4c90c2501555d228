#include <algorithm>
#include <array>

#include "sql/builtin_functions.hpp"
#include "sql/statement/reader.hpp"

namespace zdm::planner {

namespace {

constexpr std::array<std::string_view, 6> kSerials = {"serial",  "bigserial", "smallserial",
                                                      "serial4", "serial8",   "serial2"};

// The columns that a condition demands to be there, in itself or as one of several with AND. False
// where it demands anything else.
bool demanded(const PgQuery__Node* condition, std::vector<std::string>& columns) {
  if (condition == nullptr) return false;
  if (condition->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR) {
    const PgQuery__BoolExpr& all = *condition->bool_expr;
    if (all.boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) return false;
    bool only = true;
    for (std::size_t i = 0; i < all.n_args; ++i) only &= demanded(all.args[i], columns);
    return only;
  }
  if (condition->node_case != PG_QUERY__NODE__NODE_NULL_TEST) return false;
  const PgQuery__NullTest& test = *condition->null_test;
  if (test.nulltesttype != PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL) return false;
  if (test.arg == nullptr || test.arg->node_case != PG_QUERY__NODE__NODE_COLUMN_REF) return false;
  const PgQuery__ColumnRef& ref = *test.arg->column_ref;
  if (ref.n_fields > 0) columns.push_back(string_of(ref.fields[ref.n_fields - 1]));
  return true;
}

SqlConstraint kind_of(PgQuery__ConstrType type) {
  switch (type) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
      return SqlConstraint::not_null;
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
      return SqlConstraint::check;
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
      return SqlConstraint::primary_key;
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
      return SqlConstraint::unique;
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
      return SqlConstraint::exclusion;
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
      return SqlConstraint::foreign_key;
    default:
      return SqlConstraint::none;
  }
}

// A NOT NULL or default is the column's own; the other constraints are effects.
void read_clause(const PgQuery__Constraint& clause, ColumnFacts& column) {
  switch (clause.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
      column.not_null = true;
      break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
      column.default_kind = read_default(clause.raw_expr, column.function);
      break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
      column.identity = column.not_null = true;
      break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED:
      column.generated = true;
      break;
    default:
      break;
  }
}

// Walks an expression for what makes it worth another value in each row.
void classify(const ProtobufCMessage& message, SqlDefault& kind, std::string& function) {
  if (message.descriptor == &pg_query__func_call__descriptor) {
    const auto& call = reinterpret_cast<const PgQuery__FuncCall&>(message);
    const auto names = names_of(call.funcname, call.n_funcname);
    const Volatility volatility = builtin_volatility(names);
    if (volatility == Volatility::varying && kind != SqlDefault::varying) {
      kind = SqlDefault::varying;
      function = names.back();
    } else if (volatility == Volatility::unknown && kind == SqlDefault::constant) {
      kind = SqlDefault::unknown_function;
      function = names.size() > 1 ? names[names.size() - 2] + "." + names.back() : names.back();
    }
  }
  for_each_child(message, [&](const ProtobufCMessage& child) { classify(child, kind, function); });
}

}  // namespace

void columns_in(const ProtobufCMessage& message, std::vector<std::string>& columns) {
  if (message.descriptor == &pg_query__column_ref__descriptor) {
    const auto& ref = reinterpret_cast<const PgQuery__ColumnRef&>(message);
    const std::string name = ref.n_fields == 0 ? "" : string_of(ref.fields[ref.n_fields - 1]);
    if (std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
    return;
  }
  for_each_child(message, [&](const ProtobufCMessage& child) { columns_in(child, columns); });
}

void columns_in(const PgQuery__Node* expression, std::vector<std::string>& columns) {
  if (expression == nullptr) return;
  if (const auto* message = held(expression)) columns_in(*message, columns);
}

std::string read_collation(const PgQuery__ColumnDef& column) {
  if (column.coll_clause == nullptr) return {};
  const TableName name =
      table_name(names_of(column.coll_clause->collname, column.coll_clause->n_collname));
  if (name.name == "default") return {};
  return name.schema.empty() || name.schema == "pg_catalog" ? name.name
                                                            : name.schema + "." + name.name;
}

SqlDefault read_default(const PgQuery__Node* expression, std::string& function) {
  if (expression == nullptr) return SqlDefault::none;
  // NULL of whatever type is NULL
  while (expression->node_case == PG_QUERY__NODE__NODE_TYPE_CAST &&
         expression->type_cast->arg != nullptr) {
    const PgQuery__Node* inner = expression->type_cast->arg;
    const bool deeper = inner->node_case == PG_QUERY__NODE__NODE_TYPE_CAST;
    const bool null =
        inner->node_case == PG_QUERY__NODE__NODE_A_CONST && inner->a_const->isnull != 0;
    if (!deeper && !null) break;
    expression = inner;
  }
  if (expression->node_case == PG_QUERY__NODE__NODE_A_CONST && expression->a_const->isnull != 0) {
    return SqlDefault::null;
  }
  SqlDefault kind = SqlDefault::constant;
  if (const auto* message = held(expression)) classify(*message, kind, function);
  return kind;
}

SqlType read_type(const PgQuery__TypeName* type) {
  SqlType read;
  if (type == nullptr) return read;
  const TableName name = table_name(names_of(type->names, type->n_names));
  read.schema = name.schema == "pg_catalog" ? "" : name.schema;
  read.name = name.name;
  read.array = type->n_array_bounds > 0;
  for (std::size_t i = 0; i < type->n_typmods; ++i) {
    const PgQuery__Node* number = type->typmods[i];
    if (number->node_case != PG_QUERY__NODE__NODE_A_CONST) continue;
    const PgQuery__AConst& value = *number->a_const;
    if (value.val_case == PG_QUERY__A__CONST__VAL_IVAL) read.modifiers.push_back(value.ival->ival);
  }
  return read;
}

SqlEffect read_constraint(const PgQuery__Constraint& constraint, SqlEffect of, Place where) {
  of.deed = Deed::add_constraint;
  of.constraint = kind_of(constraint.contype);
  of.where = where;
  of.part = constraint.conname;
  of.index = constraint.indexname;
  of.not_valid = constraint.skip_validation != 0;
  of.column = {};
  const bool foreign = of.constraint == SqlConstraint::foreign_key;
  const auto keys = foreign ? names_of(constraint.fk_attrs, constraint.n_fk_attrs)
                            : names_of(constraint.keys, constraint.n_keys);
  if (!keys.empty()) of.keys = keys;
  if (foreign) of.other = table_name(constraint.pktable);
  if (of.constraint == SqlConstraint::check) {
    of.only_not_null = demanded(constraint.raw_expr, of.not_null);
    of.keys.clear();
    columns_in(constraint.raw_expr, of.keys);
  }
  return of;
}

ColumnFacts read_column(const PgQuery__ColumnDef& column, const SqlEffect& of,
                        const StatementText& text, Effects& constraints) {
  ColumnFacts facts;
  facts.name = column.colname;
  facts.type = read_type(column.type_name);
  facts.collation = read_collation(column);
  facts.serial =
      facts.type.schema.empty() && std::ranges::find(kSerials, facts.type.name) != kSerials.end();
  for (std::size_t i = 0; i < column.n_constraints; ++i) {
    if (column.constraints[i]->node_case != PG_QUERY__NODE__NODE_CONSTRAINT) continue;
    const PgQuery__Constraint& clause = *column.constraints[i]->constraint;
    read_clause(clause, facts);
    const SqlConstraint kind = kind_of(clause.contype);
    if (kind == SqlConstraint::none || kind == SqlConstraint::not_null) continue;
    const std::size_t at = place(clause.location);
    SqlEffect effect = of;
    effect.inline_clause = true;
    effect.keys = {facts.name};
    constraints.push_back(
        read_constraint(clause, effect, text.place(at, Words{text.text}.clause_end(at))));
    // What a rule asks of the column the constraint came with.
    constraints.back().column = facts;
  }
  for (SqlEffect& constraint : constraints) {
    if (constraint.keys == std::vector{facts.name}) constraint.column = facts;
  }
  return facts;
}

}  // namespace zdm::planner
