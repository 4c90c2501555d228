#include "partitions/read_traits.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ledger/fields.hpp"
#include "partitions/create_steps.hpp"
#include "sql/quote.hpp"
#include "sync/compose.hpp"
#include "sync/names.hpp"

namespace zdm::migrations {
namespace {

using planner::ChildTraits;
using planner::LockMode;
using planner::Partition;
using planner::PartitionPolicy;
using planner::PartitionSet;
using planner::PrivilegesFrom;
using Json = nlohmann::json;

// $1 is the parent, $2 the newest partition or null.
constexpr std::string_view kTable = R"(
    SELECT CASE WHEN pg_get_userbyid(p.relowner) = current_user THEN ''
                ELSE quote_ident(pg_get_userbyid(p.relowner)) END,
           coalesce((SELECT m.amname FROM pg_catalog.pg_am m
                      WHERE m.oid = s.relam AND s.relkind = 'r'
                        AND m.amname <> current_setting('default_table_access_method')), ''),
           coalesce((SELECT t.spcname FROM pg_catalog.pg_tablespace t
                      WHERE t.oid = coalesce(nullif(p.reltablespace, 0), s.reltablespace)), ''),
           coalesce(s.relpersistence, p.relpersistence) = 'u',
           to_json(coalesce(s.reloptions, '{}')),
           to_json(coalesce((SELECT t.reloptions FROM pg_catalog.pg_class t
                              WHERE t.oid = s.reltoastrelid), '{}')),
           CASE WHEN p.relreplident <> 'd' THEN p.relreplident ELSE s.relreplident END,
           (SELECT format('%I.%I', n.nspname, x.relname)
              FROM pg_catalog.pg_index i
              LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = i.indexrelid
              JOIN pg_catalog.pg_class x ON x.oid = CASE WHEN i.indrelid = p.oid THEN i.indexrelid
                                                         ELSE h.inhparent END
              JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
             WHERE i.indisreplident
               AND i.indrelid = CASE WHEN p.relreplident <> 'd' THEN p.oid ELSE s.oid END)
      FROM pg_catalog.pg_class p LEFT JOIN pg_catalog.pg_class s ON s.oid = $2::oid
     WHERE p.oid = $1::oid)";

// The owner's own privileges are told where it has not all of them.
constexpr std::string_view kGrants = R"(
    WITH model AS (
      SELECT c.oid, c.relacl, c.relowner,
             (SELECT count(*) FROM aclexplode(c.relacl) o WHERE o.grantee = c.relowner)
               < (SELECT count(*) FROM aclexplode(acldefault('r', c.relowner))) AS less
        FROM pg_catalog.pg_class c WHERE c.oid = $1::oid)
    SELECT g.privilege_type, '',
           CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
           g.is_grantable
      FROM model m CROSS JOIN LATERAL aclexplode(m.relacl) g
     WHERE g.grantee <> m.relowner OR m.less
     UNION ALL
    SELECT g.privilege_type, a.attname,
           CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
           g.is_grantable
      FROM model m
      JOIN pg_catalog.pg_attribute a ON a.attrelid = m.oid AND NOT a.attisdropped
     CROSS JOIN LATERAL aclexplode(a.attacl) g
     WHERE g.grantee <> m.relowner
     ORDER BY 3, 1, 2)";

// ALTER DEFAULT PRIVILEGES of this role, and what the owner of the model, $1, has given up.
constexpr std::string_view kRevoked = R"(
    SELECT DISTINCT CASE g.grantee WHEN 0 THEN 'PUBLIC'
                                   ELSE quote_ident(pg_get_userbyid(g.grantee)) END
      FROM pg_catalog.pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) g
     WHERE d.defaclobjtype = 'r' AND pg_get_userbyid(d.defaclrole) = current_user
       AND d.defaclnamespace IN (0, (SELECT relnamespace FROM pg_catalog.pg_class
                                      WHERE oid = $2::oid))
       AND g.grantee <> d.defaclrole
     UNION
    SELECT quote_ident(pg_get_userbyid(c.relowner)) FROM pg_catalog.pg_class c
     WHERE c.oid = $1::oid AND c.relacl IS NOT NULL
       AND (SELECT count(*) FROM aclexplode(c.relacl) o WHERE o.grantee = c.relowner)
           < (SELECT count(*) FROM aclexplode(acldefault('r', c.relowner)))
     ORDER BY 1)";

