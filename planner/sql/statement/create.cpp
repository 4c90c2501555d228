#include "sql/statement/reader.hpp"

namespace zdm::planner {

namespace {

bool is_temporary(const PgQuery__RangeVar& relation) {
  return relation.relpersistence[0] == 't';
}

// One column, or one constraint, or LIKE.
void read_element(const PgQuery__Node& node, const StatementText& text, SqlEffect& table,
                  Effects& constraints) {
  if (node.node_case == PG_QUERY__NODE__NODE_COLUMN_DEF) {
    Effects own;
    SqlEffect of;
    of.object = table.object;
    table.columns.push_back(read_column(*node.column_def, of, text, own));
    for (SqlEffect& effect : own) constraints.push_back(std::move(effect));
  } else if (node.node_case == PG_QUERY__NODE__NODE_CONSTRAINT) {
    SqlEffect of;
    of.object = table.object;
    of.inline_clause = true;
    const std::size_t at = place(node.constraint->location);
    constraints.push_back(
        read_constraint(*node.constraint, of, text.place(at, Words{text.text}.clause_end(at))));
  } else if (node.node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE) {
    table.from_query = true;
  }
}

SqlEffect named(Deed deed, ObjectKind kind, TableName name, Place where) {
  SqlEffect effect;
  effect.deed = deed;
  effect.kind = kind;
  effect.object = std::move(name);
  effect.where = where;
  return effect;
}

// "CREATE UNIQUE INDEX CONCURRENTLY": up to and with that word.
Place head(const StatementText& text, std::string_view last) {
  const Words words{text.text};
  const std::size_t at = words.find(last);
  return text.place(0, at < text.text.size() ? at + last.size() : words.after(2));
}

Place whole(const StatementText& text) {
  return text.place(0, text.text.size());
}

void read_index(const PgQuery__IndexStmt& stmt, const StatementText& text, Effects& effects) {
  SqlEffect index =
      named(Deed::create, ObjectKind::index, {stmt.relation->schemaname, stmt.idxname},
            head(text, stmt.concurrent != 0 ? "CONCURRENTLY" : "INDEX"));
  index.other = table_name(stmt.relation);
  index.only = stmt.relation->inh == 0;
  index.concurrently = stmt.concurrent != 0;
  index.if_not_exists = stmt.if_not_exists != 0;
  index.is_unique = stmt.unique != 0;
  index.is_partial = stmt.where_clause != nullptr;
  for (std::size_t i = 0; i < stmt.n_index_params; ++i) {
    if (stmt.index_params[i]->node_case != PG_QUERY__NODE__NODE_INDEX_ELEM) continue;
    index.keys.emplace_back(stmt.index_params[i]->index_elem->name);
    columns_in(stmt.index_params[i]->index_elem->expr, index.reads);
  }
  for (std::size_t i = 0; i < stmt.n_index_including_params; ++i) {
    const PgQuery__Node& column = *stmt.index_including_params[i];
    if (column.node_case != PG_QUERY__NODE__NODE_INDEX_ELEM) continue;
    index.reads.emplace_back(column.index_elem->name);
  }
  columns_in(stmt.where_clause, index.reads);
  effects.push_back(std::move(index));
}

// What decides to which partition a row belongs.
std::vector<std::string> partition_key(const PgQuery__PartitionSpec& spec) {
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < spec.n_part_params; ++i) {
    if (spec.part_params[i]->node_case != PG_QUERY__NODE__NODE_PARTITION_ELEM) continue;
    const PgQuery__PartitionElem& element = *spec.part_params[i]->partition_elem;
    if (!std::string_view(element.name).empty()) columns.emplace_back(element.name);
    columns_in(element.expr, columns);
  }
  return columns;
}

void read_as(const PgQuery__CreateTableAsStmt& stmt, const StatementText& text, Effects& effects) {
  SqlEffect table =
      named(Deed::create, kind_of(stmt.objtype), table_name(stmt.into->rel), whole(text));
  table.if_not_exists = stmt.if_not_exists != 0;
  table.temporary = is_temporary(*stmt.into->rel);
  table.from_query = true;
  table.unbounded = stmt.into->skip_data == 0 && stmt.query != nullptr &&
                    stmt.query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT &&
                    reads_many(*stmt.query->select_stmt);
  effects.push_back(std::move(table));
}

void read_function(const PgQuery__CreateFunctionStmt& stmt, const StatementText& text,
                   Effects& effects) {
  SqlEffect function = named(Deed::create, ObjectKind::function,
                             table_name(names_of(stmt.funcname, stmt.n_funcname)), whole(text));
  function.replace = stmt.replace != 0;
  function.to = "volatile";
  for (std::size_t i = 0; i < stmt.n_options; ++i) {
    if (stmt.options[i]->node_case != PG_QUERY__NODE__NODE_DEF_ELEM) continue;
    const PgQuery__DefElem& element = *stmt.options[i]->def_elem;
    if (std::string_view(element.defname) == "volatility") function.to = string_of(element.arg);
  }
  effects.push_back(std::move(function));
}

void read_domain(const PgQuery__CreateDomainStmt& stmt, const StatementText& text,
                 Effects& effects) {
  SqlEffect domain = named(Deed::create, ObjectKind::domain,
                           table_name(names_of(stmt.domainname, stmt.n_domainname)), whole(text));
  domain.column.type = read_type(stmt.type_name);
  for (std::size_t i = 0; i < stmt.n_constraints; ++i) {
    if (stmt.constraints[i]->node_case != PG_QUERY__NODE__NODE_CONSTRAINT) continue;
    const auto type = stmt.constraints[i]->constraint->contype;
    if (type == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK) {
      domain.constraint = SqlConstraint::check;
      domain.values.emplace_back(stmt.constraints[i]->constraint->conname);
    }
    if (type == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL) {
      domain.column.not_null = true;
      if (domain.constraint == SqlConstraint::none) domain.constraint = SqlConstraint::not_null;
    }
  }
  effects.push_back(std::move(domain));
}

void read_schema(const PgQuery__CreateSchemaStmt& stmt, const StatementText& text,
                 Effects& effects) {
  SqlEffect schema = named(Deed::create, ObjectKind::schema, {"", stmt.schemaname}, whole(text));
  schema.if_not_exists = stmt.if_not_exists != 0;
  effects.push_back(std::move(schema));
  for (std::size_t i = 0; i < stmt.n_schema_elts; ++i) {
    const std::size_t first = effects.size();
    read_statement(*stmt.schema_elts[i], text, effects);
    for (std::size_t k = first; k < effects.size(); ++k) {
      if (effects[k].object.schema.empty()) effects[k].object.schema = stmt.schemaname;
    }
  }
}

void read_on_table(const PgQuery__RangeVar* table, std::string_view part, ObjectKind kind,
                   bool replace, const StatementText& text, Effects& effects) {
  SqlEffect effect = named(Deed::create, kind, table_name(table), whole(text));
  effect.part = part;
  effect.replace = replace;
  effects.push_back(std::move(effect));
}

void read_view(const PgQuery__ViewStmt& stmt, const StatementText& text, Effects& effects) {
  SqlEffect view = named(Deed::create, ObjectKind::view, table_name(stmt.view), whole(text));
  view.replace = stmt.replace != 0;
  view.temporary = is_temporary(*stmt.view);
  effects.push_back(std::move(view));
}

void read_enum(const PgQuery__CreateEnumStmt& stmt, const StatementText& text, Effects& effects) {
  effects.push_back(named(Deed::create, ObjectKind::type,
                          table_name(names_of(stmt.type_name, stmt.n_type_name)), whole(text)));
  effects.back().values = names_of(stmt.vals, stmt.n_vals);
}

}  // namespace

