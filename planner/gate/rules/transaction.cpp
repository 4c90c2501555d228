#include <array>

#include "gate/costs.hpp"
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
  if (s.is(Deed::drop, ObjectKind::index) && s.effect.concurrently &&
      s.history.is_partitioned_index(s.effect.object)) {
    return s.say(fmt::format("{} is the index of a partitioned table: the statement fails (0A000)",
                             s.object()),
                 "DROP INDEX without CONCURRENTLY, under a short lock_timeout, and try again");
  }
  if (!s.is(Deed::create, ObjectKind::index) || !s.effect.concurrently) return;
  if (!s.history.is_partitioned(s.effect.other)) return;
  s.say(fmt::format("{} is partitioned: the statement fails (0A000)", quote(s.effect.other)),
        "CREATE INDEX ON ONLY the parent, concurrently on each partition, then ATTACH PARTITION");
}

// What others wait for while a VALIDATE reads its table: the commands of one ALTER TABLE run under
// the strongest of their locks, whatever their order.
std::optional<TableName> locked_meanwhile(Scene& s) {
  const TableName& table = s.effect.object;
  if (s.history.holds(table)) return table;
  for (const SqlEffect& other : s.statement.effects) {
    if (other.deed == Deed::validate_constraint) continue;
    for (const auto& held : s.history.would_hold(other, s.postgres)) {
      if (held.table == table) return table;
    }
  }
  if (!s.history.held().empty()) return s.history.held().front().table;
  if (!s.history.held_for_new().empty()) return s.history.held_for_new().front();
  return std::nullopt;
}

void validate_in_same_transaction(Scene& s) {
  if (!s.is(Deed::validate_constraint) || !s.on_old_table()) return;
  const std::string help = "validate in another transaction";
  if (s.history.added_here(s.effect.object, s.effect.part)) {
    return s.say(fmt::format("the lock of ADD CONSTRAINT on {} is held while all rows are checked",
                             s.object()),
                 help);
  }
  if (s.effect.kind != ObjectKind::table) return;
  const auto locked = locked_meanwhile(s);
  if (!locked) return;
  s.say(fmt::format("{} stays locked while all rows of {} are checked", quote(*locked), s.object()),
        help);
}

void unbatched(Scene& s, Deed deed, std::string_view of_merge) {
  const bool merges = s.is(Deed::merge) && s.effect.to == of_merge;
  if ((!s.is(deed) && !merges) || !s.effect.unbounded || !s.on_old_table()) return;
  s.say(fmt::format("one statement locks all the rows of {} it changes until it is committed",
                    s.object()),
        "work through the table in batches, by ranges of its key, a transaction each");
}

void unbatched_update(Scene& s) {
  unbatched(s, Deed::update, "UPDATE");
}

void unbatched_delete(Scene& s) {
  unbatched(s, Deed::remove, "DELETE");
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
  const bool changes = e.deed == Deed::update || e.deed == Deed::remove || e.deed == Deed::merge;
  const bool fills = (e.deed == Deed::insert && e.from_query) ||
                     (e.deed == Deed::create && e.from_query && e.unbounded);
  if (!changes && !fills) return;
  const TableName* locked = nullptr;
  if (!s.history.held().empty() && (s.history.holds(e.object) || e.unbounded || e.from_query)) {
    locked = &s.history.held().front().table;
  } else if (s.history.held().empty() && !s.history.held_for_new().empty() && e.unbounded &&
             (fills || s.on_old_table())) {
    // The rows of a new table are few, unless a query gave them.
    locked = &s.history.held_for_new().front();
  }
  if (locked == nullptr) return;
  s.say(fmt::format("{} stays locked until these rows are written", quote(*locked)),
        "commit the change of the schema first, and write the rows in transactions of their own");
}

std::string_view text_at(std::string_view text, const Lexeme& lexeme) {
  return text.substr(lexeme.offset, lexeme.length);
}

struct Before {
  Lexeme last;
  Lexeme second;  ///< before the last
};

Before before(std::string_view text, const Lexeme& literal) {
  Before two;
  for (Lexeme at = next_lexeme(text, 0); at.offset < literal.offset;
       at = next_lexeme(text, at.end())) {
    two = {at, two.last};
  }
  return two;
}

// Whether the type that 'literal'::type or CAST ('literal' AS type) names is this one; nothing
// where there is no cast.
std::optional<bool> is_cast_to(const TableName& type, std::string_view text,
                               const Lexeme& literal) {
  Lexeme sign = next_lexeme(text, literal.end());
  std::size_t at = sign.end();
  if (sign.kind == LexemeKind::sign && text_at(text, sign) == ":") {
    sign = next_lexeme(text, at);
    at = sign.end();
  }
  const bool colons = text_at(text, sign).ends_with(':');
  const bool casts =
      is_word(text, sign, "AS") && is_word(text, before(text, literal).second, "CAST");
  if (!colons && !casts) return std::nullopt;
  Lexeme name = next_lexeme(text, at);
  for (Lexeme dot = next_lexeme(text, name.end()); text_at(text, dot) == ".";
       dot = next_lexeme(text, name.end())) {
    name = next_lexeme(text, dot.end());
  }
  return name_at(text, name) == type.name;
}

