#include "partitions/read_retire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ledger/fields.hpp"
#include "sql/quote.hpp"
#include "sync/names.hpp"

namespace zdm::migrations {
namespace {

using planner::Partition;
using planner::PartitionFinding;
using planner::PartitionPolicy;
using planner::PartitionSet;
using planner::quote;
using Json = nlohmann::json;

// Up to a size that is read at once, a foreign key needs no index.
constexpr std::int64_t kSmall = 1 << 20;

// The tables at the other end of the set's foreign keys, with their partitions, which get triggers
// of their own.
constexpr std::string_view kKeyTables = R"(
    SELECT DISTINCT n.nspname, c.relname, k.confrelid = $1::oid
      FROM pg_catalog.pg_constraint k
     CROSS JOIN LATERAL (SELECT CASE WHEN k.confrelid = $1::oid THEN k.conrelid
                                     ELSE k.confrelid END AS oid) o
     CROSS JOIN LATERAL (SELECT o.oid UNION SELECT relid FROM pg_partition_tree(o.oid)) t
      JOIN pg_catalog.pg_class c ON c.oid = t.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE k.contype = 'f' AND (k.conrelid = $1::oid OR k.confrelid = $1::oid)
     ORDER BY 1, 2)";

// Foreign keys that stay with a partition when it is detached.
constexpr std::string_view kOwnKeys = R"(
    SELECT k.conrelid, k.conname, n.nspname, c.relname
      FROM pg_catalog.pg_constraint k
      JOIN pg_catalog.pg_class c ON c.oid = k.confrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE k.contype = 'f' AND k.conrelid = ANY ($1::oid[])
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o
                        WHERE o.oid = k.conparentid AND o.conrelid = k.conrelid)
     ORDER BY 1, 2)";

// What keeps a table from being dropped: whatever refers to it, or to the type of its rows, and is
// no part of it (PostgreSQL manual, 53.18). The foreign keys of the set go with the detach.
constexpr std::string_view kDependents = R"(
    WITH gone AS (
      SELECT c.oid, 'pg_class'::regclass AS refclass, c.oid AS refobj
        FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::oid[])
       UNION ALL
      SELECT c.oid, 'pg_type'::regclass, t.oid
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_type r ON r.oid = c.reltype
        JOIN pg_catalog.pg_type t ON t.oid IN (r.oid, r.typarray)
       WHERE c.oid = ANY ($1::oid[]))
    SELECT DISTINCT g.oid, coalesce(pg_describe_object('pg_class'::regclass, r.ev_class, 0),
                                    pg_describe_object(d.classid, d.objid, d.objsubid))
      FROM gone g
      JOIN pg_catalog.pg_depend d ON d.refclassid = g.refclass AND d.refobjid = g.refobj
      LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
     WHERE d.deptype = 'n' AND r.ev_class IS DISTINCT FROM g.oid
       AND NOT (d.classid = 'pg_class'::regclass AND d.objid = g.oid)
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend o
                        WHERE o.classid = d.classid AND o.objid = d.objid
                          AND o.refclassid = 'pg_class'::regclass AND o.refobjid = g.oid
                          AND o.deptype <> 'n')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                        WHERE d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
                          AND (k.conparentid <> 0 OR k.conrelid = g.oid))
     ORDER BY 1, 2)";

