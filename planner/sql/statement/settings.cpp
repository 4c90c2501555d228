#include "sql/statement/reader.hpp"
#include "sql/text.hpp"

namespace zdm::planner {

namespace {

SqlEffect search_path(const StatementText& text) {
  SqlEffect effect;
  effect.deed = Deed::set_search_path;
  effect.kind = ObjectKind::other;
  effect.where = text.place(0, text.text.size());
  return effect;
}

std::optional<std::string> literal(const PgQuery__Node* node) {
  if (node == nullptr) return std::nullopt;
  if (node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) return literal(node->type_cast->arg);
  if (node->node_case != PG_QUERY__NODE__NODE_A_CONST) return std::nullopt;
  const PgQuery__AConst& value = *node->a_const;
  if (value.val_case != PG_QUERY__A__CONST__VAL_SVAL) return std::nullopt;
  return std::string(value.sval->sval);
}

void read_set(const PgQuery__VariableSetStmt& stmt, const StatementText& text, Effects& effects) {
  const bool all = stmt.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL;
  if (!all && fold(stmt.name) != "search_path") return;
  SqlEffect effect = search_path(text);
  effect.temporary = stmt.is_local != 0;
  effect.unknown = stmt.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_CURRENT;
  if (stmt.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE) {
    for (std::size_t i = 0; i < stmt.n_args; ++i) {
      const auto schema = literal(stmt.args[i]);
      effect.unknown |= !schema;
      effect.values.push_back(schema.value_or(""));
    }
  }
  effects.push_back(std::move(effect));
}

// "app, \"$user\"": as the value of the setting is written in a string.
std::vector<std::string> schemas_in(std::string_view path) {
  std::vector<std::string> schemas;
  for (const Place item : Words{path}.items(0)) {
    std::string name(path.substr(item.offset, item.length));
    const bool quoted = name.size() > 1 && name.front() == '"' && name.back() == '"';
    schemas.push_back(quoted ? name.substr(1, name.size() - 2) : fold(name));
  }
  if (schemas.empty()) schemas.emplace_back();
  return schemas;
}

bool is_true(const PgQuery__Node* node) {
  return node->node_case == PG_QUERY__NODE__NODE_A_CONST &&
         node->a_const->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL &&
         node->a_const->boolval->boolval != 0;
}

void read_call(const PgQuery__FuncCall& call, const StatementText& text, Effects& effects) {
  const TableName name = table_name(names_of(call.funcname, call.n_funcname));
  if (name.name != "set_config" || call.n_args != 3) return;
  if (!name.schema.empty() && name.schema != "pg_catalog") return;
  const auto setting = literal(call.args[0]);
  if (!setting || fold(*setting) != "search_path") return;
  SqlEffect effect = search_path(text);
  const auto value = literal(call.args[1]);
  effect.unknown = !value;
  if (value) effect.values = schemas_in(*value);
  effect.temporary = is_true(call.args[2]);
  effects.push_back(std::move(effect));
}

void read_calls(const ProtobufCMessage& message, const StatementText& text, Effects& effects) {
  if (message.descriptor == &pg_query__func_call__descriptor) {
    read_call(reinterpret_cast<const PgQuery__FuncCall&>(message), text, effects);
  }
  for_each_child(message, [&](const ProtobufCMessage& child) { read_calls(child, text, effects); });
}

}  // namespace

void read_settings(const PgQuery__Node& node, const StatementText& text, Effects& effects) {
  if (node.node_case == PG_QUERY__NODE__NODE_VARIABLE_SET_STMT) {
    read_set(*node.variable_set_stmt, text, effects);
  } else if (node.node_case == PG_QUERY__NODE__NODE_DISCARD_STMT) {
    if (node.discard_stmt->target == PG_QUERY__DISCARD_MODE__DISCARD_ALL) {
      effects.push_back(search_path(text));
    }
  } else if (node.node_case == PG_QUERY__NODE__NODE_SELECT_STMT) {
    read_calls(node.select_stmt->base, text, effects);
  }
}

}  // namespace zdm::planner
