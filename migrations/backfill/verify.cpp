#include <fmt/format.h>

#include <algorithm>

#include "backfill/backfill.hpp"
#include "backfill/bad_row.hpp"
#include "backfill/leaf.hpp"
#include "backfill/sqlite_fill.hpp"
#include "sql/quote.hpp"
#include "sync/compose.hpp"

namespace zdm::migrations {

namespace {

using planner::quote;
using planner::quote_identifier;
using planner::quote_literal;

/// One relation to scan, and how its rows are named in a sample.
struct Scan {
  std::string from;  ///< ONLY app.users
  std::string key;   ///< an expression
};

std::string as_text(Engine engine, const std::string& value) {
  return fmt::format("CAST(({}\n) AS {})", value, engine == Engine::sqlite ? "TEXT" : "text");
}

/// The value alone where there is one; {"a": …, "b": …} of several.
std::string shown(Engine engine, const std::vector<std::pair<std::string, std::string>>& values) {
  if (values.empty()) return "''";
  if (values.size() == 1) return as_text(engine, values.front().second);
  std::string list;
  for (const auto& [name, value] : values) {
    list +=
        fmt::format("{}{}, ({}\n)", list.empty() ? "" : ", ", quote_literal(name, engine), value);
  }
  return engine == Engine::sqlite ? "json_object(" + list + ")"
                                  : "jsonb_build_object(" + list + ")::text";
}

std::string key_object(Engine engine, const std::vector<std::string>& columns) {
  std::string list;
  for (const std::string& column : columns) {
    list += fmt::format("{}{}, {}", list.empty() ? "" : ", ", quote_literal(column, engine),
                        quote_identifier(column));
  }
  return engine == Engine::sqlite ? "json_object(" + list + ")"
                                  : "jsonb_build_object(" + list + ")::text";
}

Result<std::vector<Scan>> postgres_scans(Connection& connection, const planner::TableName& table,
                                         const std::vector<planner::Fill>& fills) {
  ZDM_TRY(const std::uint32_t root, table_oid(connection, table));
  ZDM_TRY(const std::vector<Leaf> leaves, leaves_of(connection, root, fills));
  std::vector<Scan> scans;
  for (const Leaf& leaf : leaves) {
    ZDM_TRY(const std::vector<std::string> key, key_columns(connection, leaf));
    scans.push_back({.from = "ONLY " + quote(leaf.name),
                     .key = key.empty() ? "ctid::text" : key_object(Engine::postgresql, key)});
  }
  return scans;
}

Result<std::vector<Scan>> sqlite_scans(Connection& connection, const planner::TableName& table) {
  ZDM_TRY(const Rows key, connection.run(fmt::format(
                              "SELECT name FROM pragma_table_xinfo({}) WHERE pk > 0 ORDER BY pk",
                              quote_literal(table.name, Engine::sqlite))));
  std::vector<std::string> columns;
  for (const auto& row : key.rows) columns.push_back(row[0].value_or(""));
  if (!columns.empty()) {
    return std::vector<Scan>{{.from = quote(table), .key = key_object(Engine::sqlite, columns)}};
  }
  ZDM_TRY(const std::vector<std::string> walked, walk_key(connection, table.name));
  return std::vector<Scan>{{.from = quote(table), .key = "CAST(" + walked.front() + " AS TEXT)"}};
}

std::string sample_sql(Engine engine, const Scan& scan, const planner::Fill& fill,
                       std::size_t most) {
  std::vector<std::pair<std::string, std::string>> old_values;
  std::vector<std::pair<std::string, std::string>> expected;
  std::vector<std::pair<std::string, std::string>> found;
  for (const planner::Assignment& assignment : fill.assignments) {
    for (const std::string& column : assignment.reads) {
      const std::pair<std::string, std::string> value{column, quote_identifier(column)};
      if (std::find(old_values.begin(), old_values.end(), value) == old_values.end()) {
        old_values.push_back(value);
      }
    }
    expected.emplace_back(assignment.column, assignment.expression);
    found.emplace_back(assignment.column, quote_identifier(assignment.column));
  }
  return fmt::format("SELECT {}, {}, {}, {} FROM {} WHERE {} LIMIT {}", scan.key,
                     shown(engine, old_values), shown(engine, expected), shown(engine, found),
                     scan.from, planner::compose_divergence(engine, {fill}), most);
}

Result<void> sample(Connection& connection, const Scan& scan,
                    const std::vector<planner::Fill>& fills, std::size_t most,
                    std::vector<DivergentRow>& samples) {
  for (const planner::Fill& fill : fills) {
    if (samples.size() >= most) return {};
    ZDM_TRY(const Rows rows,
            connection.run(sample_sql(connection.engine(), scan, fill, most - samples.size())));
    for (const auto& row : rows.rows) {
      samples.push_back({.key = row[0].value_or(""),
                         .old_value = row[1].value_or("NULL"),
                         .expected = row[2].value_or("NULL"),
                         .found = row[3].value_or("NULL")});
    }
  }
  return {};
}

Result<Verification> scan_all(Connection& connection, const planner::TableName& table,
                              const std::vector<planner::Fill>& fills, std::size_t most_samples) {
  const Engine engine = connection.engine();
  ZDM_TRY(const std::vector<Scan> scans, engine == Engine::sqlite
                                             ? sqlite_scans(connection, table)
                                             : postgres_scans(connection, table, fills));
  const std::string wrong = planner::compose_divergence(engine, fills);
  Verification verification;
  for (const Scan& scan : scans) {
    ZDM_TRY(const Rows counts,
            connection.run(fmt::format("SELECT count(*), count(CASE WHEN {} THEN 1 END) FROM {}",
                                       wrong, scan.from)));
    verification.rows += counts.first_integer(0);
    const std::int64_t differing = counts.first_integer(1);
    verification.differing += differing;
    if (differing > 0)
      ZDM_CHECK(sample(connection, scan, fills, most_samples, verification.samples));
  }
  return verification;
}

}  // namespace

Result<Verification> verify_table(Connection& connection, const planner::TableName& table,
                                  const std::vector<planner::Fill>& fills,
                                  std::size_t most_samples) {
  if (fills.empty()) return Verification{};
  if (connection.engine() == Engine::sqlite) {
    ZDM_CHECK(connection.run("BEGIN"));  // one snapshot of a reader: it keeps no writer waiting
  } else {
    ZDM_CHECK(connection.run(R"sql(
      BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
      SET LOCAL statement_timeout = 0;
      SET LOCAL row_security = off)sql"));
  }
  auto verification = scan_all(connection, table, fills, most_samples);
  if (connection.usable() && connection.in_transaction()) {
    static_cast<void>(connection.run("ROLLBACK"));  // it only read
  }
  return verification;
}

}  // namespace zdm::migrations