constexpr std::string_view kIncoming = R"(
    SELECT k.conname, format('%I.%I', n.nspname, c.relname),
           (SELECT json_agg(quote_ident(a.attname) ORDER BY u.ordinal)
              FROM unnest(k.conkey) WITH ORDINALITY AS u(attnum, ordinal)
              JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum),
           (SELECT json_agg(quote_ident(a.attname) ORDER BY u.ordinal)
              FROM unnest(k.confkey) WITH ORDINALITY AS u(attnum, ordinal)
              JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum),
           EXISTS (SELECT FROM pg_catalog.pg_index i
                    WHERE i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL
                      AND (SELECT array_agg(x ORDER BY x)
                             FROM unnest((i.indkey::smallint[])[0:cardinality(k.conkey) - 1]) x)
                          = (SELECT array_agg(x ORDER BY x) FROM unnest(k.conkey) x)),
           (SELECT coalesce(sum(pg_relation_size(t.oid)), 0)
              FROM (SELECT k.conrelid AS oid UNION
                    SELECT relid FROM pg_partition_tree(k.conrelid)) t)
      FROM pg_catalog.pg_constraint k
      JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE k.contype = 'f' AND k.confrelid = $1::oid
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o
                        WHERE o.oid = k.conparentid AND o.confrelid = k.confrelid)
     ORDER BY 1)";

/// A foreign key of another table to the set.
struct IncomingKey {
  std::string name;
  std::string table;  ///< as SQL names it
  std::vector<std::string> columns;
  std::vector<std::string> keys;  ///< of the set
  bool quick = false;             ///< its rows are found by an index, or are few
};

std::vector<std::string> texts(const Text& json) {
  return json ? Json::parse(*json).get<std::vector<std::string>>() : std::vector<std::string>{};
}

PartitionFinding refusal(std::string code, std::string message, std::string hint) {
  return {.code = std::move(code),
          .message = std::move(message),
          .hint = std::move(hint),
          .refusal = true};
}

class LeavingReader final {
 public:
  LeavingReader(Connection& connection, const PartitionSet& set, const PartitionPolicy& policy)
      : connection_(connection), set_(set), policy_(policy) {}

  Result<std::vector<Leaving>> read(const std::vector<Partition>& gone) {
    for (const Partition& each : gone) {
      all_.push_back({.partition = each, .facts = {}, .against = {}});
      oids_ += fmt::format("{}{}", oids_.empty() ? "" : ",", each.oid);
    }
    oids_ = "{" + oids_ + "}";
    ZDM_CHECK(read_keys());
    judge_owners();
    if (policy_.expire == planner::Expire::archive) ZDM_CHECK(judge_archive());
    if (policy_.expire == planner::Expire::drop) ZDM_CHECK(judge_dependents());
    ZDM_CHECK(judge_incoming());
    return std::move(all_);
  }

 private:
  Leaving* find(const Text& oid) {
    const auto found = std::ranges::find_if(all_, [&](const Leaving& each) {
      return each.partition.oid == ledger::number<std::uint32_t>(oid);
    });
    return found == all_.end() ? nullptr : &*found;
  }

  Result<void> read_keys() {
    ZDM_TRY(const Rows tables, connection_.run(kKeyTables, {std::to_string(set_.oid)}));
    for (const auto& row : tables.rows) {
      const planner::TableName table{ledger::text(row[0]), ledger::text(row[1])};
      for (Leaving& each : all_) {
        auto& facts = each.facts;
        (ledger::truth(row[2]) ? facts.referencing : facts.referenced).push_back(table);
      }
    }
    if (tables.empty()) return {};
    ZDM_TRY(const Rows keys, connection_.run(kOwnKeys, {oids_}));
    for (const auto& row : keys.rows) {
      if (Leaving* each = find(row[0])) {
        each->facts.keys.push_back({.name = ledger::text(row[1]),
                                    .references = {ledger::text(row[2]), ledger::text(row[3])}});
      }
    }
    return {};
  }

  void judge_owners() {
    for (Leaving& each : all_) {
      if (each.partition.owned || policy_.expire == planner::Expire::detach) continue;
      each.against = refusal("not-owned",
                             fmt::format("{} is not owned by the role {}, so it is kept",
                                         quote(each.partition.name), set_.role),
                             fmt::format("ALTER TABLE {} OWNER TO the owner of {}",
                                         quote(each.partition.name), quote(set_.name)));
    }
  }

