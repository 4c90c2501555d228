#include <utility>

#include "sql/statement/reader.hpp"

namespace zdm::planner {

namespace {

Place from_word(const StatementText& text, std::string_view word, std::size_t at = 0) {
  const std::size_t found = Words{text.text}.find(word, at);
  return text.place(found < text.text.size() ? found : 0, text.text.size());
}

void read_enum(const PgQuery__AlterEnumStmt& stmt, const StatementText& text, Effects& effects) {
  SqlEffect effect;
  effect.kind = ObjectKind::enum_value;
  effect.object = table_name(names_of(stmt.type_name, stmt.n_type_name));
  const bool adds = std::string_view(stmt.old_val).empty();
  effect.deed = adds ? Deed::add_enum_value : Deed::rename;
  effect.part = adds ? stmt.new_val : stmt.old_val;
  if (!adds) effect.to = stmt.new_val;
  effect.if_not_exists = stmt.skip_if_new_val_exists != 0;
  effect.where = from_word(text, adds ? "ADD" : "RENAME");
  effects.push_back(std::move(effect));
}

void read_domain(const PgQuery__AlterDomainStmt& stmt, const StatementText& text,
                 Effects& effects) {
  SqlEffect effect;
  effect.kind = ObjectKind::domain;
  effect.object = table_name(names_of(stmt.type_name, stmt.n_type_name));
  const Words words{text.text};
  const std::size_t name = words.name_end(words.after(2));
  effect.where = text.place(name, text.text.size());
  const std::size_t clause = words.items(name).empty() ? name : words.items(name)[0].offset;
  effect.where = text.place(clause, text.text.size());
  switch (stmt.subtype[0]) {
    case 'C':
      effects.push_back(read_constraint(*stmt.def->constraint, effect, effect.where));
      effects.back().kind = ObjectKind::domain;
      return;
    case 'O':
      effect.deed = Deed::set_not_null;
      break;
    case 'N':
      effect.deed = Deed::drop_not_null;
      break;
    case 'V':
      effect.deed = Deed::validate_constraint;
      effect.part = stmt.name;
      break;
    default:
      effect.deed = Deed::alter;
      effect.lock = LockMode::access_share;
      effect.other = std::exchange(effect.object, {});
      if (stmt.subtype[0] == 'X') {
        effect.part = stmt.name;
        effect.to = "DROP CONSTRAINT";
      }
      break;
  }
  effects.push_back(std::move(effect));
}

void read_set_schema(const PgQuery__AlterObjectSchemaStmt& stmt, const StatementText& text,
                     Effects& effects) {
  SqlEffect effect;
  effect.deed = Deed::set_schema;
  effect.kind = kind_of(stmt.object_type);
  effect.object =
      stmt.relation != nullptr ? table_name(stmt.relation) : table_name(names_of(stmt.object));
  effect.to = stmt.newschema;
  effect.where = from_word(text, "SET");
  effects.push_back(std::move(effect));
}

void read_grant(const PgQuery__GrantStmt& stmt, const StatementText& text, Effects& effects) {
  SqlEffect effect;
  effect.deed = stmt.is_grant != 0 ? Deed::grant : Deed::revoke;
  effect.kind = kind_of(stmt.objtype);
  effect.cascade = stmt.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
  effect.where = text.place(0, text.text.size());
  const bool all = stmt.targtype != PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_OBJECT;
  for (std::size_t i = 0; i < stmt.n_objects; ++i) {
    const PgQuery__Node* object = stmt.objects[i];
    effect.object = object->node_case == PG_QUERY__NODE__NODE_RANGE_VAR
                        ? table_name(object->range_var)
                        : table_name(names_of(object));
    if (all) effect.object = {effect.object.name, "*"};
    effects.push_back(effect);
  }
}

// What takes a lock and is no hazard of its own.
void read_light(ObjectKind kind, TableName name, LockMode lock, const StatementText& text,
                Effects& effects) {
  SqlEffect effect;
  effect.deed = Deed::alter;
  effect.kind = kind;
  effect.object = std::move(name);
  effect.lock = lock;
  effect.where = text.place(0, text.text.size());
  effects.push_back(std::move(effect));
}

void read_comment(const PgQuery__CommentStmt& stmt, const StatementText& text, Effects& effects) {
  auto names = names_of(stmt.object);
  if (stmt.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN && names.size() > 1) {
    names.pop_back();
  } else if (stmt.objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE) {
    return;
  }
  read_light(ObjectKind::table, table_name(names), LockMode::share_update_exclusive, text, effects);
}

// The tables of CREATE STATISTICS.
void read_statistics(const PgQuery__CreateStatsStmt& stmt, const StatementText& text,
                     Effects& effects) {
  for (std::size_t i = 0; i < stmt.n_relations; ++i) {
    if (stmt.relations[i]->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) continue;
    read_light(ObjectKind::table, table_name(stmt.relations[i]->range_var),
               LockMode::share_update_exclusive, text, effects);
  }
}

// The tables that CREATE or ALTER PUBLICATION names.
void read_published(PgQuery__Node* const* objects, std::size_t count, const StatementText& text,
                    Effects& effects) {
  for (std::size_t i = 0; i < count; ++i) {
    if (objects[i]->node_case != PG_QUERY__NODE__NODE_PUBLICATION_OBJ_SPEC) continue;
    const auto* table = objects[i]->publication_obj_spec->pubtable;
    if (table == nullptr) continue;
    read_light(ObjectKind::table, table_name(table->relation), LockMode::share_update_exclusive,
               text, effects);
  }
}

void read_drop_owned(const PgQuery__DropOwnedStmt& stmt, const StatementText& text,
                     Effects& effects) {
  SqlEffect effect;
  effect.deed = Deed::drop;
  effect.kind = ObjectKind::other;
  effect.to = "OWNED";
  effect.cascade = stmt.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
  effect.where = text.place(0, text.text.size());
  effects.push_back(std::move(effect));
}

}  // namespace

bool read_alter(const PgQuery__Node& node, const StatementText& text, Effects& effects) {
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_ALTER_ENUM_STMT:
      read_enum(*node.alter_enum_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_ALTER_DOMAIN_STMT:
      read_domain(*node.alter_domain_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
      read_set_schema(*node.alter_object_schema_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_GRANT_STMT:
      read_grant(*node.grant_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_DROP_OWNED_STMT:
      read_drop_owned(*node.drop_owned_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_DROPDB_STMT: {
      SqlEffect effect;
      effect.deed = Deed::drop;
      effect.kind = ObjectKind::database;
      effect.object = {"", node.dropdb_stmt->dbname};
      effect.if_exists = node.dropdb_stmt->missing_ok != 0;
      effect.where = text.place(0, text.text.size());
      effects.push_back(std::move(effect));
      return true;
    }
    case PG_QUERY__NODE__NODE_COMMENT_STMT:
      read_comment(*node.comment_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_CREATE_STATS_STMT:
      read_statistics(*node.create_stats_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_CREATE_PUBLICATION_STMT:
      read_published(node.create_publication_stmt->pubobjects,
                     node.create_publication_stmt->n_pubobjects, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_ALTER_PUBLICATION_STMT:
      if (node.alter_publication_stmt->action !=
          PG_QUERY__ALTER_PUBLICATION_ACTION__AP_DropObjects) {
        read_published(node.alter_publication_stmt->pubobjects,
                       node.alter_publication_stmt->n_pubobjects, text, effects);
      }
      return true;
    case PG_QUERY__NODE__NODE_ALTER_POLICY_STMT:
      read_light(ObjectKind::table, table_name(node.alter_policy_stmt->table),
                 LockMode::access_exclusive, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT:
      read_light(ObjectKind::sequence, table_name(node.alter_seq_stmt->sequence),
                 LockMode::share_row_exclusive, text, effects);
      return true;
    default:
      return false;
  }
}

}  // namespace zdm::planner
