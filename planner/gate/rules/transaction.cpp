#include <array>

#include "gate/rules/themes.hpp"
#include "gate/scene.hpp"
#include "sql/lexer.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

void concurrently_in_transaction(Scene& s) {
  if (!s.effect.concurrently || !s.statement.in_transaction || s.is(Deed::refresh)) return;
  s.say("CONCURRENTLY cannot run inside a transaction: the statement fails (25001)",
        "put it in a file of its own that runs without a transaction");
}

void concurrent_on_partitioned(Scene& s) {
  if (!s.is(Deed::create, ObjectKind::index) || !s.effect.concurrently) return;
  if (!s.history.is_partitioned(s.effect.other)) return;
  s.say(fmt::format("{} is partitioned: the statement fails (0A000)", quote(s.effect.other)),
        "CREATE INDEX ON ONLY the parent, concurrently on each partition, then ATTACH PARTITION");
}

void validate_in_same_transaction(Scene& s) {
  if (!s.is(Deed::validate_constraint) || !s.on_old_table()) return;
  if (!s.history.added_here(s.effect.object, s.effect.part)) return;
  s.say(fmt::format("the lock of ADD CONSTRAINT on {} is held while all rows are checked",
                    s.object()),
        "validate in another transaction");
}

void unbatched(Scene& s, Deed deed) {
  if (!s.is(deed) || !s.effect.unbounded || !s.on_old_table()) return;
  s.say(fmt::format("one statement locks all the rows of {} it changes until it is committed",
                    s.object()),
        "work through the table in batches, by ranges of its key, a transaction each");
}

void unbatched_update(Scene& s) {
  unbatched(s, Deed::update);
}

void unbatched_delete(Scene& s) {
  unbatched(s, Deed::remove);
}

void multi_table_lock(Scene& s) {
  // told once: of the second table
  if (!s.statement.in_transaction || !s.on_old_table() || s.history.held().size() != 1) return;
  if (s.is(Deed::update) || s.is(Deed::remove) || s.is(Deed::insert) || s.is(Deed::merge)) return;
  for (const auto& wanted : s.history.would_hold(s.effect, s.postgres)) {
    if (s.history.holds(wanted.table)) continue;
    return s.say(fmt::format("{} stays locked while the transaction waits for {}",
                             quote(s.history.held().front().table), quote(wanted.table)),
                 "one table in each transaction");
  }
}

void backfill_under_ddl_lock(Scene& s) {
  const SqlEffect& e = s.effect;
  const bool writes = e.deed == Deed::update || e.deed == Deed::remove || e.deed == Deed::merge ||
                      (e.deed == Deed::insert && e.from_query);
  if (!writes || s.history.held().empty()) return;
  if (!s.history.holds(e.object) && !e.unbounded && !e.from_query) return;
  s.say(fmt::format("{} stays locked until these rows are written",
                    quote(s.history.held().front().table)),
        "commit the change of the schema first, and write the rows in transactions of their own");
}

void enum_value_used(Scene& s) {
  for (const auto& added : s.history.values_added_here()) {
    if (!s.statement.in_transaction) return;
    const std::string text = s.statement_text();
    const std::string literal = quote_literal(added.value);
    for (Lexeme at = next_lexeme(text, 0); at.kind != LexemeKind::end;
         at = next_lexeme(text, at.end())) {
      if (at.kind != LexemeKind::string || text.substr(at.offset, at.length) != literal) continue;
      if (s.is(Deed::add_enum_value)) continue;
      return s.say(fmt::format("{} of {} is not committed yet: its use fails (55P04)", literal,
                               quote(added.type)),
                   "commit ALTER TYPE … ADD VALUE before the value is used");
    }
  }
}

void dynamic_sql(Scene& s) {
  if (!s.is(Deed::run_dynamic)) return;
  s.say("this SQL is put together when it runs: nothing is known of it",
        "write the statement out, at the top level of the file");
}

