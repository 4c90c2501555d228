#include "sql/lexer.hpp"
#include "sql/statement/bounds.hpp"
#include "sql/statement/reader.hpp"

namespace zdm::planner {

namespace {

using Withs = std::vector<const PgQuery__WithClause*>;

// "UPDATE users", "DELETE FROM users".
Place head(const StatementText& text, const PgQuery__RangeVar& relation, std::string_view word) {
  const std::size_t at = place(relation.location);
  const Words words{text.text};
  const std::size_t end = words.name_end(at);
  // Within WITH the statement starts anywhere: the last such word before the table.
  std::size_t begin = at;
  for (Lexeme lexeme = next_lexeme(text.text, 0);
       lexeme.kind != LexemeKind::end && lexeme.offset < at;
       lexeme = next_lexeme(text.text, lexeme.end())) {
    if (is_word(text.text, lexeme, word)) begin = lexeme.offset;
  }
  return text.place(begin, end);
}

SqlEffect written(Deed deed, const PgQuery__RangeVar& relation, std::string_view word,
                  const StatementText& text) {
  SqlEffect effect;
  effect.deed = deed;
  effect.object = table_name(&relation);
  effect.where = head(text, relation, word);
  return effect;
}

void read_update(const PgQuery__UpdateStmt& stmt, const StatementText& text, Withs with,
                 Effects& effects) {
  SqlEffect effect = written(Deed::update, *stmt.relation, "UPDATE", text);
  with.push_back(stmt.with_clause);
  effect.unbounded = !is_bounded(
      stmt.where_clause, {stmt.from_clause, stmt.n_from_clause, std::move(with), text.variables});
  for (std::size_t i = 0; i < stmt.n_target_list; ++i) {
    if (stmt.target_list[i]->node_case != PG_QUERY__NODE__NODE_RES_TARGET) continue;
    effect.keys.emplace_back(stmt.target_list[i]->res_target->name);
  }
  effects.push_back(std::move(effect));
}

void read_delete(const PgQuery__DeleteStmt& stmt, const StatementText& text, Withs with,
                 Effects& effects) {
  SqlEffect effect = written(Deed::remove, *stmt.relation, "DELETE", text);
  with.push_back(stmt.with_clause);
  effect.unbounded = !is_bounded(
      stmt.where_clause, {stmt.using_clause, stmt.n_using_clause, std::move(with), text.variables});
  effects.push_back(std::move(effect));
}

bool reads_tables(const PgQuery__SelectStmt& query) {
  if (query.limit_count != nullptr) return false;
  if (query.larg != nullptr) return reads_tables(*query.larg) || reads_tables(*query.rarg);
  return query.n_from_clause > 0;
}

bool reads_tables(const PgQuery__Node* query) {
  return query != nullptr && query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT &&
         reads_tables(*query->select_stmt);
}

void read_insert(const PgQuery__InsertStmt& stmt, const StatementText& text, Effects& effects) {
  SqlEffect effect = written(Deed::insert, *stmt.relation, "INSERT", text);
  effect.from_query = reads_tables(stmt.select_stmt);
  effect.unbounded = effect.from_query && reads_many(*stmt.select_stmt->select_stmt);
  effects.push_back(std::move(effect));
}

// Data-modifying statements in WITH, however deep.
void read_within(const ProtobufCMessage& message, const StatementText& text, const Withs& with,
                 Effects& effects) {
  for_each_child(message, [&](const ProtobufCMessage& child) {
    if (child.descriptor == &pg_query__update_stmt__descriptor) {
      read_update(reinterpret_cast<const PgQuery__UpdateStmt&>(child), text, with, effects);
    } else if (child.descriptor == &pg_query__delete_stmt__descriptor) {
      read_delete(reinterpret_cast<const PgQuery__DeleteStmt&>(child), text, with, effects);
    } else if (child.descriptor == &pg_query__insert_stmt__descriptor) {
      read_insert(reinterpret_cast<const PgQuery__InsertStmt&>(child), text, effects);
    }
    read_within(child, text, with, effects);
  });
}

void read_with(const PgQuery__WithClause* with, const StatementText& text, Effects& effects) {
  if (with != nullptr) read_within(with->base, text, {with}, effects);
}

void read_truncate(const PgQuery__TruncateStmt& stmt, const StatementText& text, Effects& effects) {
  for (std::size_t i = 0; i < stmt.n_relations; ++i) {
    if (stmt.relations[i]->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) continue;
    const PgQuery__RangeVar& relation = *stmt.relations[i]->range_var;
    SqlEffect effect;
    effect.deed = Deed::truncate;
    effect.object = table_name(&relation);
    effect.cascade = stmt.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    const std::size_t at = place(relation.location);
    effect.where = text.place(at, Words{text.text}.name_end(at));
    effects.push_back(std::move(effect));
  }
}

void read_lock(const PgQuery__LockStmt& stmt, const StatementText& text, Effects& effects) {
  for (std::size_t i = 0; i < stmt.n_relations; ++i) {
    if (stmt.relations[i]->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) continue;
    SqlEffect effect;
    effect.deed = Deed::lock_table;
    effect.object = table_name(stmt.relations[i]->range_var);
    effect.lock = stmt.mode >= 1 && stmt.mode <= 8 ? static_cast<LockMode>(stmt.mode - 1)
                                                   : LockMode::access_exclusive;
    effect.where = text.place(0, text.text.size());
    effects.push_back(std::move(effect));
  }
}

void read_reindex(const PgQuery__ReindexStmt& stmt, const StatementText& text, Effects& effects) {
  SqlEffect effect;
  effect.deed = Deed::reindex;
  effect.kind =
      stmt.kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX    ? ObjectKind::index
      : stmt.kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE  ? ObjectKind::table
      : stmt.kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA ? ObjectKind::schema
                                                                          : ObjectKind::database;
  effect.object = stmt.relation != nullptr ? table_name(stmt.relation) : TableName{"", stmt.name};
  effect.concurrently = option(stmt.params, stmt.n_params, "concurrently");
  effect.where = text.place(0, text.text.size());
  effects.push_back(std::move(effect));
}

void rewrite(const PgQuery__RangeVar* relation, std::string_view words, const StatementText& text,
             Effects& effects) {
  SqlEffect effect;
  effect.deed = Deed::rewrite_table;
  effect.object = table_name(relation);
  effect.to = words;
  effect.where = text.place(0, text.text.size());
  effects.push_back(std::move(effect));
}

// ALTER TABLE ALL IN TABLESPACE …: none of them is named.
void read_move_all(const PgQuery__AlterTableMoveAllStmt& stmt, const StatementText& text,
                   Effects& effects) {
  rewrite(nullptr, "SET TABLESPACE", text, effects);
  effects.back().kind = kind_of(stmt.objtype);
}

// What takes a lock, reads, and is no hazard of its own.
void read_light(TableName table, LockMode lock, const StatementText& text, Effects& effects) {
  SqlEffect effect;
  effect.deed = Deed::alter;
  effect.object = std::move(table);
  effect.lock = lock;
  effect.to = kReads;
  effect.where = text.place(0, text.text.size());
  effects.push_back(std::move(effect));
}

void read_vacuum(const PgQuery__VacuumStmt& stmt, const StatementText& text, Effects& effects) {
  const bool full = stmt.is_vacuumcmd != 0 && option(stmt.options, stmt.n_options, "full");
  if (full && stmt.n_rels == 0) rewrite(nullptr, "VACUUM FULL", text, effects);
  for (std::size_t i = 0; i < stmt.n_rels; ++i) {
    if (stmt.rels[i]->node_case != PG_QUERY__NODE__NODE_VACUUM_RELATION) continue;
    const PgQuery__RangeVar* table = stmt.rels[i]->vacuum_relation->relation;
    if (full) {
      rewrite(table, "VACUUM FULL", text, effects);
    } else {
      read_light(table_name(table), LockMode::share_update_exclusive, text, effects);
    }
  }
}

// SELECT … FOR UPDATE locks rows, and with them its tables.
void read_locking(const PgQuery__SelectStmt& stmt, const StatementText& text, Effects& effects) {
  for (std::size_t i = 0; i < stmt.n_locking_clause; ++i) {
    // FOR UPDATE OF says which, by other names
    if (stmt.locking_clause[i]->node_case != PG_QUERY__NODE__NODE_LOCKING_CLAUSE) continue;
    if (stmt.locking_clause[i]->locking_clause->n_locked_rels > 0) return;
  }
  for (std::size_t i = 0; stmt.n_locking_clause > 0 && i < stmt.n_from_clause; ++i) {
    if (stmt.from_clause[i]->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) continue;
    read_light(table_name(stmt.from_clause[i]->range_var), LockMode::row_share, text, effects);
  }
}

void read_select(const PgQuery__SelectStmt& stmt, const StatementText& text, Effects& effects) {
  read_with(stmt.with_clause, text, effects);
  read_locking(stmt, text, effects);
  if (stmt.into_clause == nullptr || stmt.into_clause->rel == nullptr) return;
  SqlEffect effect;
  effect.deed = Deed::create;
  effect.object = table_name(stmt.into_clause->rel);
  effect.temporary = stmt.into_clause->rel->relpersistence[0] == 't';
  effect.from_query = true;
  effect.unbounded = reads_many(stmt);
  effect.where = text.place(0, text.text.size());
  effects.push_back(std::move(effect));
}

// What WHEN MATCHED does is judged as UPDATE … FROM and DELETE … USING are.
void read_merge(const PgQuery__MergeStmt& stmt, const StatementText& text, Effects& effects) {
  const SqlEffect merge = written(Deed::merge, *stmt.relation, "MERGE", text);
  PgQuery__Node* const source = stmt.source_relation;
  const Sources sources{&source, 1, {stmt.with_clause}, text.variables};
  const bool joined = is_bounded(stmt.join_condition, sources);
  const std::size_t first = effects.size();
  for (std::size_t i = 0; i < stmt.n_merge_when_clauses; ++i) {
    if (stmt.merge_when_clauses[i]->node_case != PG_QUERY__NODE__NODE_MERGE_WHEN_CLAUSE) continue;
    const PgQuery__MergeWhenClause& when = *stmt.merge_when_clauses[i]->merge_when_clause;
    const bool updates = when.command_type == PG_QUERY__CMD_TYPE__CMD_UPDATE;
    if (!updates && when.command_type != PG_QUERY__CMD_TYPE__CMD_DELETE) continue;
    if (joined || is_bounded(when.condition, sources)) continue;
    effects.push_back(merge);
    effects.back().to = updates ? "UPDATE" : "DELETE";
    effects.back().unbounded = true;
  }
  if (effects.size() == first) effects.push_back(merge);
}

// Rows from a file are as many as it has; those that stand behind the statement, one sees.
void read_copy(const PgQuery__CopyStmt& stmt, const StatementText& text, Effects& effects) {
  if (stmt.query != nullptr) return read_statement(*stmt.query, text, effects);
  if (stmt.is_from == 0 || stmt.relation == nullptr) return;
  SqlEffect effect = written(Deed::insert, *stmt.relation, "COPY", text);
  effect.from_query = true;
  effect.unbounded = stmt.is_program != 0 || !std::string_view(stmt.filename).empty();
  effects.push_back(std::move(effect));
}

void read_explain(const PgQuery__ExplainStmt& stmt, const StatementText& text, Effects& effects) {
  if (option(stmt.options, stmt.n_options, "analyze")) read_statement(*stmt.query, text, effects);
}

}  // namespace

bool reads_many(const PgQuery__SelectStmt& query) {
  return reads_tables(query) && !gives_few(query);
}

bool read_data(const PgQuery__Node& node, const StatementText& text, Effects& effects) {
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
      read_select(*node.select_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_INSERT_STMT:
      read_with(node.insert_stmt->with_clause, text, effects);
      read_insert(*node.insert_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
      read_with(node.update_stmt->with_clause, text, effects);
      read_update(*node.update_stmt, text, {}, effects);
      return true;
    case PG_QUERY__NODE__NODE_DELETE_STMT:
      read_with(node.delete_stmt->with_clause, text, effects);
      read_delete(*node.delete_stmt, text, {}, effects);
      return true;
    case PG_QUERY__NODE__NODE_MERGE_STMT:
      read_with(node.merge_stmt->with_clause, text, effects);
      read_merge(*node.merge_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_COPY_STMT:
      read_copy(*node.copy_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_EXPLAIN_STMT:
      read_explain(*node.explain_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_TRUNCATE_STMT:
      read_truncate(*node.truncate_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_LOCK_STMT:
      read_lock(*node.lock_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_REINDEX_STMT:
      read_reindex(*node.reindex_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_CLUSTER_STMT:
      rewrite(node.cluster_stmt->relation, "CLUSTER", text, effects);
      return true;
    case PG_QUERY__NODE__NODE_ALTER_TABLE_MOVE_ALL_STMT:
      read_move_all(*node.alter_table_move_all_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_VACUUM_STMT:
      read_vacuum(*node.vacuum_stmt, text, effects);
      return true;
    case PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT: {
      SqlEffect effect;
      effect.deed = Deed::refresh;
      effect.kind = ObjectKind::materialized_view;
      effect.object = table_name(node.refresh_mat_view_stmt->relation);
      effect.concurrently = node.refresh_mat_view_stmt->concurrent != 0;
      if (node.refresh_mat_view_stmt->skip_data != 0) effect.to = kWithNoData;
      effect.where = text.place(0, text.text.size());
      effects.push_back(std::move(effect));
      return true;
    }
    default:
      return false;
  }
}

}  // namespace zdm::planner
