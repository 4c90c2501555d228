#include "matviews/run_record.hpp"

#include <fmt/format.h>

#include "database/catalog/records.hpp"
#include "ledger/fields.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using ledger::or_null;

Text number(const std::optional<std::int64_t>& value) {
  return value ? Text{std::to_string(*value)} : Text{};
}

std::optional<std::int64_t> integer(const Record& row, std::string_view column) {
  return row.null(column) ? std::nullopt : std::optional(row.integer(column));
}

std::optional<double> real(const Record& row, std::string_view column) {
  return row.null(column) ? std::nullopt : std::optional(row.real(column));
}

LastRefresh last_of(const Record& row) {
  return {.method = row.text("method"),
          .at = ledger::time(Text{row.text("epoch")}),
          .ended = row.real("ended"),
          .age_ms = row.integer("age_ms"),
          .duration_ms = row.integer("duration_ms"),
          .rows = integer(row, "rows"),
          .inserted = integer(row, "inserted"),
          .deleted = integer(row, "deleted"),
          .changed = real(row, "changed")};
}

/// How many runs of a view are kept.
constexpr int kKept = 1000;

}  // namespace

Result<std::map<std::string, RecordedRuns>> recorded_runs(Connection& connection,
                                                          const Ledger& ledger) {
  std::map<std::string, RecordedRuns> found;
  ZDM_TRY(const bool exists, ledger.exists(connection));
  if (!exists) return found;
  ZDM_CHECK(for_each(connection, R"(
      SELECT view, method, state, error, duration_ms, rows, inserted, deleted, changed,
             extract(epoch FROM started) AS epoch, extract(epoch FROM finished) AS ended,
             (extract(epoch FROM clock_timestamp() - started) * 1000)::bigint AS age_ms
        FROM (SELECT *, row_number() OVER (PARTITION BY view, state ORDER BY run DESC) AS newest
                FROM zdm.matview_run
               WHERE target = $1 AND state IN ('done', 'failed')) r
       WHERE newest <= CASE state WHEN 'done' THEN 20 ELSE 1 END
       ORDER BY run DESC)",
                     {ledger.target()}, [&](const Record& row) {
                       const bool known = found.contains(row.text("view"));
                       auto& runs = found[row.text("view")];
                       if (!known) runs.last_ended = row.real("ended");
                       if (row.text("state") == "failed") {
                         if (!known) runs.last_error = row.text("error");
                         return;
                       }
                       if (!runs.last) runs.last = last_of(row);
                       const auto method = planner::parse_refresh_method(row.text("method"));
                       if (!method) return;
                       runs.history.push_back({.method = *method,
                                               .duration_ms = row.integer("duration_ms"),
                                               .rows = row.integer("rows"),
                                               .changed = real(row, "changed")});
                     }));
  return found;
}

Result<std::int64_t> start_matview_run(Connection& connection, const Ledger& ledger,
                                       const RunStart& start) {
  ZDM_TRY(
      const Rows rows,
      connection.run(R"(
      INSERT INTO zdm.matview_run (target, view, method, reason, actor, host, zdm_version)
      VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING run)",
                     {ledger.target(), start.view, std::string(to_string(start.method)),
                      or_null(start.reason), start.actor, start.host, std::string(ZDM_VERSION)}));
  return rows.first_integer();
}

Result<void> finish_matview_run(Connection& connection, std::int64_t run, std::int64_t duration_ms,
                                const RunResult& result, const std::string& waited_for) {
  ZDM_CHECK(connection.run(
      R"(UPDATE zdm.matview_run
            SET state = 'done', finished = clock_timestamp(), duration_ms = $2, rows = $3,
                inserted = $4, deleted = $5, null_keys = $6, changed = $7, waited_for = $8
          WHERE run = $1)",
      {std::to_string(run), std::to_string(duration_ms), number(result.rows),
       number(result.inserted), number(result.deleted), number(result.null_keys),
       result.changed ? Text{fmt::format("{}", *result.changed)} : Text{}, or_null(waited_for)}));
  ZDM_CHECK(connection.run(fmt::format(R"(
      DELETE FROM zdm.matview_run
       USING (SELECT target, view, run FROM zdm.matview_run WHERE run = $1) now
       WHERE matview_run.target = now.target AND matview_run.view = now.view
         AND matview_run.run < (SELECT min(run) FROM (
               SELECT k.run FROM zdm.matview_run k
                WHERE k.target = now.target AND k.view = now.view
                ORDER BY k.run DESC LIMIT {}) kept))",
                                       kKept),
                           {std::to_string(run)}));
  return {};
}

Result<void> fail_matview_run(Connection& connection, std::int64_t run, std::int64_t duration_ms,
                              const std::string& error) {
  ZDM_CHECK(connection.run(R"(
      UPDATE zdm.matview_run
         SET state = 'failed', finished = clock_timestamp(), duration_ms = $2, error = $3
       WHERE run = $1 AND state = 'running')",
                           {std::to_string(run), std::to_string(duration_ms), error}));
  return {};
}

Result<void> end_dead_runs(Connection& connection, const Ledger& ledger, const std::string& view) {
  ZDM_CHECK(connection.run(R"(
      UPDATE zdm.matview_run
         SET state = 'failed', finished = clock_timestamp(), error = 'zdm ended before it was done'
       WHERE target = $1 AND view = $2 AND state = 'running')",
                           {ledger.target(), view}));
  return {};
}

Result<bool> run_is_done(Connection& connection, std::int64_t run) {
  ZDM_TRY(const Rows rows,
          connection.run("SELECT state = 'done' FROM zdm.matview_run WHERE run = $1",
                         {std::to_string(run)}));
  return rows.first_true();
}

Result<void> put_built_view(Connection& connection, const Ledger& ledger, const BuiltView& built) {
  ZDM_CHECK(connection.run(R"(
      INSERT INTO zdm.matview_build (target, view, built, schema_name, built_name, run)
      VALUES ($1, $2, $3::regclass, $4, $5, $6))",
                           {ledger.target(), built.view, planner::quote(built.built),
                            built.built.schema, built.built.name, std::to_string(built.run)}));
  return {};
}

Result<void> forget_built_views(Connection& connection, const Ledger& ledger,
                                const std::string& view) {
  ZDM_CHECK(connection.run("DELETE FROM zdm.matview_build WHERE target = $1 AND view = $2",
                           {ledger.target(), view}));
  return {};
}

Result<std::vector<BuiltView>> built_views(Connection& connection, const Ledger& ledger,
                                           const std::string& view) {
  std::vector<BuiltView> found;
  ZDM_TRY(const bool exists, ledger.exists(connection));
  if (!exists) return found;
  ZDM_CHECK(for_each(connection, R"(
      SELECT b.run, b.view, b.built AS oid, n.nspname, c.relname
        FROM zdm.matview_build b
        JOIN pg_class c ON c.oid = b.built AND c.relkind = 'm' AND c.relname = b.built_name
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = b.schema_name
       WHERE b.target = $1 AND $2 IN (b.view, '')
       ORDER BY b.built DESC)",
                     {ledger.target(), view}, [&](const Record& row) {
                       found.push_back({.run = row.integer("run"),
                                        .view = row.text("view"),
                                        .built = {row.text("nspname"), row.text("relname")},
                                        .oid = row.oid("oid")});
                     }));
  return found;
}

}  // namespace zdm::migrations
