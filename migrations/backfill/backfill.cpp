#include "backfill/backfill.hpp"

#include "backfill/lasting_connection.hpp"
#include "backfill/postgres_fill.hpp"
#include "backfill/sqlite_fill.hpp"

namespace zdm::migrations {

Result<std::int64_t> backfill(std::unique_ptr<Connection>& work, const Opener& open_work,
                              Connection& control, Host& host, const BackfillRequest& request,
                              const std::stop_token& stop,
                              const std::function<ErrorCode()>& stop_reason,
                              const std::function<void(const BackfillProgress&)>& progress) {
  LastingConnection lasting({.work = work,
                             .open = open_work,
                             .control = control,
                             .host = host,
                             .lease = request.lease,
                             .stop = stop,
                             .stop_reason = stop_reason});
  if (work->engine() == Engine::sqlite) return SqliteFill(lasting, request, progress).run();
  return PostgresFill(lasting, request, progress).run();
}

}  // namespace zdm::migrations
