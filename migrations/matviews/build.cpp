#include "matviews/build.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "database/catalog/records.hpp"
#include "locks/claims.hpp"
#include "matviews/shape_reader.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::ExchangeMember;
using planner::quote;
using planner::quote_identifier;
using planner::TableName;

Result<void> run_all(Connection& connection, const std::vector<std::string>& statements) {
  for (const auto& sql : statements) ZDM_CHECK(connection.run(sql));
  return {};
}

std::string rename(const TableName& from, const std::string& to) {
  return fmt::format("ALTER MATERIALIZED VIEW {} RENAME TO {}", quote(from), quote_identifier(to));
}

/// So that its query finds the new ones under the names of the old; `back` undoes it.
void trade_names(const SwapScene& scene, std::size_t member, std::vector<std::string>& there,
                 std::vector<std::string>& back) {
  for (const std::size_t earlier : scene.members[member].reads) {
    const auto& each = scene.members[earlier].exchange;
    there.push_back(rename(each.name, each.aside));
    there.push_back(rename(each.built, each.name.name));
    back.push_back(rename(each.name, each.built.name));
    back.push_back(rename({each.name.schema, each.aside}, each.name.name));
  }
}

std::vector<planner::LockClaim> create_claims(const SwapScene& scene, std::size_t member) {
  planner::Claims claims;
  for (const std::size_t earlier : scene.members[member].reads) {
    claims.add(scene.members[earlier].exchange.name, planner::LockMode::access_exclusive);
    claims.add(scene.members[earlier].exchange.built, planner::LockMode::access_exclusive);
  }
  return claims.list();
}

/// Who has privileges on the new one, by ALTER DEFAULT PRIVILEGES or as its owner.
Result<std::vector<std::string>> granted_on(Connection& connection, const TableName& built) {
  std::vector<std::string> names;
  ZDM_CHECK(for_each(connection, R"(
      SELECT DISTINCT CASE WHEN x.grantee = 0 THEN '' ELSE pg_get_userbyid(x.grantee) END AS name
        FROM pg_class c, aclexplode(c.relacl) x WHERE c.oid = $1::regclass ORDER BY 1)",
                     {quote(built)},
                     [&](const Record& row) { names.push_back(row.text("name")); }));
  return names;
}

/// The same query gives the same columns, unless what it stands on was changed under its hands.
Result<void> check_columns(Connection& connection, const ExchangeMember& member) {
  ZDM_TRY(const Rows oid, connection.run("SELECT $1::regclass::oid", {quote(member.built)}));
  ZDM_TRY(const auto built,
          read_shape(connection, static_cast<std::uint32_t>(oid.first_integer())));
  const auto same = [](const planner::ShapeColumn& one, const planner::ShapeColumn& other) {
    return one.name == other.name && one.type == other.type;
  };
  if (std::ranges::equal(built.value.columns, member.shape.columns, same)) return {};
  return planner::fail(ErrorCode::refused,
                       fmt::format("the query of {} gives other columns today than those it has",
                                   quote(member.name)),
                       "refresh it concurrently, or replace it by a migration (replace_matview)");
}

Result<bool> is_there(Connection& connection, const TableName& relation) {
  ZDM_TRY(const Rows rows, connection.run("SELECT to_regclass($1) IS NOT NULL", {quote(relation)}));
  return rows.first_true();
}

}  // namespace

Result<void> create_beside(MatviewJob& job, const SwapScene& scene, std::size_t member) {
  const auto& exchange = scene.members[member].exchange;
  std::vector<std::string> there, back;
  trade_names(scene, member, there, back);
  const auto claims = create_claims(scene, member);
  report_locks(job.report, claims);
  auto body = [&](Connection& connection) -> Result<void> {
    ZDM_CHECK(pin_search_path(connection));
    ZDM_CHECK(run_all(connection, there));
    ZDM_CHECK(run_all(connection, planner::create_like(exchange.shape, exchange.built)));
    ZDM_CHECK(run_all(connection, back));
    ZDM_CHECK(put_built_view(connection, job.session.ledger(),
                             {.run = job.run, .view = job.report.name, .built = exchange.built}));
    ZDM_CHECK(check_columns(connection, exchange));
    ZDM_TRY(const auto granted, granted_on(connection, exchange.built));
    return run_all(connection, planner::describe_like(exchange.shape, exchange.built, granted));
  };
  return job.session.transact(
      {.claims = claims,
       .body = body,
       .settled = [&](Connection& connection) { return is_there(connection, exchange.built); },
       .waiting = job.waiting()});
}

Result<std::int64_t> fill_beside(MatviewJob& job, const TableName& built,
                                 const planner::Matview& view) {
  auto claims = refresh_claims(view, planner::LockMode::access_share);
  std::erase_if(claims, [&](const auto& claim) { return claim.relation == quote(view.name); });
  const Ticker ticker(job, fmt::format("building {}", quote(built)));
  std::int64_t written = 0;
  auto body = [&](Connection& connection) -> Result<void> {
    ZDM_CHECK(connection.run("SET LOCAL row_security = on"));  // as in refresh_in_place()
    ZDM_TRY(
        const Rows before,
        connection.run("SELECT pg_stat_get_xact_tuples_inserted($1::regclass)", {quote(built)}));
    ZDM_CHECK(connection.run(fmt::format("REFRESH MATERIALIZED VIEW {}", quote(built))));
    ZDM_TRY(
        const Rows after,
        connection.run("SELECT pg_stat_get_xact_tuples_inserted($1::regclass)", {quote(built)}));
    written = after.first_integer() - before.first_integer();
    return {};
  };
  ZDM_CHECK(job.session.transact(
      {.claims = claims, .body = body, .settled = {}, .waiting = job.waiting()}));
  return written;
}

Result<void> finish_beside(MatviewJob& job, const ExchangeMember& member) {
  for (const auto& index : member.shape.indexes) {
    const Ticker ticker(job, fmt::format("indexing {}", quote(member.built)));
    auto body = [&](Connection& connection) -> Result<void> {
      ZDM_CHECK(pin_search_path(connection));
      return run_all(connection, planner::index_like(index, member.built));
    };
    ZDM_CHECK(
        job.session.transact({.claims = {},
                              .body = body,
                              .settled =
                                  [&](Connection& connection) {
                                    return is_there(connection, {member.built.schema, index.built});
                                  },
                              .waiting = job.waiting()}));
  }
  const Ticker ticker(job, fmt::format("ANALYZE {}", quote(member.built)));
  return job.session.transact({.claims = {},
                               .body = [&](Connection& connection) -> Result<void> {
                                 ZDM_CHECK(connection.run("ANALYZE " + quote(member.built)));
                                 return {};
                               },
                               .settled = {},
                               .waiting = job.waiting()});
}

}  // namespace zdm::migrations