constexpr std::string_view kRowSecurity = R"(
    SELECT c.relrowsecurity, c.relforcerowsecurity, p.polname, p.polpermissive,
           CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                         WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
           (SELECT json_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END)
              FROM unnest(p.polroles) r),
           pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
      FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid
     WHERE c.oid = $1::oid
     ORDER BY p.polname)";

// attstattarget is -1, and from PostgreSQL 17 on null, where nothing was set.
constexpr std::string_view kColumns = R"(
    SELECT a.attname,
           coalesce(nullif(a.attstattarget, -1), nullif(b.attstattarget, -1)),
           to_json(coalesce(a.attoptions, b.attoptions, '{}'))
      FROM pg_catalog.pg_attribute a
      LEFT JOIN pg_catalog.pg_attribute b
             ON b.attrelid = $2::oid AND b.attname = a.attname AND NOT b.attisdropped
     WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
       AND (coalesce(a.attstattarget, -1) >= 0 OR coalesce(b.attstattarget, -1) >= 0
            OR a.attoptions IS NOT NULL OR b.attoptions IS NOT NULL)
     ORDER BY a.attnum)";

// A foreign key to a partitioned table gets triggers on each of its partitions.
constexpr std::string_view kKeys = R"(
    SELECT DISTINCT n.nspname, c.relname, k.conrelid = $1::oid
      FROM pg_catalog.pg_constraint k
     CROSS JOIN LATERAL (
           SELECT CASE WHEN k.conrelid = $1::oid THEN k.confrelid ELSE k.conrelid END AS oid) o
     CROSS JOIN LATERAL (SELECT o.oid UNION SELECT relid FROM pg_partition_tree(o.oid)) t
      JOIN pg_catalog.pg_class c ON c.oid = t.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE k.contype = 'f' AND (k.conrelid = $1::oid OR k.confrelid = $1::oid))";

constexpr std::string_view kLeafTriggers = R"(
    SELECT pg_get_triggerdef(t.oid), format(' ON %I.%I ', n.nspname, c.relname)
      FROM pg_catalog.pg_trigger t
      JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE t.tgrelid = $1::oid AND t.tgname IN ($2, $3))";

// Neither LIKE nor ATTACH knows them.
constexpr std::string_view kOwnObjects = R"(
    SELECT format('index %I', c.relname)
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = $1::oid
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid)
     UNION ALL
    SELECT format('membership in publication %I', p.pubname)
      FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
     WHERE r.prrelid = $1::oid
     ORDER BY 1)";

std::vector<std::string> texts(const Text& json) {
  return json ? Json::parse(*json).get<std::vector<std::string>>() : std::vector<std::string>{};
}

class TraitsReader final {
 public:
  TraitsReader(Connection& connection, const PartitionSet& set, const PartitionPolicy& policy)
      : connection_(connection), set_(set), policy_(policy), parent_(std::to_string(set.oid)) {
    for (const Partition& each : set.partitions) {
      if (!each.pending && each.kind != planner::PartitionKind::foreign) newest_ = &each;
    }
    if (newest_ != nullptr) sibling_ = std::to_string(newest_->oid);
  }

  Result<ChildTraits> read(std::vector<planner::PartitionFinding>& findings) {
    if (newest_ != nullptr && newest_->kind == planner::PartitionKind::partitioned) {
      return planner::fail(
          ErrorCode::refused,
          fmt::format("the partitions of {} are partitioned themselves", policy_.title),
          "zdm does not make sub-partitions: make the next ones by hand");
    }
    ZDM_CHECK(read_table());
    ZDM_CHECK(read_privileges());
    ZDM_CHECK(read_columns());
    ZDM_CHECK(read_keys());
    ZDM_CHECK(read_triggers());
    ZDM_CHECK(tell_own_objects(findings));
    return std::move(traits_);
  }

