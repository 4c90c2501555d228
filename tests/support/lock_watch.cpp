#include "support/lock_watch.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace zdm::tests {

using std::chrono::milliseconds;

std::unique_ptr<migrations::Connection> as_application(const Database& database) {
  auto connection = database.connect(
      {.lock_timeout = milliseconds(0), .idle_in_transaction_timeout = milliseconds(0)});
  if (!connection->run("SET application_name = 'application'")) {
    throw std::runtime_error("an application cannot connect");
  }
  return connection;
}

LockWatch::LockWatch(const Database& database)
    : thread_([this, connection = std::shared_ptr(database.connect({}))](
                  const std::stop_token& stop) { watch(*connection, stop); }) {}

LockWatch::Longest LockWatch::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  return longest_;
}

void LockWatch::watch(migrations::Connection& connection, const std::stop_token& stop) {
  // Before 14 there is no start of the wait; that of the statement is no later.
  const bool exact = connection.server_version() >= 140000;
  const std::string sql = fmt::format(R"sql(
    SELECT extract(epoch FROM clock_timestamp() - {}) * 1000,
           format('%s waited for %s of %s behind %s', a.query, l.mode, l.relation::regclass,
                  (SELECT string_agg(format('%s: %s', b.application_name, b.query), '; ')
                   FROM pg_stat_activity b WHERE b.pid = ANY (pg_blocking_pids(a.pid))))
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE NOT l.granted AND a.application_name = 'application' AND a.datname = current_database()
    ORDER BY 1 DESC NULLS LAST LIMIT 1)sql",
                                      exact ? "l.waitstart" : "a.query_start");
  while (!stop.stop_requested() && saw(connection.run(sql))) {
    std::this_thread::sleep_for(milliseconds(1));
  }
}

bool LockWatch::saw(const migrations::Result<migrations::Rows>& waiting) {
  if (!waiting) longest_.trouble = "nobody watches: " + waiting.error().message;
  if (!waiting || waiting->empty()) return waiting.has_value();
  const double wait = std::atof(waiting->first().c_str());
  if (wait > longest_.ms) {
    longest_.ms = wait;
    longest_.what = waiting->first(1);
  }
  return true;
}

}  // namespace zdm::tests
