#include "sql/statement/reader.hpp"

namespace zdm::planner {

namespace {

#define ZDM_TRANS(name) PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_##name

void read_transaction(const PgQuery__TransactionStmt& stmt, const StatementText& text,
                      Effects& effects) {
  SqlEffect effect;
  effect.kind = ObjectKind::other;
  effect.where = text.place(0, text.text.size());
  switch (stmt.kind) {
    case ZDM_TRANS(BEGIN):
    case ZDM_TRANS(START):
      effect.deed = Deed::begin;
      break;
    case ZDM_TRANS(COMMIT):
    case ZDM_TRANS(PREPARE):
      effect.deed = Deed::commit;
      break;
    case ZDM_TRANS(ROLLBACK):
      effect.deed = Deed::rollback;
      break;
    case ZDM_TRANS(SAVEPOINT):
      effect.deed = Deed::savepoint;
      effect.part = stmt.savepoint_name;
      break;
    case ZDM_TRANS(ROLLBACK_TO):
      effect.deed = Deed::rollback_to;
      effect.part = stmt.savepoint_name;
      break;
    default:
      return;
  }
  if (stmt.chain != 0) effect.to = kAndChain;
  effects.push_back(std::move(effect));
}

}  // namespace

void read_statement(const PgQuery__Node& node, const StatementText& text, Effects& effects) {
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
      return read_alter_table(*node.alter_table_stmt, text, effects);
    case PG_QUERY__NODE__NODE_CREATE_STMT:
      return read_create_table(*node.create_stmt, text, effects);
    case PG_QUERY__NODE__NODE_CREATE_FOREIGN_TABLE_STMT:
      return read_create_table(*node.create_foreign_table_stmt->base_stmt, text, effects);
    case PG_QUERY__NODE__NODE_DROP_STMT:
      return read_drop(*node.drop_stmt, text, effects);
    case PG_QUERY__NODE__NODE_RENAME_STMT:
      return read_rename(*node.rename_stmt, text, effects);
    case PG_QUERY__NODE__NODE_TRANSACTION_STMT:
      return read_transaction(*node.transaction_stmt, text, effects);
    case PG_QUERY__NODE__NODE_PREPARE_STMT:
      return read_statement(*node.prepare_stmt->query, text, effects);
    default:
      break;
  }
  read_settings(node, text, effects);
  if (read_data(node, text, effects) || read_create(node, text, effects)) return;
  (void)read_alter(node, text, effects);
}

}  // namespace zdm::planner
