#include "backfill/leaf.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "sql/quote.hpp"
#include "sync/compose.hpp"

namespace zdm::migrations {

namespace {

using planner::fail;
using planner::quote;
using planner::quote_literal;

std::string text(const Text& field) {
  return field.value_or("");
}
std::int64_t integer(const Text& field) {
  return field ? std::strtoll(field->c_str(), nullptr, 10) : 0;
}

/// 'a', 'b' of the columns that are filled.
std::string filled_columns(const std::vector<planner::Fill>& fills) {
  std::string list;
  for (const planner::Fill& fill : fills) {
    for (const planner::Assignment& assignment : fill.assignments) {
      list += (list.empty() ? "" : ", ") + quote_literal(assignment.column);
    }
  }
  return list.empty() ? "NULL" : list;
}

}  // namespace

Result<std::uint32_t> table_oid(Connection& connection, const planner::TableName& table) {
  ZDM_TRY(const Rows found, connection.run("SELECT to_regclass($1)::oid", {quote(table)}));
  const std::int64_t oid = found.first_integer();
  if (oid == 0) {
    return fail(ErrorCode::drift, fmt::format("table {} does not exist", quote(table)),
                "It was there when this step was planned; see what dropped or renamed it.");
  }
  return static_cast<std::uint32_t>(oid);
}

Result<std::vector<Leaf>> leaves_of(Connection& connection, std::uint32_t root,
                                    const std::vector<planner::Fill>& fills) {
  ZDM_TRY(const Rows found, connection.run(fmt::format(R"sql(
    WITH RECURSIVE below AS (
      SELECT {0}::oid AS oid
      UNION SELECT i.inhrelid FROM pg_inherits i JOIN below b ON i.inhparent = b.oid)
    SELECT c.oid, n.nspname, c.relname, c.relkind, greatest(c.reltuples, 0),
           EXISTS (SELECT FROM pg_index x JOIN pg_attribute a ON a.attrelid = c.oid
                   WHERE x.indrelid = c.oid AND a.attname IN ({1}) AND NOT a.attisdropped
                     AND (a.attnum = ANY (x.indkey::int2[]) OR 0 = ANY (x.indkey::int2[]))
                     AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                                 AND d.objid = x.indexrelid AND d.refobjid = c.oid
                                 AND d.refobjsubid = a.attnum)),
           EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = c.oid)
    FROM below JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'f')
    ORDER BY c.oid)sql",
                                                       root, filled_columns(fills))));
  std::vector<Leaf> leaves;
  for (const std::vector<Text>& row : found.rows) {
    Leaf leaf;
    leaf.oid = static_cast<std::uint32_t>(integer(row[0]));
    leaf.name = {.schema = text(row[1]), .name = text(row[2])};
    leaf.rows = std::strtod(text(row[4]).c_str(), nullptr);
    leaf.filled_is_indexed = row[5] == "t";
    leaf.subscribed = row[6] == "t";
    if (text(row[3]) == "f") {
      return fail(
          ErrorCode::refused,
          fmt::format("{} is a foreign table: its rows cannot be filled from here",
                      quote(leaf.name)),
          "Fill its rows on their own server, detach the partition, or leave the column to the "
          "application.");
    }
    leaves.push_back(std::move(leaf));
  }
  return leaves;
}

Result<Extent> extent_of(Connection& connection, const Leaf& leaf) {
  ZDM_TRY(const Rows found, connection.run(fmt::format(R"sql(
    BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL lock_timeout = '50ms';
    LOCK TABLE ONLY {0} IN ROW EXCLUSIVE MODE;
    SELECT pg_relation_filenode({1}::oid),
           pg_relation_size({1}::oid) / current_setting('block_size')::int8)sql",
                                                       quote(leaf.name), leaf.oid)));
  ZDM_CHECK(connection.run("COMMIT"));
  return Extent{.filenode = static_cast<std::uint32_t>(found.first_integer(0)),
                .blocks = found.first_integer(1)};
}

namespace {

std::vector<std::string> first_column(const Rows& found) {
  std::vector<std::string> names;
  for (const std::vector<Text>& row : found.rows) names.push_back(text(row[0]));
  return names;
}

}  // namespace

Result<std::vector<std::string>> firing_triggers(Connection& connection, std::uint32_t root,
                                                 const std::vector<planner::Fill>& fills) {
  // Bits of pg_trigger.tgtype: 1 row, 4 insert, 8 delete, 16 update (catalog/pg_trigger.h).
  ZDM_TRY(const Rows found,
          connection.run(fmt::format(R"sql(
    WITH RECURSIVE below AS (
      SELECT {0}::oid AS oid
      UNION SELECT i.inhrelid FROM pg_inherits i JOIN below b ON i.inhparent = b.oid)
    SELECT DISTINCT t.tgrelid::regclass || ': ' || t.tgname
    FROM below b JOIN pg_trigger t ON t.tgrelid = b.oid
    WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgtype & 16 <> 0
      AND t.tgname NOT IN ({1}, {2})
      AND (t.tgattr::text = '' OR EXISTS (
             SELECT FROM pg_attribute a WHERE a.attrelid = t.tgrelid AND a.attname IN ({3})
                AND a.attnum = ANY (t.tgattr::int2[])))
    ORDER BY 1)sql",
                                     root, quote_literal(planner::kSyncInsertTrigger),
                                     quote_literal(planner::kSyncUpdateTrigger),
                                     filled_columns(fills))));
  return first_column(found);
}

Result<std::vector<std::string>> rewriting_rules(Connection& connection, std::uint32_t root,
                                                 planner::UserTriggers chosen) {
  const bool skip = chosen == planner::UserTriggers::skip;
  ZDM_TRY(const Rows found, connection.run(fmt::format(R"sql(
    WITH RECURSIVE below AS (
      SELECT {0}::oid AS oid
      UNION SELECT i.inhrelid FROM pg_inherits i JOIN below b ON i.inhparent = b.oid)
    SELECT r.ev_class::regclass || ': ' || r.rulename
    FROM below b JOIN pg_rewrite r ON r.ev_class = b.oid
    WHERE r.ev_type = '2' AND r.ev_enabled IN ({1})
    ORDER BY 1)sql",
                                                       root, skip ? "'A', 'R'" : "'O', 'A'")));
  return first_column(found);
}

Result<std::vector<std::string>> foreign_keys_on(Connection& connection, std::uint32_t root,
                                                 const std::vector<planner::Fill>& fills) {
  ZDM_TRY(const Rows found, connection.run(fmt::format(R"sql(
    SELECT f.conname FROM pg_constraint f
    WHERE f.conrelid = {0} AND f.contype = 'f'
      AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = f.conrelid AND a.attname IN ({1})
                    AND a.attnum = ANY (f.conkey))
    ORDER BY 1)sql",
                                                       root, filled_columns(fills))));
  return first_column(found);
}

}  // namespace zdm::migrations