void read_create_table(const PgQuery__CreateStmt& stmt, const StatementText& text,
                       Effects& effects) {
  SqlEffect table = named(Deed::create, ObjectKind::table, table_name(stmt.relation), whole(text));
  table.if_not_exists = stmt.if_not_exists != 0;
  table.temporary = is_temporary(*stmt.relation);
  table.partitioned = stmt.partspec != nullptr;
  if (table.partitioned) table.keys = partition_key(*stmt.partspec);
  if (stmt.n_inh_relations > 0 &&
      stmt.inh_relations[0]->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
    const PgQuery__RangeVar& parent = *stmt.inh_relations[0]->range_var;
    table.other = table_name(&parent);
    table.to = stmt.partbound != nullptr ? "PARTITION OF" : "INHERITS";
    const std::size_t at = place(parent.location);
    if (stmt.partbound != nullptr) {
      table.is_default = stmt.partbound->is_default != 0;
      table.where = text.place(Words{text.text}.find("PARTITION"), Words{text.text}.name_end(at));
    }
  }
  Effects constraints;
  for (std::size_t i = 0; i < stmt.n_table_elts; ++i) {
    read_element(*stmt.table_elts[i], text, table, constraints);
  }
  for (const SqlEffect& constraint : constraints) {
    if (constraint.constraint == SqlConstraint::foreign_key) {
      table.references.push_back(constraint.other);
    }
    if (constraint.constraint != SqlConstraint::primary_key) continue;
    for (ColumnFacts& column : table.columns) {
      for (const std::string& key : constraint.keys) column.not_null |= key == column.name;
    }
  }
  effects.push_back(std::move(table));
  for (SqlEffect& constraint : constraints) {
    constraint.to = "CREATE TABLE";
    effects.push_back(std::move(constraint));
  }
}

bool read_create(const PgQuery__Node& node, const StatementText& text, Effects& effects) {
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_INDEX_STMT:
      read_index(*node.index_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
      read_as(*node.create_table_as_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT:
      read_function(*node.create_function_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT:
      read_domain(*node.create_domain_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT:
      read_schema(*node.create_schema_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_VIEW_STMT:
      read_view(*node.view_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT:
      read_enum(*node.create_enum_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_CREATE_RANGE_STMT:
      effects.push_back(named(Deed::create, ObjectKind::type,
                              table_name(names_of(node.create_range_stmt->type_name,
                                                  node.create_range_stmt->n_type_name)),
                              whole(text)));
      return true;
    case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT:
      effects.push_back(named(Deed::create, ObjectKind::type,
                              table_name(node.composite_type_stmt->typevar), whole(text)));
      return true;
    case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT:
      effects.push_back(named(Deed::create, ObjectKind::sequence,
                              table_name(node.create_seq_stmt->sequence), whole(text)));
      effects.back().if_not_exists = node.create_seq_stmt->if_not_exists != 0;
      return true;
    case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT:
      read_on_table(node.create_trig_stmt->relation, node.create_trig_stmt->trigname,
                    ObjectKind::trigger, node.create_trig_stmt->replace != 0, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_CREATE_POLICY_STMT:
      read_on_table(node.create_policy_stmt->table, node.create_policy_stmt->policy_name,
                    ObjectKind::policy, false, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_RULE_STMT:
      read_on_table(node.rule_stmt->relation, node.rule_stmt->rulename, ObjectKind::rule,
                    node.rule_stmt->replace != 0, text, effects);
      return true;
    default:
      return false;
  }
}

}  // namespace zdm::planner
