#include "partitions/history.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ledger/fields.hpp"

namespace zdm::migrations {
namespace {

std::string bound(const planner::PartitionSet& set, const planner::Bound& each) {
  return each.edge == planner::Edge::value ? planner::key_text(set.type, each.value)
                                           : planner::bound_text(set.type, each);
}

Text error_of(const SetReport& report) {
  if (report.error) return report.error->message;
  for (const auto& finding : report.findings) {
    if (finding.refusal) return finding.message;
  }
  return {};
}

}  // namespace

Result<std::int64_t> PartitionHistory::begin(Connection& work, const std::string& set) const {
  ZDM_CHECK(work.run(R"(
      UPDATE zdm.partition_run SET state = 'interrupted', finished = clock_timestamp()
       WHERE target = $1 AND set_name = $2 AND state = 'running')",
                     {target_, set}));
  ZDM_TRY(const Rows rows,
          work.run(R"(
      INSERT INTO zdm.partition_run (target, set_name, state, actor, host, zdm_version)
      VALUES ($1, $2, 'running', $3, $4, $5) RETURNING run)",
                   {target_, set, host_.user(), host_.hostname(), std::string(ZDM_VERSION)}));
  return rows.first_integer();
}

Result<void> PartitionHistory::add(Connection& work, std::int64_t run, std::string_view list,
                                   const std::vector<std::string>& partitions) const {
  ZDM_CHECK(work.run(fmt::format("UPDATE zdm.partition_run SET {0} = {0} || ARRAY(SELECT "
                                 "jsonb_array_elements_text($2)) WHERE run = $1",
                                 list),
                     {std::to_string(run), nlohmann::json(partitions).dump()}));
  return {};
}

Result<SetHistory> PartitionHistory::totals(Connection& work, const std::string& set) const {
  ZDM_TRY(const Rows rows, work.run(R"(
      SELECT sum(cardinality(created)), sum(cardinality(detached || dropped || archived)),
             coalesce(extract(epoch FROM max(coalesce(finished, started))), 0),
             extract(epoch FROM max(finished) FILTER (WHERE state = 'done'))
        FROM zdm.partition_run WHERE target = $1 AND set_name = $2)",
                                    {target_, set}));
  const auto& row = rows.rows.front();
  SetHistory history{.created = ledger::number(row[0]),
                     .retired = ledger::number(row[1]),
                     .last_run = ledger::number<double>(row[2]),
                     .last_success = {}};
  if (row[3]) history.last_success = ledger::number<double>(row[3]);
  return history;
}

Result<void> PartitionHistory::finish(Connection& work, std::int64_t run,
                                      const SetReport& report) const {
  ZDM_CHECK(work.run(R"(
      UPDATE zdm.partition_run
         SET state = $2, kept = $3, next_upper_bound = $4, error = $5, finished = clock_timestamp()
       WHERE run = $1)",
                     {std::to_string(run), report.state, std::to_string(report.kept),
                      ledger::or_null(report.next_upper_bound), error_of(report)}));
  return {};
}

Result<void> PartitionHistory::idle(Connection& work, const SetReport& report) const {
  ZDM_CHECK(work.run(R"(
      WITH old AS (
        DELETE FROM zdm.partition_run
         WHERE target = $1 AND set_name = $2 AND finished < clock_timestamp() - interval '90 days'
           AND state = 'done' AND error IS NULL
           AND cardinality(created || attached || detached || dropped || archived) = 0)
      INSERT INTO zdm.partition_run (target, set_name, state, kept, next_upper_bound, error, actor,
                                     host, zdm_version, finished)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp()))",
                     {target_, report.table, report.state, std::to_string(report.kept),
                      ledger::or_null(report.next_upper_bound), error_of(report), host_.user(),
                      host_.hostname(), std::string(ZDM_VERSION)}));
  return {};
}

Result<void> PartitionHistory::mark(Connection& work, const planner::PartitionSet& set,
                                    const std::vector<planner::Partition>& partitions) const {
  nlohmann::json all = nlohmann::json::array();
  for (const auto& each : partitions) {
    all.push_back({{"oid", std::to_string(each.oid)},
                   {"schema", each.name.schema},
                   {"name", each.name.name},
                   {"lower", bound(set, each.range.lower)},
                   {"upper", bound(set, each.range.upper)}});
  }
  ZDM_CHECK(work.run(R"(
      INSERT INTO zdm.partition_mark (target, table_oid, parent_oid, schema_name, table_name,
                                      lower, upper)
      SELECT $1, p.oid, $2, p.schema, p.name, p.lower, p.upper
        FROM jsonb_to_recordset($3) AS p(oid oid, schema text, name text, lower text, upper text)
          ON CONFLICT (target, table_oid) DO UPDATE
         SET parent_oid = excluded.parent_oid, schema_name = excluded.schema_name,
             table_name = excluded.table_name, lower = excluded.lower, upper = excluded.upper)",
                     {target_, std::to_string(set.oid), all.dump()}));
  return {};
}

Result<void> PartitionHistory::unmark(Connection& work,
                                      const std::vector<std::uint32_t>& oids) const {
  ZDM_CHECK(work.run(fmt::format("DELETE FROM zdm.partition_mark WHERE target = $1 AND table_oid = "
                                 "ANY ('{{{}}}'::oid[])",
                                 fmt::join(oids, ",")),
                     {target_}));
  return {};
}

Result<void> PartitionHistory::forget_stale_marks(Connection& work) const {
  ZDM_CHECK(
      work.run(fmt::format(R"(
      DELETE FROM zdm.partition_mark m
       WHERE target = $1
         AND (NOT EXISTS (SELECT FROM pg_catalog.pg_class c
                            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                           WHERE c.oid = m.table_oid AND c.relname = m.table_name
                             AND n.nspname = m.schema_name)
              OR EXISTS (SELECT FROM pg_catalog.pg_inherits i
                          WHERE i.inhrelid = m.table_oid AND {})))",
                           work.server_version() >= 140000 ? "NOT i.inhdetachpending" : "true"),
               {target_}));
  return {};
}

}  // namespace zdm::migrations