  Result<void> judge_archive() {
    Json names = Json::array();
    const std::string schema = planner::quote_identifier(policy_.archive_schema);
    for (const Leaving& each : all_) {
      names.push_back(quote({policy_.archive_schema, each.partition.name.name}));
    }
    ZDM_TRY(const Rows rows, connection_.run(R"(
        SELECT to_regnamespace($1) IS NOT NULL, to_regclass(n.name) IS NOT NULL, n.name
          FROM jsonb_array_elements_text($2) WITH ORDINALITY AS n(name, ordinal)
         ORDER BY n.ordinal)",
                                             {schema, names.dump()}));
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
      const std::string name = quote(all_[i].partition.name);
      if (!ledger::truth(rows.rows[i][0])) {
        all_[i].against = refusal(
            "no-archive", fmt::format("the schema {} is not there, so {} is kept", schema, name),
            fmt::format("CREATE SCHEMA {}", schema));
      } else if (ledger::truth(rows.rows[i][1])) {
        all_[i].against = refusal(
            "no-archive",
            fmt::format("{} is there already, so {} is kept", ledger::text(rows.rows[i][2]), name),
            "rename one of them");
      }
    }
    return {};
  }

  Result<void> judge_dependents() {
    ZDM_TRY(const Rows rows, connection_.run(kDependents, {oids_}));
    for (const auto& row : rows.rows) {
      Leaving* each = find(row[0]);
      if (each == nullptr || each->against) continue;
      each->against = refusal("dependents",
                              fmt::format("the {} depends on {}, which is therefore kept",
                                          ledger::text(row[1]), quote(each->partition.name)),
                              "let it go, or let it read the set; zdm never cascades");
    }
    return {};
  }

  /// The server looks for rows that point into the partition too, under its locks: so it must find
  /// them quickly.
  Result<void> judge_incoming() {
    ZDM_TRY(const Rows rows, connection_.run(kIncoming, {std::to_string(set_.oid)}));
    for (const auto& row : rows.rows) {
      const IncomingKey key{.name = ledger::text(row[0]),
                            .table = ledger::text(row[1]),
                            .columns = texts(row[2]),
                            .keys = texts(row[3]),
                            .quick = ledger::truth(row[4]) || ledger::number(row[5]) <= kSmall};
      for (Leaving& each : all_) {
        if (!each.against) ZDM_CHECK(judge_key(key, each));
      }
    }
    return {};
  }

  Result<void> judge_key(const IncomingKey& key, Leaving& leaving) {
    const std::string name = quote(leaving.partition.name);
    const std::string columns = planner::join(key.columns, ", ");
    if (!key.quick) {
      leaving.against =
          refusal("foreign-key-index",
                  fmt::format("the foreign key {} of {} has no index on ({}): to detach {} would "
                              "read the table under a lock",
                              key.name, key.table, columns, name),
                  fmt::format("CREATE INDEX CONCURRENTLY ON {} ({})", key.table, columns));
      return {};
    }
    std::vector<std::string> equal;
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
      equal.push_back(fmt::format("r.{} = p.{}", key.columns[i], key.keys[i]));
    }
    ZDM_TRY(const Rows rows,
            connection_.run(fmt::format("SELECT EXISTS (SELECT FROM {} r JOIN {} p ON {})",
                                        key.table, name, planner::join(equal, " AND "))));
    if (!rows.first_true()) return {};
    leaving.against = refusal("referenced-rows",
                              fmt::format("rows of {} reference {} ({}), which is therefore kept",
                                          key.table, name, key.name),
                              fmt::format("delete those rows of {} first", key.table));
    return {};
  }

  Connection& connection_;
  const PartitionSet& set_;
  const PartitionPolicy& policy_;
  std::vector<Leaving> all_;
  std::string oids_;
};

}  // namespace

Result<std::vector<Leaving>> read_leaving(Connection& connection, const PartitionSet& set,
                                          const PartitionPolicy& policy,
                                          const std::vector<Partition>& gone) {
  if (gone.empty()) return std::vector<Leaving>();
  return LeavingReader(connection, set, policy).read(gone);
}

}  // namespace zdm::migrations
