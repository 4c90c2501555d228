#include "partitions/read_sets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "ledger/fields.hpp"
#include "partitions/bounds.hpp"
#include "partitions/grids.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::Partition;
using planner::PartitionKind;
using planner::PartitionPolicy;
using planner::PartitionSet;
using Json = nlohmann::json;

// Bounds and times are written in the zone and style of the session (ruleutils.c).
constexpr std::string_view kPlainTimes = R"(
    SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, MDY', true))";

constexpr std::string_view kMark = "SAVEPOINT zdm_sets";
constexpr std::string_view kBack = "ROLLBACK TO SAVEPOINT zdm_sets";
constexpr std::string_view kNoZone = "22023";

constexpr std::string_view kSets = R"(
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, p.partstrat, p.partnatts,
           p.partexprs IS NULL AND p.partattrs[0] <> 0, a.attname, format_type(a.atttypid, NULL),
           t.now::text, (t.now AT TIME ZONE w.zone)::text,
           (w.anchor::timestamp AT TIME ZONE w.zone)::text,
           to_regclass('zdm.partition_mark') IS NOT NULL, pg_has_role(c.relowner, 'USAGE'),
           has_schema_privilege(n.oid, 'CREATE'), current_user
      FROM jsonb_to_recordset($1) AS w(ordinal integer, relation text, zone text, anchor text)
     CROSS JOIN (SELECT coalesce($2::timestamptz, statement_timestamp()) AS now) t
      LEFT JOIN pg_catalog.pg_class c ON c.oid = to_regclass(w.relation)
      LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = c.oid
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
     ORDER BY w.ordinal)";

// Never analyzed: what the statistics have counted, which is lost with a crash of the server.
constexpr std::string_view kPartitions = R"(
    SELECT i.inhparent, c.oid, n.nspname, c.relname, c.relkind,
           pg_get_expr(c.relpartbound, c.oid), {},
           CASE WHEN c.relkind = 'p'
                THEN (SELECT sum(greatest(l.reltuples, pg_stat_get_live_tuples(l.oid), 0))
                        FROM pg_partition_tree(c.oid) t JOIN pg_catalog.pg_class l ON l.oid = t.relid
                       WHERE t.isleaf)
                ELSE greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0) END::bigint,
           {},
           (SELECT json_agg(k.conname) FROM pg_catalog.pg_constraint k
             WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.conname LIKE 'zdm\_not\_%'),
           pg_has_role(c.relowner, 'USAGE')
      FROM pg_catalog.pg_inherits i
      JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE i.inhparent = ANY ($1::oid[]))";

constexpr std::string_view kSize = R"(
           CASE WHEN c.relkind = 'p'
                THEN (SELECT sum(pg_total_relation_size(t.relid)) FROM pg_partition_tree(c.oid) t)
                ELSE pg_total_relation_size(c.oid) END::bigint)";

// A table that was made again under the name has another oid, and one that was renamed is
// somebody's who had a reason.
constexpr std::string_view kMarks = R"(
    SELECT m.parent_oid, c.oid, n.nspname, c.relname, c.relkind, m.lower, m.upper,
           EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)
      FROM zdm.partition_mark m
      JOIN pg_catalog.pg_class c ON c.oid = m.table_oid AND c.relname = m.table_name
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = m.schema_name
     WHERE m.target = $1 AND m.parent_oid = ANY ($2::oid[])
     ORDER BY m.marked)";

std::string wanted_json(const std::vector<PartitionPolicy>& policies) {
  Json all = Json::array();
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const PartitionPolicy& policy = policies[i];
    all.push_back(
        {{"ordinal", i},
         {"relation", planner::quote(policy.table)},
         {"zone", policy.timezone},
         {"anchor", policy.interval ? planner::civil_text(policy.anchor) : "2000-01-01"}});
  }
  return all.dump();
}

PartitionKind kind_of(const Text& relkind) {
  if (relkind == "p") return PartitionKind::partitioned;
  return relkind == "f" ? PartitionKind::foreign : PartitionKind::table;
}

tl::unexpected<Error> refused(const PartitionPolicy& policy, std::string_view why,
                              std::string hint) {
  return planner::fail(ErrorCode::refused, fmt::format("{} {}", policy.title, why),
                       std::move(hint));
}

