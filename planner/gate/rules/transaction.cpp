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
  if (!s.statement.in_transaction || !s.on_old_table() || s.history.held().empty()) return;
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
    {"concurrently-in-transaction", kError, kGroup, "The statement fails within a transaction.",
     "A file without a transaction.", 12, 18, concurrently_in_transaction},
    {"concurrent-index-on-partitioned", kError, kGroup,
     "The statement fails on a partitioned table.", "ON ONLY, each partition, ATTACH.", 12, 18,
     concurrent_on_partitioned},
    {"validate-in-same-transaction", kError, kGroup, "Rows are checked under the stronger lock.",
     "Validate in another transaction.", 12, 18, validate_in_same_transaction},
    {"unbatched-update", kError, kGroup, "All rows are locked until the end.", "Batches.", 12, 18,
     unbatched_update},
    {"unbatched-delete", kError, kGroup, "All rows are locked until the end.", "Batches.", 12, 18,
     unbatched_delete},
    {"multi-table-lock", kWarning, kGroup, "One table stays locked while another is waited for.",
     "One table in each transaction.", 12, 18, multi_table_lock},
    {"backfill-under-ddl-lock", kError, kGroup, "A table stays locked while rows are written.",
     "Commit the change of the schema first.", 12, 18, backfill_under_ddl_lock},
    {"enum-value-used-in-transaction", kError, kGroup,
     "A value that is not committed cannot be used.", "Commit it first.", 12, 18, enum_value_used},
    {"transaction-not-committed", kError, kGroup, "A BEGIN that nothing ends: all is rolled back.",
     "Write COMMIT.", 12, 18, nullptr},
    {"dynamic-sql-unanalyzed", kWarning, "analysis", "SQL put together at run time is not known.",
     "Write it out.", 12, 18, dynamic_sql},
    {"allow", kWarning, "analysis",
     "A zdm:allow names no rule, gives no reason, covers nothing, or its release is cut.",
     "Mend the comment, or take it out.", 12, 18, nullptr},
    {"unanalysed", kError, "analysis", "The statement could not be read: nothing is known of it.",
     "Mend it, or allow it with a reason.", 12, 18, nullptr},
}};

}  // namespace

std::span<const Rule> transaction_rules() {
  return kRules;
}

}  // namespace zdm::planner
