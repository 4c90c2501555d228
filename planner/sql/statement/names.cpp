#include "sql/statement/reader.hpp"
#include "sql/text.hpp"

namespace zdm::planner {

Place StatementText::place(std::size_t begin, std::size_t end) const {
  if (within) return *within;
  return {offset + begin, end > begin ? end - begin : 0};
}

std::string string_of(const PgQuery__Node* node) {
  if (node == nullptr || node->node_case != PG_QUERY__NODE__NODE_STRING) return {};
  return node->string->sval;
}

std::vector<std::string> names_of(PgQuery__Node* const* nodes, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(string_of(nodes[i]));
  return names;
}

std::vector<std::string> names_of(const PgQuery__Node* node) {
  if (node == nullptr) return {};
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_STRING:
      return {string_of(node)};
    case PG_QUERY__NODE__NODE_LIST:
      return names_of(node->list->items, node->list->n_items);
    case PG_QUERY__NODE__NODE_TYPE_NAME:
      return names_of(node->type_name->names, node->type_name->n_names);
    case PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS:
      return names_of(node->object_with_args->objname, node->object_with_args->n_objname);
    default:
      return {};
  }
}

TableName table_name(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  if (names.size() == 1) return {"", names.back()};
  return {names[names.size() - 2], names.back()};
}

TableName table_name(const PgQuery__RangeVar* relation) {
  if (relation == nullptr) return {};
  return {relation->schemaname, relation->relname};
}

bool option(PgQuery__Node* const* options, std::size_t count, std::string_view name) {
  for (std::size_t i = 0; i < count; ++i) {
    if (options[i]->node_case != PG_QUERY__NODE__NODE_DEF_ELEM) continue;
    const PgQuery__DefElem& element = *options[i]->def_elem;
    if (element.defname != name) continue;
    const std::string value = fold(string_of(element.arg));
    if (element.arg != nullptr && element.arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN) {
      return element.arg->boolean->boolval != 0;
    }
    if (element.arg != nullptr && element.arg->node_case == PG_QUERY__NODE__NODE_INTEGER) {
      return element.arg->integer->ival != 0;
    }
    return value != "false" && value != "off" && value != "0";
  }
  return false;
}

ObjectKind kind_of(PgQuery__ObjectType type) {
  switch (type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE:
      return ObjectKind::table;
    case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
      return ObjectKind::column;
    case PG_QUERY__OBJECT_TYPE__OBJECT_ATTRIBUTE:
      return ObjectKind::attribute;
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT:
    case PG_QUERY__OBJECT_TYPE__OBJECT_DOMCONSTRAINT:
      return ObjectKind::constraint;
    case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX:
      return ObjectKind::index;
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
      return ObjectKind::view;
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
      return ObjectKind::materialized_view;
    case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
      return ObjectKind::sequence;
    case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
      return ObjectKind::type;
    case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN:
      return ObjectKind::domain;
    case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION:
    case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE:
      return ObjectKind::function;
    case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
      return ObjectKind::schema;
    case PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE:
      return ObjectKind::database;
    case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
      return ObjectKind::trigger;
    case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY:
      return ObjectKind::policy;
    case PG_QUERY__OBJECT_TYPE__OBJECT_RULE:
      return ObjectKind::rule;
    default:
      return ObjectKind::other;
  }
}

}  // namespace zdm::planner