 private:
  Result<void> read_table() {
    ZDM_TRY(const Rows rows, connection_.run(kTable, {parent_, sibling_}));
    const auto& row = rows.rows.front();
    traits_.owner = ledger::text(row[0]);
    traits_.access_method = ledger::text(row[1]);
    traits_.tablespace = ledger::text(row[2]);
    traits_.unlogged = ledger::truth(row[3]);
    traits_.options = texts(row[4]);
    for (const auto& option : texts(row[5])) traits_.options.push_back("toast." + option);
    const std::string identity = ledger::text(row[6]);
    if (identity == "f") traits_.replica_identity = "FULL";
    if (identity == "n") traits_.replica_identity = "NOTHING";
    if (identity == "i" && row[7]) {
      traits_.replica_identity = "INDEX";
      traits_.replica_identity_of = ledger::text(row[7]);
    }
    return {};
  }

  Result<void> read_privileges() {
    const bool none = policy_.privileges == PrivilegesFrom::none;
    const bool newest = policy_.privileges == PrivilegesFrom::newest && sibling_;
    const Text source = newest ? sibling_ : Text(parent_);
    ZDM_TRY(const Rows revoked, connection_.run(kRevoked, {none ? Text{} : source, parent_}));
    for (const auto& row : revoked.rows) traits_.revoked_from.push_back(ledger::text(row[0]));
    if (none) return {};
    ZDM_TRY(const Rows grants, connection_.run(kGrants, {source}));
    for (const auto& row : grants.rows) {
      traits_.grants.push_back({.privilege = ledger::text(row[0]),
                                .column = ledger::text(row[1]),
                                .grantee = ledger::text(row[2]),
                                .grantable = ledger::truth(row[3])});
    }
    ZDM_TRY(const Rows policies, connection_.run(kRowSecurity, {source}));
    for (const auto& row : policies.rows) {
      traits_.row_security = ledger::truth(row[0]);
      traits_.force_row_security = ledger::truth(row[1]);
      if (!row[2]) continue;
      traits_.policies.push_back({.name = ledger::text(row[2]),
                                  .permissive = ledger::truth(row[3]),
                                  .command = ledger::text(row[4]),
                                  .roles = texts(row[5]),
                                  .using_expression = row[6],
                                  .check_expression = row[7]});
    }
    return {};
  }

  Result<void> read_columns() {
    ZDM_TRY(const Rows rows, connection_.run(kColumns, {parent_, sibling_}));
    for (const auto& row : rows.rows) {
      planner::ColumnTrait trait{.column = ledger::text(row[0]), .options = texts(row[2])};
      if (row[1]) trait.statistics = ledger::number<int>(row[1]);
      traits_.columns.push_back(std::move(trait));
    }
    return {};
  }

  Result<void> read_keys() {
    ZDM_TRY(const Rows rows, connection_.run(kKeys, {parent_}));
    for (const auto& row : rows.rows) {
      const bool referenced = ledger::truth(row[2]);
      const bool weak = !referenced && set_.server_version < 150000;
      traits_.attach_claims.push_back(
          {.relation = planner::quote({ledger::text(row[0]), ledger::text(row[1])}),
           .mode = weak ? LockMode::access_share : LockMode::share_row_exclusive});
    }
    return {};
  }

  /// PostgreSQL 12 clones no BEFORE ROW trigger: those of migrations in flight (law 2) are copied
  /// from the newest partition.
  Result<void> read_triggers() {
    if (set_.server_version >= 130000 || !sibling_) return {};
    ZDM_TRY(const Rows rows,
            connection_.run(kLeafTriggers, {sibling_, std::string(planner::kSyncInsertTrigger),
                                            std::string(planner::kSyncUpdateTrigger)}));
    for (const auto& row : rows.rows) {
      const std::string definition = ledger::text(row[0]);
      const std::string place = ledger::text(row[1]);
      const auto at = definition.find(place);
      if (at == std::string::npos) {
        return planner::fail(ErrorCode::refused,
                             fmt::format("the triggers of migrations in flight on {} cannot be "
                                         "copied to a new partition",
                                         policy_.title),
                             "finish the migration (zdm status), then run rotate again");
      }
      traits_.triggers.push_back({.before = definition.substr(0, at + 4),
                                  .after = definition.substr(at + place.size() - 1)});
    }
    return {};
  }

  Result<void> tell_own_objects(std::vector<planner::PartitionFinding>& findings) {
    if (!sibling_) return {};
    ZDM_TRY(const Rows rows, connection_.run(kOwnObjects, {sibling_}));
    for (const auto& row : rows.rows) {
      findings.push_back(
          {.code = "not-carried-over",
           .message = fmt::format("{} has the {} of its own: new partitions do not",
                                  planner::quote(newest_->name), ledger::text(row[0])),
           .hint = "give it to the parent, or to each new partition by hand",
           .refusal = false});
    }
    return {};
  }

