#include "sync/compose.hpp"

#include "sync/checks.hpp"
#include "sync/triggers.hpp"

namespace zdm::planner {
namespace {

/// Stable means the same within a transaction (PostgreSQL manual, 38.7). SQLite promises that of
/// CURRENT_TIMESTAMP within one step of a statement alone (sqlite.org/lang_datefunc.html).
std::vector<SyncRule> as_sqlite_sees(std::vector<SyncRule> rules) {
  for (SyncRule& rule : rules) {
    for (auto* side : {&rule.old_side, &rule.new_side}) {
      for (SyncColumn& column : *side) {
        if (column.default_kind == DefaultKind::stable) {
          column.default_kind = DefaultKind::volatile_;
        }
      }
    }
  }
  return rules;
}

}  // namespace

Result<std::vector<std::string>> compose_triggers(const Catalog& catalog, const Table& table,
                                                  const std::vector<SyncRule>& installed,
                                                  const std::vector<SyncRule>& rules,
                                                  std::int64_t generation) {
  const bool sqlite = catalog.engine == Engine::sqlite;
  const std::vector<SyncRule> seen = sqlite ? as_sqlite_sees(rules) : rules;
  if (!rules.empty()) {  // a way out must stay open, whatever the table has become
    ZDM_CHECK(check_rules(catalog, table, seen));
  }
  return sqlite ? compose_sqlite_triggers(table, installed, seen)
                : compose_postgres_triggers(catalog, table, installed, seen, generation);
}

}  // namespace zdm::planner
