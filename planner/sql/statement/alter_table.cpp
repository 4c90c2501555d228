#include <algorithm>

#include "sql/lexer.hpp"
#include "sql/statement/reader.hpp"

namespace zdm::planner {

namespace {

#define ZDM_AT(name) PG_QUERY__ALTER_TABLE_TYPE__AT_##name

// The rest of ALTER TABLE, by the lock it takes (as measured on 12 to 18).
LockMode lock_of(PgQuery__AlterTableType type) {
  switch (type) {
    case ZDM_AT(SetStatistics):
    case ZDM_AT(SetOptions):
    case ZDM_AT(ResetOptions):
    case ZDM_AT(SetRelOptions):
    case ZDM_AT(ResetRelOptions):
    case ZDM_AT(ReplaceRelOptions):
    case ZDM_AT(ClusterOn):
    case ZDM_AT(DropCluster):
      return LockMode::share_update_exclusive;
    default:
      return LockMode::access_exclusive;
  }
}

std::string rewrite_words(PgQuery__AlterTableType type) {
  switch (type) {
    case ZDM_AT(SetLogged):
      return "SET LOGGED";
    case ZDM_AT(SetUnLogged):
      return "SET UNLOGGED";
    case ZDM_AT(SetAccessMethod):
      return "SET ACCESS METHOD";
    case ZDM_AT(SetTableSpace):
      return "SET TABLESPACE";
#if PG_VERSION_NUM >= 170000  // the grammar's; older ones take it for a syntax error
    case ZDM_AT(SetExpression):
      return "SET EXPRESSION";
#endif
    default:
      return {};
  }
}

// USING that is the column itself, or its cast to the new type, converts no more than without it.
bool real_using(const PgQuery__Node* expression, std::string_view column, const SqlType& type) {
  if (expression == nullptr) return false;
  if (expression->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
    if (read_type(expression->type_cast->type_name) != type) return true;
    expression = expression->type_cast->arg;
    if (expression == nullptr) return true;
  }
  if (expression->node_case != PG_QUERY__NODE__NODE_COLUMN_REF) return true;
  const PgQuery__ColumnRef& ref = *expression->column_ref;
  return ref.n_fields == 0 || string_of(ref.fields[ref.n_fields - 1]) != column;
}

// GENERATED ALWAYS AS IDENTITY that is added, or set.
bool is_always(const PgQuery__Node* def) {
  if (def == nullptr) return false;
  if (def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT) {
    return std::string_view(def->constraint->generated_when) == "a";
  }
  if (def->node_case != PG_QUERY__NODE__NODE_LIST) return false;
  const PgQuery__List& options = *def->list;
  return std::any_of(options.items, options.items + options.n_items, [](const auto* each) {
    if (each->node_case != PG_QUERY__NODE__NODE_DEF_ELEM) return false;
    const PgQuery__DefElem& option = *each->def_elem;
    return std::string_view(option.defname) == "generated" && option.arg != nullptr &&
           option.arg->node_case == PG_QUERY__NODE__NODE_INTEGER &&
           option.arg->integer->ival == 'a';
  });
}

class Command {
 public:
  Command(const PgQuery__AlterTableCmd& cmd, SqlEffect effect, const StatementText& text,
          Effects& effects)
      : cmd_(cmd), effect_(std::move(effect)), text_(text), effects_(effects) {
    effect_.part = cmd.name;
    effect_.cascade = cmd.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    if (cmd.missing_ok != 0) effect_.if_exists = true;
  }

  void read() {
    switch (cmd_.subtype) {
      case ZDM_AT(AddColumn):
        return add_column();
      case ZDM_AT(DropColumn):
        effect_.kind =
            effect_.kind == ObjectKind::type ? ObjectKind::attribute : ObjectKind::column;
        return done(Deed::drop);
      case ZDM_AT(AlterColumnType):
        return change_type();
      case ZDM_AT(ColumnDefault):
        return change_default();
      case ZDM_AT(DropNotNull):
        return done(Deed::drop_not_null);
      case ZDM_AT(SetNotNull):
        return done(Deed::set_not_null);
      case ZDM_AT(AddConstraint):
        effects_.push_back(read_constraint(*cmd_.def->constraint, effect_, effect_.where));
        return;
      case ZDM_AT(ValidateConstraint):
        return done(Deed::validate_constraint);
      case ZDM_AT(DropConstraint):
        effect_.kind = ObjectKind::constraint;
        return done(Deed::drop);
      default:
        return rest();
    }
  }

 private:
  void done(Deed deed) {
    effect_.deed = deed;
    effects_.push_back(std::move(effect_));
  }

  void add_column() {
    const bool exists = effect_.if_exists && cmd_.missing_ok != 0;
    effect_.if_not_exists = exists;
    const PgQuery__ColumnDef& column = *cmd_.def->column_def;
    effect_.deed = Deed::add_column;
    effect_.part = column.colname;
    Effects constraints;
    effect_.column = read_column(column, effect_, text_, constraints);
    effects_.push_back(std::move(effect_));
    for (SqlEffect& constraint : constraints) effects_.push_back(std::move(constraint));
  }

  void change_type() {
    const PgQuery__ColumnDef& column = *cmd_.def->column_def;
    effect_.column.name = cmd_.name;
    effect_.column.type = read_type(column.type_name);
    effect_.column.collation = read_collation(column);
    effect_.has_using = real_using(column.raw_default, cmd_.name, effect_.column.type);
    done(Deed::change_type);
  }

