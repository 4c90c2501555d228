#include "partitions/create_steps.hpp"

#include <fmt/format.h>

#include <utility>

#include "locks/claims.hpp"
#include "sql/quote.hpp"
#include "sync/names.hpp"

namespace zdm::planner {
namespace {

/// "autovacuum_enabled=false" as WITH (…) and SET (…) take it.
std::string option_sql(const std::string& option) {
  const auto sign = option.find('=');
  if (sign == std::string::npos) return option;
  return fmt::format("{} = {}", option.substr(0, sign), quote_literal(option.substr(sign + 1)));
}

std::string options_sql(const std::vector<std::string>& options) {
  std::vector<std::string> all;
  for (const std::string& option : options) all.push_back(option_sql(option));
  return fmt::format("({})", join(all, ", "));
}

/// Statements that give the new table what nothing inherits.
class Dressing final {
 public:
  Dressing(const TableName& table, const ChildTraits& traits)
      : name_(quote(table)), traits_(traits) {}

  std::vector<std::string> before_attach() {
    columns();
    if (!traits_.owner.empty()) {
      add(fmt::format("ALTER TABLE {} OWNER TO {}", name_, traits_.owner));
    }
    if (!traits_.revoked_from.empty()) {
      add(fmt::format("REVOKE ALL ON {} FROM {}", name_, join(traits_.revoked_from, ", ")));
    }
    for (const Grant& grant : traits_.grants) {
      add(fmt::format("GRANT {}{} ON {} TO {}{}", grant.privilege,
                      grant.column.empty() ? "" : " (" + quote_identifier(grant.column) + ")",
                      name_, grant.grantee, grant.grantable ? " WITH GRANT OPTION" : ""));
    }
    row_security();
    for (const LeafTrigger& trigger : traits_.triggers) add(trigger.before + name_ + trigger.after);
    return std::exchange(statements_, {});
  }

  /// The indexes of the partition are known as those of the parent only once it is attached.
  std::vector<std::string> after_attach() {
    if (traits_.replica_identity == "INDEX") {
      add(fmt::format(
          R"(DO $zdm$
DECLARE
  mine text;
BEGIN
  SELECT pg_catalog.quote_ident(c.relname) INTO STRICT mine
    FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_index x ON x.indexrelid = i.inhrelid
    JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid
   WHERE i.inhparent = {}::pg_catalog.regclass AND x.indrelid = {}::pg_catalog.regclass;
  EXECUTE {} || mine;
END
$zdm$)",
          quote_literal(traits_.replica_identity_of), quote_literal(name_),
          quote_literal(fmt::format("ALTER TABLE {} REPLICA IDENTITY USING INDEX ", name_))));
    } else if (!traits_.replica_identity.empty()) {
      add(fmt::format("ALTER TABLE {} REPLICA IDENTITY {}", name_, traits_.replica_identity));
    }
    return std::exchange(statements_, {});
  }

 private:
  void add(std::string sql) { statements_.push_back(std::move(sql)); }

  void columns() {
    for (const ColumnTrait& trait : traits_.columns) {
      const std::string column = quote_identifier(trait.column);
      if (trait.statistics) {
        add(fmt::format("ALTER TABLE {} ALTER COLUMN {} SET STATISTICS {}", name_, column,
                        *trait.statistics));
      }
      if (!trait.options.empty()) {
        add(fmt::format("ALTER TABLE {} ALTER COLUMN {} SET {}", name_, column,
                        options_sql(trait.options)));
      }
    }
  }

  void row_security() {
    for (const RowPolicy& policy : traits_.policies) {
      add(fmt::format(
          "CREATE POLICY {} ON {} AS {} FOR {} TO {}{}{}", quote_identifier(policy.name), name_,
          policy.permissive ? "PERMISSIVE" : "RESTRICTIVE", policy.command,
          join(policy.roles, ", "),
          policy.using_expression ? fmt::format(" USING ({})", *policy.using_expression) : "",
          policy.check_expression ? fmt::format(" WITH CHECK ({})", *policy.check_expression)
                                  : ""));
    }
    if (traits_.row_security) {
      add(fmt::format("ALTER TABLE {} ENABLE ROW LEVEL SECURITY", name_));
    }
    if (traits_.force_row_security) {
      add(fmt::format("ALTER TABLE {} FORCE ROW LEVEL SECURITY", name_));
    }
  }

