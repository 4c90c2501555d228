#include <fmt/format.h>

#include "sql/quote.hpp"
#include "sync/compose.hpp"
#include "sync/pair.hpp"
#include "sync/triggers.hpp"

namespace zdm::planner {
namespace {

constexpr SyncEvent kEvents[] = {SyncEvent::insert, SyncEvent::update};

/// A body may hold any text of an author: find a tag that it does not contain.
std::string dollar_quoted(const std::string& body) {
  std::string tag = "$zdm$";
  for (int i = 1; body.find(tag) != std::string::npos; ++i) {
    tag = fmt::format("$zdm{}$", i);
  }
  return fmt::format("{0}\n{1}\n{0}", tag, body);
}

/// pg_catalog comes first by itself; temporary objects of the writer last, so that none of them
/// stands in for a type or table of an expression (PostgreSQL manual, CREATE FUNCTION, "Writing
/// SECURITY DEFINER Functions Safely").
std::string pinned_path(const std::vector<std::string>& search_path) {
  std::vector<std::string> schemas;
  for (const std::string& schema : search_path) {
    if (schema != "pg_temp") {
      schemas.push_back(quote_identifier(schema));
    }
  }
  schemas.emplace_back("pg_temp");
  return join(schemas, ", ");
}

class PostgresTriggers {
 public:
  PostgresTriggers(const Catalog& catalog, const Table& table, std::int64_t generation)
      : catalog_(catalog), table_(table), token_(backfill_token(table.oid, generation)) {}

  std::vector<std::string> install(const std::vector<SyncRule>& rules, bool replace) {
    for (const SyncEvent event : kEvents) {
      create_function(rules, event);
    }
    for (const TableName& target : targets()) {
      for (const SyncEvent event : kEvents) {
        create_trigger(rules, target, event, replace);
      }
    }
    if (table_.subscribed) {
      enable_always();
    }
    return std::move(statements_);
  }

  std::vector<std::string> remove() {
    for (const TableName& target : targets()) {
      for (const SyncEvent event : kEvents) {
        drop_trigger(target, event);
      }
    }
    for (const SyncEvent event : kEvents) {
      statements_.push_back(
          fmt::format("DROP FUNCTION IF EXISTS {}()", sync_function(table_, event)));
    }
    return std::move(statements_);
  }

 private:
  std::vector<TableName> targets() const {
    if (pair_is_per_leaf(catalog_, table_)) {
      return table_.leaves;
    }
    return {table_.name};
  }

  void create_function(const std::vector<SyncRule>& rules, SyncEvent event) {
    const std::string name = sync_function(table_, event);
    statements_.push_back(fmt::format(R"(CREATE OR REPLACE FUNCTION {}() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO {}
AS {})",
                                      name, pinned_path(catalog_.search_path),
                                      dollar_quoted(postgres_body(table_, rules, event))));
    statements_.push_back(
        fmt::format("COMMENT ON FUNCTION {}() IS {}", name,
                    quote_literal(fmt::format("zdm: holds old and new columns of {} equal for {}",
                                              quote(table_.name), migration_list(rules)))));
  }

  void create_trigger(const std::vector<SyncRule>& rules, const TableName& target, SyncEvent event,
                      bool replace) {
    const bool by_name = replace && catalog_.older_than(140000);
    if (by_name) {
      drop_trigger(target, event);
    }
    statements_.push_back(
        fmt::format(R"(CREATE {}TRIGGER {}
  BEFORE {} ON {}
  FOR EACH ROW{}
  EXECUTE FUNCTION {}())",
                    replace && !by_name ? "OR REPLACE " : "", postgres_trigger(event),
                    event == SyncEvent::insert ? "INSERT" : "UPDATE", quote(target),
                    when(rules, event), sync_function(table_, event)));
  }

  /// A write that touches none of the columns need not be looked at, but never one of a row not
  /// filled yet: it may move behind the cursor of the backfill. The token is honoured only for a
  /// statement of the client itself, never inside another trigger or a cascade (law 3).
  std::string when(const std::vector<SyncRule>& rules, SyncEvent event) const {
    if (event == SyncEvent::insert) {
      return {};
    }
    const SyncCauses causes = planner::causes(schedule(rules, event));
    std::vector<std::string> tests;
    for (const std::string& column : causes.written) {
      const std::string name = quote_identifier(column);
      tests.push_back(postgres_differs(table_, column, "NEW." + name, "OLD." + name));
    }
    for (const std::string& column : causes.null) {
      tests.push_back(fmt::format("NEW.{} IS NULL", quote_identifier(column)));
    }
    return fmt::format(R"(
  WHEN ((pg_catalog.pg_trigger_depth() > 0
         OR pg_catalog.current_setting('zdm.backfill', true) IS DISTINCT FROM {})
        AND ({})))",
                       quote_literal(token_),
                       tests.empty() ? "false" : join(tests, "\n          OR "));
  }

  void drop_trigger(const TableName& target, SyncEvent event) {
    statements_.push_back(
        fmt::format("DROP TRIGGER IF EXISTS {} ON {}", postgres_trigger(event), quote(target)));
  }

  /// An apply worker runs as a replica, and writes to the leaves.
  void enable_always() {
    std::vector<TableName> all = {table_.name};
    if (table_.kind == TableKind::partitioned) {
      all = targets();
      if (all.size() == 1 && all.front() == table_.name) {
        all.insert(all.end(), table_.leaves.begin(), table_.leaves.end());
      }
    }
    for (const TableName& target : all) {
      for (const SyncEvent event : kEvents) {
        statements_.push_back(fmt::format("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}", quote(target),
                                          postgres_trigger(event)));
      }
    }
  }

  const Catalog& catalog_;
  const Table& table_;
  std::string token_;
  std::vector<std::string> statements_;
};

}  // namespace

std::vector<std::string> compose_postgres_triggers(const Catalog& catalog, const Table& table,
                                                   const std::vector<SyncRule>& installed,
                                                   const std::vector<SyncRule>& rules,
                                                   std::int64_t generation) {
  PostgresTriggers triggers(catalog, table, generation);
  if (!rules.empty()) {
    return triggers.install(rules, !installed.empty());
  }
  return installed.empty() ? std::vector<std::string>{} : triggers.remove();
}

}  // namespace zdm::planner