// The column that "column = 'literal'" names; empty: none.
std::string compared_with(std::string_view text, const Lexeme& literal) {
  const auto [sign, name] = before(text, literal);
  return text_at(text, sign) == "=" ? name_at(text, name) : std::string();
}

// The column of INSERT INTO t (…) VALUES (…) in whose place the literal stands.
std::string inserted_into(std::string_view text, const Lexeme& literal) {
  std::vector<std::string> columns;
  int depth = 0;
  bool values = false;
  std::size_t number = 0;
  for (Lexeme at = next_lexeme(text, 0); at.offset < literal.offset;
       at = next_lexeme(text, at.end())) {
    const auto word = text_at(text, at);
    if (is_word(text, at, "VALUES")) values = true;
    if (word == "(" && ++depth == 1) number = 0;
    if (word == ")") --depth;
    if (word == "," && depth == 1) ++number;
    if (!values && depth == 1 && !name_at(text, at).empty()) columns.push_back(name_at(text, at));
  }
  return values && depth == 1 && number < columns.size() ? columns[number] : std::string();
}

// The column of CREATE TABLE t (…) that the literal is written with.
std::string written_for(std::string_view text, const Lexeme& literal) {
  std::string column;
  int depth = 0;
  bool starts = false;
  for (Lexeme at = next_lexeme(text, 0); at.offset < literal.offset;
       at = next_lexeme(text, at.end())) {
    const auto word = text_at(text, at);
    if (starts) column = name_at(text, at);
    if (word == "(") ++depth;
    if (word == ")") --depth;
    starts = depth == 1 && (word == "(" || word == ",");
  }
  return column;
}

// Whether the literal is a value of the enum: by its cast, or by the type of the column it is for.
Certainty is_used(Scene& s, const TableName& type, std::string_view text, const Lexeme& literal) {
  if (const auto cast = is_cast_to(type, text, literal)) {
    return *cast ? Certainty::yes : Certainty::no;
  }
  const bool of_clause =
      s.is(Deed::add_column) || s.is(Deed::set_default) || s.is(Deed::add_constraint);
  const std::size_t offset = s.statement.place.offset + literal.offset;
  if (of_clause && (offset < s.effect.where.offset || offset >= s.effect.where.end())) {
    return Certainty::no;
  }
  if (s.is(Deed::add_column)) {
    return s.effect.column.type.name == type.name ? Certainty::yes : Certainty::no;
  }
  std::string column = s.is(Deed::set_default) ? s.effect.part : compared_with(text, literal);
  if (column.empty() && s.is(Deed::insert)) column = inserted_into(text, literal);
  if (column.empty() && s.is(Deed::create)) column = written_for(text, literal);
  if (column.empty()) return Certainty::maybe;
  const SqlType* known = s.history.type_of(s.effect.object, column);
  for (const ColumnFacts& made : s.effect.columns) {
    if (made.name == column) known = &made.type;
  }
  if (known == nullptr) return Certainty::maybe;
  return known->name == type.name ? Certainty::yes : Certainty::no;
}

constexpr int kMostLiterals = 100;  // that are looked at: each costs as much as the text before it

void enum_value_used(Scene& s) {
  for (const auto& added : s.history.values_added_here()) {
    if (!s.statement.in_transaction) return;
    const std::string text = s.statement_text();
    const std::string literal = quote_literal(added.value);
    int looked_at = 0;
    for (Lexeme at = next_lexeme(text, 0); at.kind != LexemeKind::end;
         at = next_lexeme(text, at.end())) {
      if (at.kind != LexemeKind::string || text.substr(at.offset, at.length) != literal) continue;
      if (s.is(Deed::add_enum_value)) continue;
      const Certainty used = is_used(s, added.type, text, at);
      if (used == Certainty::no && ++looked_at < kMostLiterals) continue;
      if (used == Certainty::no) break;
      const bool sure = used == Certainty::yes;
      return s.say_as(sure ? Severity::error : Severity::warning,
                      fmt::format("{} of {} is not committed yet: its use fails (55P04){}", literal,
                                  quote(added.type), sure ? "" : ", if this is one"),
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
     "An index of a partitioned table can be neither built nor dropped CONCURRENTLY: the statement "
     "fails (0A000).",
     "CREATE INDEX ON ONLY the partitioned table, CREATE INDEX CONCURRENTLY on each partition, "
     "then ALTER INDEX … ATTACH PARTITION for each. Drop it without CONCURRENTLY, under a short "
     "lock_timeout.",
     12, 18, concurrent_on_partitioned},
    {"validate-in-same-transaction", kError, kGroup,
     "VALIDATE lets writers pass only where nothing else of its transaction keeps them waiting. "
     "The "
     "lock of an ADD CONSTRAINT … NOT VALID, or of another ALTER before it or in the same "
     "statement, "
     "is held while all rows are read.",
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
     "Rows are written while a lock of an earlier ALTER or CREATE INDEX, or of a CREATE TABLE that "
     "refers to another table, is held: that table stands still for as long as that takes.",
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
