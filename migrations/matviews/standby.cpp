#include <fmt/format.h>

#include "database/catalog/records.hpp"
#include "matviews/job.hpp"

namespace zdm::migrations {
namespace {

constexpr auto kLook = std::chrono::seconds(1);

/// ErrorCode::refused where the server hides from this role how far its standbys are.
Result<void> refuse_blind(Connection& connection) {
  ZDM_TRY(const Rows rows, connection.run("SELECT EXISTS (SELECT FROM pg_stat_replication "
                                          "WHERE state IS NULL)"));
  if (!rows.first_true()) return {};
  return planner::fail(ErrorCode::refused,
                       "max_replica_lag cannot be kept: this role may not see how far the standbys "
                       "are behind",
                       "GRANT pg_monitor TO this role, or take max_replica_lag out of zdm.toml");
}

/// The standby that is furthest behind, and by how much; empty: none above the limit.
Result<std::string> behind(Connection& connection, std::chrono::milliseconds limit) {
  std::string found;
  ZDM_CHECK(for_each(connection, R"(
      SELECT coalesce(nullif(application_name, ''), host(client_addr), 'pid ' || pid) AS name,
             round(extract(epoch FROM replay_lag)::numeric, 1) AS seconds
        FROM pg_stat_replication
       WHERE extract(epoch FROM replay_lag) * 1000 > $1::float8
       ORDER BY replay_lag DESC LIMIT 1)",
                     {std::to_string(limit.count())}, [&](const Record& row) {
                       found = fmt::format("standby {}, {} s behind", row.text("name"),
                                           row.text("seconds"));
                     }));
  return found;
}

}  // namespace

Result<void> wait_for_standbys(MatviewJob& job) {
  if (!job.state.policy || !job.state.policy->max_replica_lag) return {};
  ZDM_CHECK(refuse_blind(job.session.control()));
  const auto& environment = job.session.environment();
  for (;;) {
    ZDM_TRY(const std::string who,
            behind(job.session.control(), *job.state.policy->max_replica_lag));
    if (who.empty()) return {};
    if (job.report.waited_for.empty()) job.report.waited_for = who;
    job.say("", who);
    environment.host.sleep(kLook, environment.stop);
    ZDM_CHECK(job.session.may_go_on());
  }
}

}  // namespace zdm::migrations
