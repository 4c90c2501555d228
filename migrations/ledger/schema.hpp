#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "database/connection.hpp"

/// The ledger's tables and how they come to be. A new version of them is one more Upgrade at the
/// end of both lists; those of a released zdm are never edited.
namespace zdm::migrations {

/// The ledger's table as SQL names it: `zdm.step`, or `zdm_step` on SQLite.
[[nodiscard]] std::string table(Engine engine, std::string_view name);

/// The server's clock as the ledger stores times: timestamptz, or RFC 3339 text with milliseconds.
[[nodiscard]] std::string_view now_sql(Engine engine);

/// What makes version n of the ledger out of version n - 1.
struct Upgrade {
  int version = 0;
  std::vector<std::string_view> statements;
};

[[nodiscard]] std::span<const Upgrade> postgres_upgrades();
[[nodiscard]] std::span<const Upgrade> sqlite_upgrades();

/// The version of the ledger in the database; 0: there is none.
[[nodiscard]] Result<int> ledger_version(Connection& connection);

/// ErrorCode::drift when version `found` is later than `known`, naming the zdm that wrote it.
[[nodiscard]] Result<void> refuse_later_ledger(Connection& connection, int found, int known);

/// Brings the ledger to the last version of `upgrades`, in one transaction (the caller's, when
/// there is one). Two that come at once: one waits for the other. ErrorCode::drift when the ledger
/// is of a later version, naming the zdm that wrote it.
[[nodiscard]] Result<void> upgrade_ledger(Connection& connection, std::span<const Upgrade> upgrades,
                                          std::string_view zdm_version);

}  // namespace zdm::migrations
