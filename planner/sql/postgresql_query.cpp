#include <algorithm>

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

QueryResult parse_here(std::string_view text) {
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
  Relations relations;
  relations.visit(*statement);
  return QueryFacts{.relations = std::move(relations).read(), .columns = columns_of(select)};
}

}  // namespace

QueryResult analyse_query(std::string_view text) {
  QueryResult result;
  if (run_on_big_stack([&] { result = parse_here(text); })) return result;
  return fault("the parser got no memory for its stack", 0);
}

}  // namespace zdm::planner
