#include "backfill/bad_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sql/quote.hpp"

namespace zdm::migrations {

namespace {

using planner::quote;
using planner::quote_identifier;
using planner::quote_literal;

/// "id=42, region=eu" of the row; its ctid where there is no key.
std::string row_in_words(Connection& connection, const Leaf& leaf, const std::string& ctid) {
  const auto key = key_columns(connection, leaf);
  if (!key || key->empty()) return "ctid=" + ctid;
  std::string list;
  for (const std::string& column : *key) {
    list += (list.empty() ? "" : " || ', ' || ") + quote_literal(column + "=") + " || " +
            quote_identifier(column) + "::text";
  }
  const auto found = connection.run(
      fmt::format("SELECT {} FROM ONLY {} WHERE ctid = '{}'::tid", list, quote(leaf.name), ctid));
  return found && !found->empty() ? found->first() : "ctid=" + ctid;
}

/// The first column whose expression alone fails on the row; empty: all of them can be evaluated.
std::string failing_column(Connection& connection, const Leaf& leaf, const std::string& ctid,
                           const std::vector<planner::Fill>& fills) {
  for (const planner::Fill& fill : fills) {
    for (const planner::Assignment& assignment : fill.assignments) {
      const auto value =
          connection.run(fmt::format("SELECT (({}\n))::text FROM ONLY {} WHERE ctid = '{}'::tid",
                                     assignment.expression, quote(leaf.name), ctid));
      if (!value && is_about_a_row(value.error())) return assignment.column;
    }
  }
  return {};
}

}  // namespace

bool is_about_a_row(const Error& error) {
  // Classes of PostgreSQL manual, appendix A: data, constraint, RAISE, triggered actions, external
  // routines, program limits (a value too long for an index).
  constexpr std::array<std::string_view, 8> kClasses = {"22", "23", "P0", "09",
                                                        "2F", "38", "39", "54"};
  return std::any_of(kClasses.begin(), kClasses.end(),
                     [&error](std::string_view kind) { return error.sqlstate.starts_with(kind); });
}

Result<std::vector<std::string>> key_columns(Connection& connection, const Leaf& leaf) {
  ZDM_TRY(const Rows found, connection.run(fmt::format(R"sql(
    SELECT a.attname
    FROM (SELECT i.indrelid, i.indkey::int2[] AS key, i.indnkeyatts AS width FROM pg_index i
          WHERE i.indrelid = {} AND i.indisunique AND i.indisvalid AND i.indimmediate
            AND i.indpred IS NULL AND i.indexprs IS NULL
            AND NOT EXISTS (SELECT FROM pg_attribute n
                            WHERE n.attrelid = i.indrelid AND NOT n.attnotnull
                              AND n.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
          ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1) k
    CROSS JOIN LATERAL generate_series(0, k.width - 1) AS place
    JOIN pg_attribute a ON a.attrelid = {} AND a.attnum = k.key[place]
    ORDER BY place)sql",
                                                       leaf.oid, leaf.oid)));
  std::vector<std::string> columns;
  for (const std::vector<Text>& row : found.rows) columns.push_back(row[0].value_or(""));
  return columns;
}

Error unconvertible(Connection& connection, const Leaf& leaf, const std::string& ctid,
                    const std::vector<planner::Fill>& fills, const Error& cause) {
  const std::string row = row_in_words(connection, leaf, ctid);
  const std::string column = failing_column(connection, leaf, ctid, fills);
  return Error{
      .code = ErrorCode::failed,
      .message = column.empty()
                     ? fmt::format("the row {} of {} cannot be filled: {}", row, quote(leaf.name),
                                   cause.message)
                     : fmt::format("{} of the row {} of {} cannot be computed: {}",
                                   quote_identifier(column), row, quote(leaf.name), cause.message),
      .hint =
          "Repair the row, or correct `up` with amended = \"reason\"; then run the same command "
          "again: "
          "it carries on there.",
      .sqlstate = cause.sqlstate,
      .statement = cause.statement};
}

}  // namespace zdm::migrations