  Connection& connection_;
  const PartitionSet& set_;
  const PartitionPolicy& policy_;
  std::string parent_;
  const Partition* newest_ = nullptr;
  Text sibling_;
  ChildTraits traits_;
};

Result<std::vector<bool>> names_taken(Connection& connection,
                                      const std::vector<planner::NewPartition>& made) {
  Json names = Json::array();
  for (const auto& each : made) names.push_back(planner::quote(each.name));
  ZDM_TRY(const Rows rows, connection.run(R"(SELECT to_regclass(n.name) IS NOT NULL
                              FROM jsonb_array_elements_text($1) WITH ORDINALITY AS n(name, ordinal)
                             ORDER BY n.ordinal)",
                                          {names.dump()}));
  std::vector<bool> taken;
  for (const auto& row : rows.rows) taken.push_back(ledger::truth(row[0]));
  return taken;
}

/// One pass over the default partition, whatever the number of ranges.
Result<std::vector<std::int64_t>> rows_in_default(Connection& connection, const PartitionSet& set,
                                                  const std::vector<planner::NewPartition>& made) {
  std::vector<std::string> counts;
  for (const auto& each : made) {
    counts.push_back(
        fmt::format("count(*) FILTER (WHERE {})", planner::in_range_sql(set, each.range)));
  }
  std::vector<std::int64_t> found;
  // A SELECT has no more than 1664 columns (MaxTupleAttributeNumber).
  for (std::size_t at = 0; at < counts.size(); at += 500) {
    const std::vector<std::string> some(
        counts.begin() + static_cast<std::ptrdiff_t>(at),
        counts.begin() + static_cast<std::ptrdiff_t>(std::min(at + 500, counts.size())));
    ZDM_TRY(const Rows rows,
            connection.run(fmt::format("SELECT {} FROM {}", planner::join(some, ", "),
                                       planner::quote(set.default_one->name))));
    for (const auto& field : rows.rows.front()) found.push_back(ledger::number(field));
  }
  return found;
}

}  // namespace

Result<ChildTraits> read_traits(Connection& connection, const PartitionSet& set,
                                const PartitionPolicy& policy,
                                std::vector<planner::PartitionFinding>& findings) {
  return TraitsReader(connection, set, policy).read(findings);
}

Result<std::vector<planner::PartitionFinding>> refuse_unmakable(
    Connection& connection, const PartitionSet& set, std::vector<planner::NewPartition>& made) {
  std::vector<planner::PartitionFinding> findings;
  if (made.empty()) return findings;
  ZDM_TRY(const auto taken, names_taken(connection, made));
  std::vector<std::int64_t> rows(made.size());
  if (set.default_one) {
    ZDM_TRY(rows, rows_in_default(connection, set, made));
  }
  std::vector<planner::NewPartition> makable;
  for (std::size_t i = 0; i < made.size(); ++i) {
    const auto& each = made[i];
    const std::string range = fmt::format("{} to {}", bound_text(set.type, each.range.lower),
                                          bound_text(set.type, each.range.upper));
    if (rows[i] > 0) {
      const std::string name = planner::quote(set.default_one->name);
      findings.push_back({.code = "default-rows",
                          .message = fmt::format(
                              "{} {} in {} belong{} to {}: no partition was made for it", rows[i],
                              rows[i] == 1 ? "row" : "rows", name, rows[i] == 1 ? "s" : "", range),
                          .hint = fmt::format("move them out of {} ({}), then run rotate again",
                                              name, planner::in_range_sql(set, each.range)),
                          .refusal = true,
                          .rows = rows[i]});
    } else if (taken[i]) {
      findings.push_back(
          {.code = "name-taken",
           .message = fmt::format("{} is there and is no partition of {}: none was made for {}",
                                  planner::quote(each.name), planner::quote(set.name), range),
           .hint = "rename it, or attach it if it is that partition; or change name in zdm.toml",
           .refusal = true});
    } else {
      makable.push_back(each);
    }
  }
  made = std::move(makable);
  return findings;
}

}  // namespace zdm::migrations
