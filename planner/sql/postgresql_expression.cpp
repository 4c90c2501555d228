#include <fmt/format.h>

#include "sql/big_stack.hpp"
#include "sql/pg_brackets.hpp"
#include "sql/pg_collector.hpp"
#include "sql/pg_signs.hpp"
#include "sql/pg_tree.hpp"
#include "sql/postgresql.hpp"

namespace zdm::planner {

namespace {

// COALESCE takes expressions and nothing else: in plain brackets `select 1` would pass as a
// subquery, and as a function's argument `DISTINCT a`.
constexpr std::string_view kPrefix = "SELECT COALESCE(";

// The arguments of `SELECT COALESCE(…)`, or nothing when there is anything else in the statement.
const PgQuery__CoalesceExpr* arguments(const PgQuery__ParseResult& tree) {
  if (tree.n_stmts != 1) return nullptr;
  const PgQuery__Node* statement = tree.stmts[0]->stmt;
  if (statement->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) return nullptr;
  const PgQuery__SelectStmt& select = *statement->select_stmt;
  std::size_t parts = 0;
  for_each_child(select.base, [&parts](const ProtobufCMessage&) { ++parts; });
  if (parts != 1 || select.n_target_list != 1) return nullptr;
  const PgQuery__ResTarget& target = *select.target_list[0]->res_target;
  const ProtobufCMessage* value = held(target.val);
  if (target.name[0] != '\0' || value == nullptr ||
      value->descriptor != &pg_query__coalesce_expr__descriptor) {
    return nullptr;
  }
  return reinterpret_cast<const PgQuery__CoalesceExpr*>(value);
}

ParseResult parse_here(std::string_view text) {
  if (auto wrong = costly_signs(text)) return tl::unexpected<SqlFault>(*wrong);
  const PgScan scan(pg_query_scan(std::string(text).c_str()));
  if (scan->error != nullptr) return parser_fault(*scan->error, text, 0);
  const PgTokens tokens = unpack(scan);
  if (auto wrong = token_fault(*tokens, text)) return tl::unexpected<SqlFault>(*wrong);
  const PgParse parse(pg_query_parse_protobuf(fmt::format("{}{}\n)", kPrefix, text).c_str()));
  if (parse->error != nullptr) return parser_fault(*parse->error, text, kPrefix.size());
  const PgTree tree = unpack(parse);
  const PgQuery__CoalesceExpr* parsed = arguments(*tree);
  if (parsed == nullptr) return fault("this must be one expression and nothing else", 0);
  const ProtobufCMessage* value = held(parsed->args[0]);
  if (parsed->n_args > 1) return fault("this is a list of several values; one is needed", 0);
  if (value->descriptor == &pg_query__row_expr__descriptor) {
    return fault("this is a row of several values; one is needed", 0);
  }
  return collect(*value, text, *tokens, kPrefix.size());
}

}  // namespace

ParseResult parse_postgresql_expression(std::string_view text) {
  ParseResult result;
  if (run_on_big_stack([&] { result = parse_here(text); })) return result;
  return fault("the parser got no memory for its stack", 0);
}

}  // namespace zdm::planner