/// The set without its partitions.
Result<PartitionSet> set_of(const std::vector<Text>& row, const PartitionPolicy& policy,
                            int server_version) {
  if (!row[0]) {
    return refused(policy, "is not there", "correct its name in zdm.toml, or make the table");
  }
  if (row[3] != "p") {
    return refused(policy, "is not a partitioned table",
                   "a table becomes one with PARTITION BY when it is created");
  }
  if (row[5] != "r") {
    return refused(policy, fmt::format("is partitioned by {}", row[5] == "l" ? "LIST" : "HASH"),
                   "zdm rotates partitions BY RANGE");
  }
  if (row[6] != "1" || !ledger::truth(row[7])) {
    return refused(policy, "is partitioned by several columns, or by an expression",
                   "zdm rotates partitions by the range of one column");
  }
  if (row[4] == "t") {
    return refused(policy, "is a temporary table", "it ends with its session");
  }
  PartitionSet set{.oid = ledger::number<std::uint32_t>(row[0]),
                   .name = {ledger::text(row[1]), ledger::text(row[2])},
                   .column = ledger::text(row[8]),
                   .owned = ledger::truth(row[14]),
                   .may_create = ledger::truth(row[15]),
                   .role = ledger::text(row[16]),
                   .server_version = server_version};
  if (set.column != policy.column) {
    return refused(policy,
                   fmt::format("is partitioned by {}, and not by {}", set.column, policy.column),
                   "correct column in zdm.toml");
  }
  const auto type = planner::parse_key_type(ledger::text(row[9]));
  if (!type) {
    return refused(policy, fmt::format("is partitioned by {} {}", set.column, ledger::text(row[9])),
                   "zdm rotates by date, timestamp, timestamptz, integers and uuid (version 7)");
  }
  set.type = *type;
  return set;
}

Result<void> check_policy(const PartitionSet& set, const PartitionPolicy& policy) {
  if (planner::is_time(set.type) != policy.interval.has_value()) {
    return refused(policy,
                   fmt::format("is partitioned by {}, which goes by {}", set.column,
                               policy.interval ? "step" : "interval"),
                   "give it in zdm.toml");
  }
  const bool within_days = policy.interval && (policy.interval->unit == planner::Unit::hour ||
                                               policy.anchor % planner::kDay != 0);
  if (set.type == planner::KeyType::date && within_days) {
    return refused(policy, "has a key of type date, which knows no time of day",
                   "choose an interval of days or more, and an anchor without a time");
  }
  return {};
}

class Reading final {
 public:
  Reading(Connection& connection, const SetsRequest& request)
      : connection_(connection), request_(request) {}

  Result<ReadSets> run() {
    ZDM_CHECK(connection_.run(kPlainTimes));
    ZDM_CHECK(read_tables());
    ZDM_CHECK(read_partitions());
    ZDM_CHECK(read_marks());
    for (ReadSet& each : result_.sets) sort(each.set);
    ZDM_CHECK(read_grids(connection_, request_.policies, clocks_, result_.sets));
    return std::move(result_);
  }

 private:
  /// A zone that the server does not know fails the query for all sets: then each is tried, and
  /// those without are read.
  Result<Rows> ask_for_sets() {
    const bool zones = std::ranges::any_of(
        request_.policies, [](const PartitionPolicy& policy) { return policy.timezone != "UTC"; });
    marked_ = zones && connection_.in_transaction();
    if (marked_) ZDM_CHECK(connection_.run(kMark));
    auto rows = connection_.run(kSets, {wanted_json(request_.policies), request_.now});
    if (rows || !zones || rows.error().sqlstate != kNoZone) return rows;
    auto policies = request_.policies;
    for (PartitionPolicy& policy : policies) {
      ZDM_CHECK(back());
      const auto tried = connection_.run("SELECT now() AT TIME ZONE $1", {policy.timezone});
      if (tried || tried.error().sqlstate != kNoZone) continue;
      unknown_zones_.insert(policy.title);
      policy.timezone = "UTC";
    }
    ZDM_CHECK(back());
    return connection_.run(kSets, {wanted_json(policies), request_.now});
  }

  Result<void> back() {
    if (marked_) ZDM_CHECK(connection_.run(kBack));
    return {};
  }

  static Error no_zone(const PartitionPolicy& policy) {
    return {
        .code = ErrorCode::usage,
        .message = fmt::format("{} takes as timezone one that the server knows, not \"{}\" "
                               "({}:{})",
                               policy.title, policy.timezone, policy.where.file, policy.where.line),
        .hint = "pg_timezone_names has their names, such as Europe/Berlin",
        .where = policy.where};
  }

