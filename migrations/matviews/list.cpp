#include <fmt/format.h>

#include "database/catalog/records.hpp"
#include "matviews/job.hpp"
#include "matviews/known_views.hpp"
#include "matviews/view_reader.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::quote;

/// Who holds a lease of a view now; its heartbeat says that it lives.
Result<void> read_holders(Connection& connection, const Ledger& ledger,
                          std::vector<MatviewState>& views) {
  ZDM_TRY(const bool exists, ledger.exists(connection));
  if (!exists) return {};
  return for_each(connection, R"(
      SELECT substr(scope, length('matviews:') + 1) AS view,
             holder || ' on ' || host || ' (pid ' || pid || ')' AS holder
        FROM zdm.lease
       WHERE target = $1 AND holder IS NOT NULL AND scope LIKE 'matviews:%'
         AND heartbeat > clock_timestamp() - interval '30 s')",
                  {ledger.target()}, [&](const Record& row) {
                    for (auto& state : views) {
                      if (quote(state.view.name) == row.text("view")) {
                        state.refreshing = row.text("holder");
                      }
                    }
                  });
}

Result<void> read_details(Connection& connection, const Ledger& ledger,
                          std::vector<MatviewState>& views) {
  std::vector<planner::Matview> all;
  std::vector<planner::Eligibility> eligibilities;
  for (auto& state : views) {
    ZDM_TRY(const auto taken, names_in_schema(connection, state.view.name.schema));
    state.eligibility = planner::eligibility(state.view, taken);
    all.push_back(state.view);
    eligibilities.push_back(state.eligibility);
    ZDM_TRY(const auto unsafe, unsafe_functions(connection, state.view.oid));
    for (const auto& each : unsafe) {
      state.warnings.push_back(each + "; PostgreSQL 17 and later would not refresh it");
    }
  }
  ZDM_TRY(const auto null_keys, probe_null_keys(connection, all, eligibilities));
  for (std::size_t i = 0; i < views.size(); ++i) views[i].null_keys = null_keys[i];
  return read_holders(connection, ledger, views);
}

}  // namespace

Result<MatviewListReport> list_matviews(const Environment& environment,
                                        const MatviewListOptions& options) {
  ZDM_CHECK(require_postgresql(environment));
  ZDM_TRY(const auto session, Session::open(environment));
  ZDM_TRY(auto views, read_known_views(*session, options.policies));
  ZDM_TRY(const auto chosen, select_views(views, options.only));
  MatviewListReport report;
  for (const std::size_t index : chosen) report.views.push_back(std::move(views[index]));
  if (!options.details) return report;
  ZDM_CHECK(session->snapshot([&](Connection& connection) {
    return read_details(connection, session->ledger(), report.views);
  }));
  return report;
}

}  // namespace zdm::migrations
