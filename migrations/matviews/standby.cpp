#include <fmt/format.h>

#include "database/catalog/records.hpp"
#include "matviews/job.hpp"

namespace zdm::migrations {
namespace {

constexpr auto kLook = std::chrono::seconds(1);

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
