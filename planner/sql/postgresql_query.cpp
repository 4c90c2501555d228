#include <algorithm>
#include <utility>

#include "sql/big_stack.hpp"
#include "sql/parsed_expression.hpp"
#include "sql/pg_signs.hpp"
#include "sql/pg_tree.hpp"
#include "sql/query.hpp"

namespace zdm::planner {

namespace {

using QueryResult = tl::expected<QueryFacts, SqlFault>;

template <class T>
const T& as(const ProtobufCMessage& message) {
  return reinterpret_cast<const T&>(message);
}

/// Relations in the order of the tree, and the names of WITH queries, wherever they stand.
struct Relations {
  std::vector<TableName> named;
  std::vector<std::string> with;

  void visit(const ProtobufCMessage& message) {
    if (message.descriptor == &pg_query__range_var__descriptor) {
      const auto& relation = as<PgQuery__RangeVar>(message);
      named.push_back({relation.schemaname, relation.relname});
    } else if (message.descriptor == &pg_query__common_table_expr__descriptor) {
      with.emplace_back(as<PgQuery__CommonTableExpr>(message).ctename);
    }
    for_each_child(message, [this](const ProtobufCMessage& child) { visit(child); });
  }

  [[nodiscard]] std::vector<TableName> read() && {
    std::erase_if(named, [&](const TableName& each) {
      return each.schema.empty() && std::ranges::find(with, each.name) != with.end();
    });
    std::ranges::sort(named);
    named.erase(std::unique(named.begin(), named.end()), named.end());
    return std::move(named);
  }
};

/// The name of `x AS name`, `name` or `table.name`; empty where only the server knows it.
std::string name_of(const PgQuery__ResTarget& target) {
  if (target.name[0] != '\0') return target.name;
  const ProtobufCMessage* value = held(target.val);
  if (value == nullptr || value->descriptor != &pg_query__column_ref__descriptor) return {};
  const auto& column = as<PgQuery__ColumnRef>(*value);
  const ProtobufCMessage* last = held(column.fields[column.n_fields - 1]);
  if (last == nullptr || last->descriptor != &pg_query__string__descriptor) return {};
  return as<PgQuery__String>(*last).sval;
}

std::optional<std::vector<std::string>> columns_of(const PgQuery__SelectStmt& query) {
  // UNION and its like take the names of their first query.
  if (query.larg != nullptr) return columns_of(*query.larg);
  if (query.n_target_list == 0) return std::nullopt;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < query.n_target_list; ++i) {
    names.push_back(name_of(as<PgQuery__ResTarget>(*held(query.target_list[i]))));
    if (names.back().empty()) return std::nullopt;
  }
  return names;
}

/// How a query may come by a column of a table.
class Reading final {
 public:
  Reading(const TableName& table, std::string_view column) : table_(table), column_(column) {}

  [[nodiscard]] bool found(const ProtobufCMessage& query) {
    find_aliases(query);
    visit(query);
    return found_;
  }

 private:
  void find_aliases(const ProtobufCMessage& message) {
    if (message.descriptor == &pg_query__range_var__descriptor) {
      const auto& relation = as<PgQuery__RangeVar>(message);
      const std::string_view schema = relation.schemaname;
      const bool other_schema =
          !schema.empty() && !table_.schema.empty() && schema != table_.schema;
      if (relation.relname == table_.name && !other_schema) {
        aliases_.emplace_back(relation.alias == nullptr ? relation.relname
                                                        : relation.alias->aliasname);
      }
    }
    for_each_child(message, [this](const ProtobufCMessage& child) { find_aliases(child); });
  }

  void visit(const ProtobufCMessage& message) {
    if (message.descriptor == &pg_query__column_ref__descriptor) {
      look_at(as<PgQuery__ColumnRef>(message));
    } else if (message.descriptor == &pg_query__join_expr__descriptor) {
      const auto& join = as<PgQuery__JoinExpr>(message);
      found_ = found_ || join.is_natural != 0 || join.n_using_clause > 0;
    }
    for_each_child(message, [this](const ProtobufCMessage& child) { visit(child); });
  }

  void look_at(const PgQuery__ColumnRef& reference) {
    const auto word = [&](std::size_t from_end) -> std::string_view {
      const ProtobufCMessage* field = held(reference.fields[reference.n_fields - from_end]);
      if (field == nullptr || field->descriptor != &pg_query__string__descriptor) return {};
      return as<PgQuery__String>(*field).sval;
    };
    const bool by_another =
        reference.n_fields > 1 && std::ranges::find(aliases_, word(2)) == aliases_.end();
    const auto last = word(1);  // of a star: nothing
    if (!by_another && (last.empty() || last == column_)) found_ = true;
  }

  const TableName& table_;
  std::string_view column_;
  std::vector<std::string> aliases_;  ///< what the table is called in the query
  bool found_ = false;
};

/// `use` is given the tree of the one query, and gives what the caller wants of it.
template <class Use>
auto with_query(std::string_view text, const Use& use)
    -> tl::expected<decltype(use(std::declval<const PgQuery__SelectStmt&>())), SqlFault> {
  if (auto wrong = costly_signs(text)) return tl::unexpected<SqlFault>(*wrong);
  const PgParse parse(pg_query_parse_protobuf(std::string(text).c_str()));
  if (parse->error != nullptr) return parser_fault(*parse->error, text, 0);
  const PgTree tree = unpack(parse);
  const ProtobufCMessage* statement = tree->n_stmts == 1 ? held(tree->stmts[0]->stmt) : nullptr;
  if (statement == nullptr || statement->descriptor != &pg_query__select_stmt__descriptor) {
    return fault("this must be one SELECT and nothing else", 0);
  }
  const auto& select = as<PgQuery__SelectStmt>(*statement);
  if (select.into_clause != nullptr) return fault("INTO makes a table, not a query", 0);
  return use(select);
}

}  // namespace

QueryResult analyse_query(std::string_view text) {
  QueryResult result;
  const auto facts = [](const PgQuery__SelectStmt& query) {
    Relations relations;
    relations.visit(query.base);
    return QueryFacts{.relations = std::move(relations).read(), .columns = columns_of(query)};
  };
  if (run_on_big_stack([&] { result = with_query(text, facts); })) return result;
  return fault("the parser got no memory for its stack", 0);
}

bool may_read_column(std::string_view text, const TableName& table, std::string_view column) {
  bool may = true;
  static_cast<void>(run_on_big_stack([&] {
    may = with_query(text, [&](const PgQuery__SelectStmt& query) {
            return Reading(table, column).found(query.base);
          }).value_or(true);
  }));
  return may;
}

}  // namespace zdm::planner
