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

/// What a sample shows of a row, as expressions over it.
struct Shown {
  std::string old_value, expected, found;
};

Shown shown_of(Engine engine, const planner::Fill& fill) {
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
  return {.old_value = shown(engine, old_values),
          .expected = shown(engine, expected),
          .found = shown(engine, found)};
}

/// What is asked of every row.
struct Question {
  const std::vector<planner::Fill>& fills;
  planner::Shapes after;
  std::size_t most_samples;
};

std::string sample_sql(Engine engine, const Scan& scan, const planner::Fill& fill,
                       planner::Shapes after, std::size_t most) {
  const Shown values = shown_of(engine, fill);
  return fmt::format("SELECT {}, {}, {}, {} FROM {} WHERE {} LIMIT {}", scan.key, values.old_value,
                     values.expected, values.found, scan.from,
                     planner::compose_divergence(engine, {fill}, after), most);
}

DivergentRow divergent_row(const std::vector<Text>& row) {
  return {.key = row[0].value_or(""),
          .old_value = row[1].value_or("NULL"),
          .expected = row[2].value_or("NULL"),
          .found = row[3].value_or("NULL")};
}

Result<void> sample(Connection& connection, const Scan& scan, const Question& question,
                    std::vector<DivergentRow>& samples) {
  for (const planner::Fill& fill : question.fills) {
    if (samples.size() >= question.most_samples) return {};
    ZDM_TRY(const Rows rows,
            connection.run(sample_sql(connection.engine(), scan, fill, question.after,
                                      question.most_samples - samples.size())));
    for (const auto& row : rows.rows) samples.push_back(divergent_row(row));
  }
  return {};
}

/// The look at one row through one fill. An expression that fails on it is not the one that made
/// what the row holds.
std::string guarded_look(const planner::Fill& fill, planner::Shapes after, std::size_t most) {
  const Shown values = shown_of(Engine::postgresql, fill);
  return fmt::format(R"sql(
    BEGIN
      SELECT {0} INTO zdm_differs FROM (SELECT (zdm_one.zdm_row).*) AS zdm_values;
      IF zdm_differs THEN
        SELECT {1} INTO zdm_expected FROM (SELECT (zdm_one.zdm_row).*) AS zdm_values;
      END IF;
    EXCEPTION WHEN OTHERS THEN
      zdm_differs := true;
      zdm_expected := 'error: ' || SQLERRM;
    END;
    IF zdm_differs THEN
      zdm_any := true;
      IF pg_catalog.jsonb_array_length(zdm_samples) < {4} THEN
        zdm_samples := zdm_samples || (
          SELECT pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_array(
                   zdm_one.zdm_key, {2}, zdm_expected, {3}))
            FROM (SELECT (zdm_one.zdm_row).*) AS zdm_values);
      END IF;
    END IF;)sql",
                     planner::compose_divergence(Engine::postgresql, {fill}, after),
                     values.expected, values.old_value, values.found, most);
}

/// The same comparison row by row, where an expression fails on some row: that one differs, and the
/// others are still looked at. A DO block may run in a transaction that only reads.
Result<void> scan_guarded(Connection& connection, const Scan& scan, const Question& question,
                          Verification& verification) {
  std::string looks;
  for (const planner::Fill& fill : question.fills) {
    looks += guarded_look(fill, question.after, question.most_samples);
  }
  const std::string block = fmt::format(R"sql(
#variable_conflict use_column
DECLARE
  zdm_one record;
  zdm_differs boolean;
  zdm_any boolean;
  zdm_expected text;
  zdm_rows bigint := 0;
  zdm_differing bigint := 0;
  zdm_samples jsonb := '[]';
BEGIN
  FOR zdm_one IN SELECT {} AS zdm_key, zdm_table AS zdm_row FROM {} AS zdm_table LOOP
    zdm_any := false;{}
    zdm_rows := zdm_rows + 1;
    IF zdm_any THEN zdm_differing := zdm_differing + 1; END IF;
  END LOOP;
  PERFORM pg_catalog.set_config('zdm.verification', pg_catalog.jsonb_build_object(
    'rows', zdm_rows, 'differing', zdm_differing, 'samples', zdm_samples)::text, true);
END)sql",
                                        scan.key, scan.from, looks);
  ZDM_CHECK(connection.run("DO LANGUAGE plpgsql " + quote_literal(block)));
  ZDM_TRY(const Rows counts, connection.run(R"sql(
    SELECT v.found ->> 'rows', v.found ->> 'differing'
      FROM (SELECT current_setting('zdm.verification')::jsonb AS found) AS v)sql"));
  verification.rows += counts.first_integer(0);
  verification.differing += counts.first_integer(1);
  ZDM_TRY(const Rows samples, connection.run(R"sql(
    SELECT s.row ->> 0, s.row ->> 1, s.row ->> 2, s.row ->> 3
      FROM jsonb_array_elements(current_setting('zdm.verification')::jsonb -> 'samples')
             WITH ORDINALITY AS s(row, place)
     ORDER BY s.place)sql"));
  for (const auto& row : samples.rows) {
    if (verification.samples.size() >= question.most_samples) break;
    verification.samples.push_back(divergent_row(row));
  }
  return {};
}

Result<void> scan_plain(Connection& connection, const Scan& scan, const Question& question,
                        Verification& verification) {
  const std::string wrong =
      planner::compose_divergence(connection.engine(), question.fills, question.after);
  ZDM_TRY(const Rows counts,
          connection.run(fmt::format("SELECT count(*), count(CASE WHEN {} THEN 1 END) FROM {}",
                                     wrong, scan.from)));
  verification.rows += counts.first_integer(0);
  const std::int64_t differing = counts.first_integer(1);
  verification.differing += differing;
  if (differing == 0) return {};
  return sample(connection, scan, question, verification.samples);
}

Result<void> scan_one(Connection& connection, const Scan& scan, const Question& question,
                      Verification& verification) {
  if (connection.engine() == Engine::sqlite) {
    return scan_plain(connection, scan, question, verification);
  }
  ZDM_CHECK(connection.run("SAVEPOINT zdm_scan"));
  Verification with_this = verification;
  auto plain = scan_plain(connection, scan, question, with_this);
  if (plain) {
    verification = std::move(with_this);
    ZDM_CHECK(connection.run("RELEASE SAVEPOINT zdm_scan"));
    return {};
  }
  if (!is_about_a_row(plain.error())) return plain;
  ZDM_CHECK(connection.run("ROLLBACK TO SAVEPOINT zdm_scan"));
  return scan_guarded(connection, scan, question, verification);
}

Result<Verification> scan_all(Connection& connection, const planner::TableName& table,
                              const Question& question) {
  const Engine engine = connection.engine();
  ZDM_TRY(const std::vector<Scan> scans, engine == Engine::sqlite
                                             ? sqlite_scans(connection, table)
                                             : postgres_scans(connection, table, question.fills));
  Verification verification;
  for (const Scan& scan : scans) {
    ZDM_CHECK(scan_one(connection, scan, question, verification));
  }
  return verification;
}

}  // namespace

Result<Verification> verify_table(Connection& connection, const planner::TableName& table,
                                  const std::vector<planner::Fill>& fills, planner::Shapes after,
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
  auto verification = scan_all(connection, table, {fills, after, most_samples});
  if (connection.usable() && connection.in_transaction()) {
    static_cast<void>(connection.run("ROLLBACK"));  // it only read
  }
  return verification;
}

}  // namespace zdm::migrations