  // DEFAULT NULL is as good as none.
  void change_default() {
    effect_.column.default_kind = read_default(cmd_.def, effect_.column.function);
    const bool none = effect_.column.default_kind == SqlDefault::none ||
                      effect_.column.default_kind == SqlDefault::null;
    done(none ? Deed::drop_default : Deed::set_default);
  }

  void partition(Deed deed) {
    const PgQuery__PartitionCmd& partition = *cmd_.def->partition_cmd;
    effect_.other = table_name(partition.name);
    effect_.concurrently = partition.concurrent != 0;
    effect_.is_default = partition.bound != nullptr && partition.bound->is_default != 0;
    done(deed);
  }

  void rest() {
    switch (cmd_.subtype) {
      case ZDM_AT(AttachPartition):
        return partition(Deed::attach_partition);
      case ZDM_AT(DetachPartition):
        return partition(Deed::detach_partition);
      case ZDM_AT(EnableTrig):
      case ZDM_AT(EnableAlwaysTrig):
      case ZDM_AT(EnableReplicaTrig):
      case ZDM_AT(EnableTrigAll):
      case ZDM_AT(EnableTrigUser):
        return done(Deed::enable_trigger);
      case ZDM_AT(DisableTrig):
      case ZDM_AT(DisableTrigAll):
      case ZDM_AT(DisableTrigUser):
        effect_.to = cmd_.subtype == ZDM_AT(DisableTrigAll)    ? "ALL"
                     : cmd_.subtype == ZDM_AT(DisableTrigUser) ? "USER"
                                                               : "";
        return done(Deed::disable_trigger);
      default:
        break;
    }
    if (read_generated() || read_row_security()) return;
    effect_.to = rewrite_words(cmd_.subtype);
    if (!effect_.to.empty()) return done(Deed::rewrite_table);
    if (cmd_.subtype == ZDM_AT(AddInherit) || cmd_.subtype == ZDM_AT(DropInherit)) {
      if (cmd_.def != nullptr && cmd_.def->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
        effect_.other = table_name(cmd_.def->range_var);
        effect_.to = cmd_.subtype == ZDM_AT(AddInherit) ? "INHERIT" : "NO INHERIT";
      }
    }
    effect_.lock = options_lock();
    done(Deed::alter);
  }

  // What fills a column by itself, and no longer does, or does so alone.
  bool read_generated() {
    switch (cmd_.subtype) {
      case ZDM_AT(DropIdentity):
        effect_.to = kIdentity;
        break;
      case ZDM_AT(DropExpression):
        effect_.to = kExpression;
        break;
      case ZDM_AT(SetIdentity):
      case ZDM_AT(AddIdentity):
        if (!is_always(cmd_.def)) return false;
        effect_.to = kAlways;
        done(Deed::alter);
        return true;
      default:
        return false;
    }
    done(Deed::drop_default);
    return true;
  }

  bool read_row_security() {
    const bool forces = cmd_.subtype == ZDM_AT(ForceRowSecurity);
    if (!forces && cmd_.subtype != ZDM_AT(EnableRowSecurity)) return false;
    effect_.to = forces ? kForceRls : kEnableRls;
    done(Deed::alter);
    return true;
  }

  // Options of a view, and the one that the planner of writes reads, wait for everybody.
  [[nodiscard]] LockMode options_lock() const {
    const bool sets = cmd_.subtype == ZDM_AT(SetRelOptions) ||
                      cmd_.subtype == ZDM_AT(ResetRelOptions) ||
                      cmd_.subtype == ZDM_AT(ReplaceRelOptions);
    if (!sets || cmd_.def == nullptr || cmd_.def->node_case != PG_QUERY__NODE__NODE_LIST) {
      return lock_of(cmd_.subtype);
    }
    const PgQuery__List& options = *cmd_.def->list;
    const bool exclusive =
        effect_.kind == ObjectKind::view ||
        std::any_of(options.items, options.items + options.n_items, [](const PgQuery__Node* each) {
          return each->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
                 std::string_view(each->def_elem->defname) == "user_catalog_table";
        });
    return exclusive ? LockMode::access_exclusive : lock_of(cmd_.subtype);
  }

  const PgQuery__AlterTableCmd& cmd_;
  SqlEffect effect_;
  const StatementText& text_;
  Effects& effects_;
};

}  // namespace

void read_alter_table(const PgQuery__AlterTableStmt& stmt, const StatementText& text,
                      Effects& effects) {
  SqlEffect table;
  table.kind = kind_of(stmt.objtype);
  table.object = table_name(stmt.relation);
  table.if_exists = stmt.missing_ok != 0;
  table.only = stmt.relation->inh == 0;
  const Words words{text.text};
  const auto clauses = words.items(words.name_end(place(stmt.relation->location)));
  for (std::size_t i = 0; i < stmt.n_cmds; ++i) {
    if (stmt.cmds[i]->node_case != PG_QUERY__NODE__NODE_ALTER_TABLE_CMD) continue;
    const Place clause = i < clauses.size() ? clauses[i] : Place{0, text.text.size()};
    SqlEffect effect = table;
    effect.where = text.place(clause.offset, clause.end());
    Command(*stmt.cmds[i]->alter_table_cmd, std::move(effect), text, effects).read();
  }
}

}  // namespace zdm::planner