  Result<void> read_tables() {
    auto rows = ask_for_sets();
    if (!rows) return planner::fail(explained(std::move(rows).error()));
    for (std::size_t i = 0; i < rows->rows.size(); ++i) {
      const auto& row = rows->rows[i];
      const PartitionPolicy& policy = request_.policies[i];
      ReadSet& made = result_.sets.emplace_back();
      clocks_.push_back({.instant = ledger::text(row[10]),
                         .civil = ledger::text(row[11]),
                         .anchor = ledger::text(row[12])});
      marks_ = ledger::truth(row[13]);
      auto set = set_of(row, policy, connection_.server_version());
      if (set) made.set = std::move(*set);
      Result<void> served = set ? check_policy(made.set, policy) : planner::fail(set.error());
      if (!served) made.error = served.error();
      if (unknown_zones_.contains(policy.title)) made.error = no_zone(policy);
      const auto now = planner::parse_key(planner::KeyType::timestamptz, clocks_.back().instant);
      if (now) result_.now = now->high;
    }
    return {};
  }

  static Error explained(Error error) {
    if (error.sqlstate == "22007" || error.sqlstate == "22008") {
      error.code = ErrorCode::usage;
      error.hint = "--now takes a time such as 2026-12-31T23:59:00Z";
    }
    return error;
  }

  [[nodiscard]] std::string parents() const {
    std::string oids = "{";
    for (const ReadSet& each : result_.sets) {
      if (each.error) continue;
      oids += fmt::format("{}{}", oids.size() > 1 ? "," : "", each.set.oid);
    }
    return oids + "}";
  }

  Result<void> read_partitions() {
    const bool pending = connection_.server_version() >= 140000;
    ZDM_TRY(const Rows rows, connection_.run(fmt::format(fmt::runtime(kPartitions),
                                                         pending ? "i.inhdetachpending" : "false",
                                                         request_.sizes ? kSize : "NULL"),
                                             {parents()}));
    for (const auto& row : rows.rows) {
      for (ReadSet& each : result_.sets) {
        if (each.error || ledger::number<std::uint32_t>(row[0]) != each.set.oid) continue;
        if (auto taken = take_partition(row, each.set); !taken) each.error = taken.error();
      }
    }
    return {};
  }

  static Result<void> take_partition(const std::vector<Text>& row, PartitionSet& set) {
    Partition partition{.oid = ledger::number<std::uint32_t>(row[1]),
                        .name = {ledger::text(row[2]), ledger::text(row[3])},
                        .kind = kind_of(row[4]),
                        .owned = ledger::truth(row[10]),
                        .pending = ledger::truth(row[6]),
                        .rows = ledger::number(row[7])};
    if (row[8]) partition.bytes = ledger::number(row[8]);
    if (!row[5]) return {};  // dropped since the snapshot was taken
    auto range = planner::parse_partition_bound(set.type, *row[5]);
    if (!range) {
      Error error = range.error();
      error.message = fmt::format("{}: {}", planner::quote(partition.name), error.message);
      return planner::fail(std::move(error));
    }
    if (*range) {
      partition.range = **range;
      set.partitions.push_back(std::move(partition));
      return {};
    }
    set.default_one = std::move(partition);
    if (row[9]) {
      for (const auto& check : Json::parse(*row[9])) set.default_checks.push_back(check);
    }
    return {};
  }

  Result<void> read_marks() {
    if (!marks_) return {};
    ZDM_TRY(const Rows rows, connection_.run(kMarks, {request_.target, parents()}));
    for (const auto& row : rows.rows) {
      for (ReadSet& each : result_.sets) {
        if (each.error || ledger::number<std::uint32_t>(row[0]) != each.set.oid) continue;
        take_mark(row, each.set);
      }
    }
    return {};
  }

  static void take_mark(const std::vector<Text>& row, PartitionSet& set) {
    const auto bound = [&](const Text& text) -> planner::Bound {
      if (text == "MINVALUE") return planner::kMinimum;
      if (text == "MAXVALUE") return planner::kMaximum;
      const auto value = planner::parse_key(set.type, ledger::text(text));
      return {planner::Edge::value, value.value_or(planner::KeyValue{})};
    };
    set.orphans.push_back({.partition = {.oid = ledger::number<std::uint32_t>(row[1]),
                                         .name = {ledger::text(row[2]), ledger::text(row[3])},
                                         .kind = kind_of(row[4]),
                                         .range = {bound(row[5]), bound(row[6])}},
                           .attached = ledger::truth(row[7])});
  }

  static void sort(PartitionSet& set) {
    std::ranges::sort(set.partitions, {}, [](const Partition& each) { return each.range.lower; });
  }

  Connection& connection_;
  const SetsRequest& request_;
  ReadSets result_;
  std::vector<SetClock> clocks_;
  std::set<std::string> unknown_zones_;  ///< titles of their policies
  bool marked_ = false;                  ///< there is a savepoint
  bool marks_ = false;
};

}  // namespace

Result<ReadSets> read_sets(Connection& connection, const SetsRequest& request) {
  return Reading(connection, request).run();
}

}  // namespace zdm::migrations
