#include <fmt/format.h>

#include <map>
#include <memory>
#include <mutex>

#include "bed.hpp"
#include "locks/lock_modes.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using planner::LockMode;
using planner::MethodPolicy;

namespace {

using Locks = std::map<std::string, LockMode>;

/// Looks into pg_locks at the end of every transaction, while its locks are held. Counted are
/// relations that were there when it began; catalogs, TOAST and zdm's own schema are left out.
class Watch final {
 public:
  explicit Watch(std::shared_ptr<Locks> locks) : locks_(std::move(locks)) {}
  migrations::Result<migrations::Rows> operator()(migrations::Connection& connection,
                                                  std::string_view sql,
                                                  std::span<const migrations::Text> parameters) {
    if (sql.starts_with("BEGIN")) names_ = names(connection);
    if (sql == "COMMIT") look(connection);
    return connection.run(sql, parameters);
  }

 private:
  static std::map<std::string, std::string> names(migrations::Connection& connection) {
    std::map<std::string, std::string> found;
    const auto rows = connection.run(R"(
        SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname)
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname NOT IN ('zdm', 'pg_catalog', 'information_schema', 'pg_toast'))");
    if (!rows) throw std::runtime_error(rows.error().message);
    for (const auto& row : rows->rows) found[*row[0]] = *row[1];
    return found;
  }
  void look(migrations::Connection& connection) {
    const auto rows = connection.run(
        "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() "
        "AND locktype = 'relation' AND granted");
    if (!rows) return;  // a transaction that failed says nothing any more
    for (const auto& row : rows->rows) {
      const auto name = names_.find(*row[0]);
      if (name == names_.end()) continue;
      for (std::size_t i = 0; i < planner::kLockModeNames.size(); ++i) {
        const auto mode = static_cast<LockMode>(i);
        if (planner::pg_locks_mode(mode) != *row[1]) continue;
        auto& strongest = (*locks_)[name->second];
        strongest = std::max(strongest, mode);
      }
    }
  }

  std::shared_ptr<Locks> locks_;
  std::map<std::string, std::string> names_;
};

/// ACCESS SHARE conflicts with nothing an application does: the report leaves it out.
std::string of_taken(const Locks& locks) {
  std::string text;
  for (const auto& [relation, mode] : locks) {
    if (mode == LockMode::access_share) continue;
    text += fmt::format("{} {}\n", relation, to_string(mode));
  }
  return text;
}

std::string of_claimed(const migrations::MatviewReport& report) {
  std::string text;
  for (const auto& claim : report.locks) {
    text += fmt::format("{} {}\n", claim.relation, to_string(claim.mode));
  }
  return text;
}

}  // namespace

TEST_CASE("a refresh takes the locks it claims, and no others", "[live][matviews][claims]") {
  Bed bed({"CREATE TABLE t AS SELECT i FROM generate_series(1, 100) i",
           "CREATE TABLE guarded (i int)", "CREATE MATERIALIZED VIEW v AS SELECT i FROM t",
           "CREATE UNIQUE INDEX v_key ON v (i)", "CREATE INDEX v_second ON v (i, (i + 1))",
           "CREATE STATISTICS v_statistics ON i, (i % 2) FROM v",
           "CREATE VIEW over AS SELECT v.i FROM v JOIN t ON t.i = v.i",
           "CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql "
           "BEGIN ATOMIC SELECT count(*) FROM v; END",
           "CREATE POLICY p ON guarded USING (i IN (SELECT i FROM v))",
           "CREATE MATERIALIZED VIEW along AS SELECT i FROM v",
           "CREATE INDEX along_key ON along (i)",
           "CREATE MATERIALIZED VIEW first AS SELECT i FROM t WITH NO DATA",
           "CREATE UNIQUE INDEX first_key ON first (i)"});
  for (const auto& [view, method] :
       {std::pair("v", MethodPolicy::concurrently), std::pair("v", MethodPolicy::swap),
        std::pair("first", MethodPolicy::concurrently)}) {
    const auto taken = std::make_shared<Locks>();
    bed.open_work = hooked(bed.database.opener(), [taken]() -> Hook { return Watch(taken); });
    const auto report = bed.one(view, method);
    INFO(view << " " << to_string(method) << " " << text_of(report.error));
    REQUIRE(report.state == "done");
    // The new one's own locks, while nobody knows it, keep nobody waiting.
    for (auto at = taken->begin(); at != taken->end();) {
      at = at->first.find("_zdm_new") != std::string::npos ? taken->erase(at) : std::next(at);
    }
    auto claimed = report;
    std::erase_if(claimed.locks, [](const auto& claim) {
      return claim.relation.find("_zdm_new") != std::string::npos;
    });
    CHECK(of_claimed(claimed) == of_taken(*taken));
  }
}