  std::string name_;
  const ChildTraits& traits_;
  std::vector<std::string> statements_;
};

std::string create_sql(const PartitionSet& set, const NewPartition& made,
                       const ChildTraits& traits) {
  std::string sql =
      fmt::format("CREATE {}TABLE {} (LIKE {} INCLUDING ALL EXCLUDING IDENTITY)",
                  traits.unlogged ? "UNLOGGED " : "", quote(made.name), quote(set.name));
  if (!traits.access_method.empty()) {
    sql += " USING " + quote_identifier(traits.access_method);
  }
  if (!traits.options.empty()) sql += " WITH " + options_sql(traits.options);
  if (!traits.tablespace.empty()) sql += " TABLESPACE " + quote_identifier(traits.tablespace);
  return sql;
}

std::string attach_sql(const PartitionSet& set, const TableName& table, const Range& range) {
  return fmt::format("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})",
                     quote(set.name), quote(table), bound_sql(set.type, range.lower),
                     bound_sql(set.type, range.upper));
}

Claims attach_claims(const PartitionSet& set, const ChildTraits& traits) {
  Claims claims;
  claims.add(set.name, LockMode::share_update_exclusive).merge(traits.attach_claims);
  if (set.default_one) claims.add(set.default_one->name, LockMode::access_exclusive);
  return claims;
}

std::string check_name(const TableName& table) {
  return unique_name("zdm_not_", table.name, {});
}

/// The proof that the default partition has nothing of the range, in two transactions.
std::vector<Step> exclude_from_default(const PartitionSet& set, const TableName& table,
                                       const Range& range) {
  if (!set.default_one) return {};
  const std::string name = quote(set.default_one->name);
  const std::string check = quote_identifier(check_name(table));
  const std::string column = quote_identifier(set.column);
  std::vector<std::string> outside;
  if (range.lower.edge == Edge::value) {
    outside.push_back(fmt::format("{} < {}", column, bound_sql(set.type, range.lower)));
  }
  if (range.upper.edge == Edge::value) {
    outside.push_back(fmt::format("{} >= {}", column, bound_sql(set.type, range.upper)));
  }
  const auto claim = [&](LockMode mode) {
    return Claims().add(set.default_one->name, mode).list();
  };
  return {{.id = "exclude",
           .sql = {fmt::format("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({}) NOT VALID", name, check,
                               join(outside, " OR "))},
           .locks = claim(LockMode::access_exclusive),
           .note = "the default partition takes no row of the range any more"},
          {.id = "prove",
           .sql = {fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {}", name, check)},
           .locks = claim(LockMode::share_update_exclusive),
           .scans = true,
           .note = "it has none: ATTACH need not read it under its lock"}};
}

void drop_exclusion(const PartitionSet& set, const TableName& table, Step& step) {
  if (!set.default_one) return;
  step.sql.push_back(fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", quote(set.default_one->name),
                                 quote_identifier(check_name(table))));
}

}  // namespace

std::string in_range_sql(const PartitionSet& set, const Range& range) {
  const std::string column = quote_identifier(set.column);
  std::string sql = fmt::format("{} IS NOT NULL", column);
  if (range.lower.edge == Edge::value) {
    sql += fmt::format(" AND {} >= {}", column, bound_sql(set.type, range.lower));
  }
  if (range.upper.edge == Edge::value) {
    sql += fmt::format(" AND {} < {}", column, bound_sql(set.type, range.upper));
  }
  return sql;
}

std::vector<Step> create_steps(const PartitionSet& set, const NewPartition& made,
                               const ChildTraits& traits) {
  std::vector<Step> steps = exclude_from_default(set, made.name, made.range);
  Step step{.id = "create", .sql = {create_sql(set, made, traits)}};
  Dressing dressing(made.name, traits);
  for (auto& sql : dressing.before_attach()) step.sql.push_back(std::move(sql));
  step.sql.push_back(attach_sql(set, made.name, made.range));
  for (auto& sql : dressing.after_attach()) step.sql.push_back(std::move(sql));
  drop_exclusion(set, made.name, step);
  step.locks = attach_claims(set, traits).list();
  step.note = made.why;
  steps.push_back(std::move(step));
  return steps;
}

std::vector<Step> attach_steps(const PartitionSet& set, const Partition& table,
                               const ChildTraits& traits) {
  std::vector<Step> steps = exclude_from_default(set, table.name, table.range);
  const std::string name = quote(table.name);
  const std::string check = quote_identifier(unique_name("zdm_in_", table.name.name, {}));
  const auto own = [&](LockMode mode) { return Claims().add(table.name, mode).list(); };
  steps.push_back({.id = "check",
                   .sql = {fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", name, check),
                           fmt::format("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({}) NOT VALID",
                                       name, check, in_range_sql(set, table.range))},
                   .locks = own(LockMode::access_exclusive)});
  steps.push_back({.id = "validate",
                   .sql = {fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {}", name, check)},
                   .locks = own(LockMode::share_update_exclusive),
                   .scans = true,
                   .note = "so that ATTACH need not read it"});
  Step attach{
      .id = "attach",
      .sql = {attach_sql(set, table.name, table.range),
              fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", name, check)},
      .locks = attach_claims(set, traits).add(table.name, LockMode::access_exclusive).list(),
      .note = "detached by an earlier run, and to be kept again"};
  drop_exclusion(set, table.name, attach);
  steps.push_back(std::move(attach));
  return steps;
}

Step drop_default_check(const PartitionSet& set, const std::string& check) {
  return {.id = "clean",
          .sql = {fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", quote(set.default_one->name),
                              quote_identifier(check))},
          .locks = Claims().add(set.default_one->name, LockMode::access_exclusive).list(),
          .note = "left behind by an earlier run"};
}

}  // namespace zdm::planner