constexpr std::string_view kGroup = "transaction";
constexpr Severity kError = Severity::error;
constexpr Severity kWarning = Severity::warning;

constexpr std::array<Rule, 12> kRules = {{
    {"concurrently-in-transaction", kError, kGroup,
     "CONCURRENTLY commits in between, so it fails within a transaction (25001): one of the file, "
     "or one that the tool which runs the file puts around it.",
     "Put it in a file of its own that runs without a transaction: transaction:false for dbmate, "
     "NO TRANSACTION for goose, executeInTransaction=false for Flyway.",
     12, 18, concurrently_in_transaction},
    {"concurrent-index-on-partitioned", kError, kGroup,
     "An index of a partitioned table cannot be built CONCURRENTLY: the statement fails (0A000).",
     "CREATE INDEX ON ONLY the partitioned table, CREATE INDEX CONCURRENTLY on each partition, "
     "then ALTER INDEX … ATTACH PARTITION for each.",
     12, 18, concurrent_on_partitioned},
    {"validate-in-same-transaction", kError, kGroup,
     "NOT VALID and VALIDATE in one transaction give nothing: the lock of ADD CONSTRAINT is held "
     "while all rows are read.",
     "VALIDATE CONSTRAINT in a transaction, mostly a file, of its own.", 12, 18,
     validate_in_same_transaction},
    {"unbatched-update", kError, kGroup,
     "One UPDATE of the whole table locks every row it changes until it commits, doubles the size "
     "of the table, and cannot be stopped without losing all it did.",
     "Work through the table in batches, by ranges of its key, each in a transaction of its own. "
     "zdm fills columns so.",
     12, 18, unbatched_update},
    {"unbatched-delete", kError, kGroup,
     "One DELETE of the whole table locks every row until it commits, and cannot be stopped "
     "without losing all it did.",
     "Delete in batches, by ranges of the key, each in a transaction of its own.", 12, 18,
     unbatched_delete},
    {"multi-table-lock", kWarning, kGroup,
     "One table stays locked while the transaction waits for a lock on another: whoever is in the "
     "way of the second stops the users of the first, and two such files can deadlock.",
     "One table in each transaction.", 12, 18, multi_table_lock},
    {"backfill-under-ddl-lock", kError, kGroup,
     "Rows are written while a lock of an earlier ALTER or CREATE INDEX is held: its table stands "
     "still for as long as that takes.",
     "Commit the change of the schema first, and write the rows in transactions of their own.", 12,
     18, backfill_under_ddl_lock},
    {"enum-value-used-in-transaction", kError, kGroup,
     "A value that ALTER TYPE … ADD VALUE brings cannot be used before it is committed (55P04).",
     "Add the value in a file, or transaction, of its own, before the one that uses it.", 12, 18,
     enum_value_used},
    {"transaction-not-committed", kError, kGroup,
     "Nothing ends a BEGIN of this file: all that follows is rolled back when the connection "
     "closes, and until then its locks are held.",
     "Write COMMIT at the end.", 12, 18, nullptr},
    {"dynamic-sql-unanalyzed", kWarning, "analysis",
     "This SQL is put together when it runs, so nothing can be said of it here: not that it is "
     "safe.",
     "Write the statement out at the top level of the file, or allow it with a reason.", 12, 18,
     dynamic_sql},
    {"allow", kWarning, "analysis",
     "A comment zdm:allow names no rule, gives no reason, covers no finding, or its release is "
     "cut.",
     "Mend the comment, or take it out: zdm:allow RULE reason=why [until=RELEASE], above the "
     "statement.",
     12, 18, nullptr},
    {"unanalysed", kError, "analysis",
     "This statement could not be read, so nothing is known of it: not that it is safe. The "
     "message says where the grammar stopped, and whose it is.",
     "Mend it. What only a later PostgreSQL understands is allowed with that as its reason, once "
     "somebody has looked at it.",
     12, 18, nullptr},
}};

}  // namespace

std::span<const Rule> transaction_rules() {
  return kRules;
}

}  // namespace zdm::planner
