#include "ledger/ledger.hpp"

#include <fmt/format.h>

#include "ledger/fields.hpp"
#include "ledger/privileges.hpp"
#include "ledger/schema.hpp"

namespace zdm::migrations {

using ledger::or_null;

Result<void> Ledger::ensure(Connection& connection) const {
  const auto upgrades =
      connection.engine() == Engine::postgresql ? postgres_upgrades() : sqlite_upgrades();
  auto done = upgrade_ledger(connection, upgrades, version_);
  if (done || done.error().sqlstate != "42501") return done;
  if (connection.in_transaction()) {
    done.error().hint =
        "zdm keeps its record in schema zdm of the target database: grant CREATE on the database, "
        "or let its owner run zdm once; where it is there, grant what zdm-partitions(7) lists";
    return done;
  }
  return planner::fail(with_ledger_grants(connection, std::move(done).error()));
}

Result<bool> Ledger::exists(Connection& connection) const {
  ZDM_TRY(const int version, ledger_version(connection));
  const auto upgrades =
      connection.engine() == Engine::postgresql ? postgres_upgrades() : sqlite_upgrades();
  ZDM_CHECK(refuse_later_ledger(connection, version, upgrades.back().version));
  return version > 0;
}

Result<std::vector<MigrationRow>> Ledger::migrations(Connection& connection) const {
  ZDM_TRY(const Rows found,
          connection.run(fmt::format(R"(SELECT migration, checksum, expressions_checksum, held
                                          FROM {} WHERE target = $1
                                         ORDER BY first_applied, migration)",
                                     table(connection.engine(), "migration")),
                         {target_}));
  std::vector<MigrationRow> migrations;
  for (const auto& row : found.rows) {
    migrations.push_back({.id = {ledger::text(row[0])},
                          .checksum = ledger::text(row[1]),
                          .expressions_checksum = ledger::text(row[2]),
                          .held = row[3]});
  }
  return migrations;
}

Result<void> Ledger::put_migration(Connection& connection, const MigrationRow& migration) const {
  ZDM_CHECK(connection.run(
      fmt::format(R"(INSERT INTO {} (target, migration, checksum, expressions_checksum)
                     VALUES ($1, $2, $3, $4)
                     ON CONFLICT (target, migration) DO UPDATE
                        SET checksum = excluded.checksum,
                            expressions_checksum = excluded.expressions_checksum)",
                  table(connection.engine(), "migration")),
      {target_, migration.id.value, migration.checksum, migration.expressions_checksum}));
  return {};
}

Result<void> Ledger::set_held(Connection& connection, const MigrationId& id,
                              const std::optional<std::string>& reason) const {
  ZDM_CHECK(
      connection.run(fmt::format("UPDATE {} SET held = $3 WHERE target = $1 AND migration = $2",
                                 table(connection.engine(), "migration")),
                     {target_, id.value, reason}));
  return {};
}

Result<std::vector<ReleaseRow>> Ledger::releases(Connection& connection) const {
  ZDM_TRY(const Rows found, connection.run(fmt::format(R"(SELECT release, sequence, live FROM {}
                                                           WHERE target = $1 ORDER BY sequence)",
                                                       table(connection.engine(), "release")),
                                           {target_}));
  std::vector<ReleaseRow> releases;
  for (const auto& row : found.rows) {
    releases.push_back({.release = ledger::text(row[0]),
                        .sequence = ledger::number(row[1]),
                        .live = ledger::truth(row[2])});
  }
  return releases;
}

Result<void> Ledger::put_release(Connection& connection, const std::string& release) const {
  if (release.empty()) {
    return {};
  }
  const std::string releases = table(connection.engine(), "release");
  ZDM_CHECK(connection.run(fmt::format(R"(INSERT INTO {0} (target, release, sequence)
                     VALUES ($1, $2, (SELECT coalesce(max(sequence), 0) + 1
                                        FROM {0} WHERE target = $1))
                     ON CONFLICT (target, release) DO NOTHING)",
                                       releases),
                           {target_, release}));
  return {};
}

Result<void> Ledger::set_live(Connection& connection, const std::string& release) const {
  ZDM_CHECK(put_release(connection, release));
  ZDM_CHECK(connection.run(
      fmt::format(R"(UPDATE {}
                        SET live = (release = $2),
                            went_live = CASE WHEN release = $2 AND NOT live THEN {}
                                             ELSE went_live END
                      WHERE target = $1 AND (live OR release = $2))",
                  table(connection.engine(), "release"), now_sql(connection.engine())),
      {target_, release}));
  return {};
}

Result<void> Ledger::put_fresh_build(Connection& connection, const std::string& release) const {
  ZDM_CHECK(connection.run(fmt::format(R"(INSERT INTO {} (target, release) VALUES ($1, $2)
                                          ON CONFLICT (target) DO NOTHING)",
                                       table(connection.engine(), "fresh_build")),
                           {target_, or_null(release)}));
  return {};
}

Result<bool> Ledger::fresh_build_unfinished(Connection& connection) const {
  const Engine engine = connection.engine();
  ZDM_TRY(const Rows rows,
          connection.run(fmt::format(R"(SELECT NOT EXISTS (SELECT 1 FROM {} WHERE target = $1)
                            AND EXISTS (SELECT 1 FROM {} WHERE target = $1)
                            AND NOT EXISTS (SELECT 1 FROM {} WHERE target = $1
                                               AND actor NOT LIKE $2))",
                                     table(engine, "fresh_build"), table(engine, "phase_run"),
                                     table(engine, "phase_run")),
                         {target_, "%" + std::string(kFreshActor)}));
  return rows.first_true();
}

}  // namespace zdm::migrations
