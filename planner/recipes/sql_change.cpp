#include "recipes/sql_change.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "model/migration.hpp"
#include "recipes/check.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/expression.hpp"
#include "sql/quote.hpp"
#include "sql/sqlite_tokens.hpp"
#include "sql/text.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"expand", "statements", false, "run at expand"},
    KeyInfo{"backfill", "statements", false, "run at backfill"},
    KeyInfo{"switch", "statements", false, "run at switch"},
    KeyInfo{"contract", "statements", false, "run at contract"},
    KeyInfo{"undo_expand", "statements", false, "undo what `expand` did"},
    KeyInfo{"undo_backfill", "statements", false, "undo what `backfill` did"},
    KeyInfo{"undo_switch", "statements", false, "undo what `switch` did"},
};

const std::optional<SqlText>& forward_of(const SqlChange& change, Phase phase) {
  switch (phase) {
    case Phase::expand:
      return change.expand;
    case Phase::backfill:
      return change.backfill;
    case Phase::switch_:
      return change.switch_;
    case Phase::contract:
      break;
  }
  return change.contract;
}

const std::optional<SqlText>& undo_of(const SqlChange& change, Phase phase) {
  static const std::optional<SqlText> none;
  switch (phase) {
    case Phase::expand:
      return change.undo_expand;
    case Phase::backfill:
      return change.undo_backfill;
    case Phase::switch_:
      return change.undo_switch;
    case Phase::contract:
      break;
  }
  return none;
}

/// Statements that end a transaction, or refuse to run in one (PostgreSQL manual, the Notes of
/// each).
Result<void> refuse_outside(const SqlText& text, const SqlStatement& statement) {
  std::string upper = statement.text;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  const auto no = [&](std::string_view what, std::string_view hint) {
    return fail_at(place_of(text.source, statement.offset), ErrorCode::refused,
                   fmt::format("{} cannot run in the transaction of a step", what),
                   std::string(hint));
  };
  for (const std::string_view word : {"BEGIN", "COMMIT", "ROLLBACK", "START TRANSACTION", "END"}) {
    if (upper.starts_with(word)) return no(word, "zdm opens and commits the transaction itself");
  }
  for (const std::string_view word :
       {"VACUUM", "CREATE DATABASE", "DROP DATABASE", "ALTER SYSTEM"}) {
    if (upper.starts_with(word)) return no(word, "run it outside the migration");
  }
  if (upper.find("CONCURRENTLY") != std::string::npos &&
      (upper.find("INDEX") != std::string::npos || upper.find("DETACH") != std::string::npos)) {
    return no("CONCURRENTLY", "use create_index, drop_index or replace_index");
  }
  return {};
}

using Tokens = std::vector<SqliteToken>;

bool says(const Tokens& tokens, std::size_t at, std::string_view word) {
  return at < tokens.size() && equal_folded(sqlite_name(tokens[at]), word);
}

/// PRAGMAs that SQLite ignores in a transaction, and those that would undo what keeps zdm's work
/// safe, in the order of the names (sqlite.org/pragma.html).
Result<void> refuse_pragma(const SqlText& text, const SqlStatement& statement,
                           const Tokens& tokens) {
  static constexpr std::array<std::string_view, 15> kRefused = {
      "auto_vacuum",    "busy_timeout", "encoding",   "foreign_keys",   "ignore_check_constraints",
      "journal_mode",   "locking_mode", "page_size",  "query_only",     "recursive_triggers",
      "schema_version", "synchronous",  "temp_store", "wal_checkpoint", "writable_schema"};
  if (!says(tokens, 0, "pragma")) return {};
  const std::size_t at = tokens.size() > 3 && tokens[2].text == "." ? 3 : 1;
  const auto named =
      std::ranges::find_if(kRefused, [&](std::string_view name) { return says(tokens, at, name); });
  if (named == kRefused.end()) return {};
  const bool keys = *named == "foreign_keys";
  return fail_at(
      place_of(text.source, statement.offset), ErrorCode::refused,
      keys ? "PRAGMA foreign_keys does nothing in the transaction of a step"
           : fmt::format("PRAGMA {} does nothing in the transaction of a step, or harm", *named),
      keys ? "leave it out: zdm turns foreign keys off for a step that drops a table, and checks "
             "them before it commits"
           : "leave it out, or set it outside the migration");
}

/// A table that is dropped loses its rows first, and those that refer to them with ON DELETE
/// CASCADE: where it is made anew under its name they must stay
/// (sqlite.org/lang_altertable.html, section 7, steps 1 and 10).
Result<void> fit_for_sqlite(const SqlText& text, const SqlStatement& statement, Step& step) {
  const auto read = sqlite_tokens(statement.text);
  if (!read) return {};
  ZDM_CHECK(refuse_pragma(text, statement, read->tokens));
  const bool drops = says(read->tokens, 0, "drop") && says(read->tokens, 1, "table");
  if (!drops || statements::without_foreign_keys(step)) return {};
  step.sql.emplace(step.sql.begin(), statements::kForeignKeysOff);
  step.note += "; foreign keys are off meanwhile, and checked before the commit";
  return {};
}

Result<Recipe> recipe_of(const Context& context, const SqlText& text, Slot slot) {
  const auto statements = split_statements(context.catalog.engine, text.text);
  if (!statements) {
    return fail(statement_error_at(text, statements.error(), "the SQL"));
  }
  Recipe recipe;
  Fragment step{.slot = slot, .table = {"", context.migration.id.value}};
  step.step.kind = StepKind::transaction;
  step.step.note = "the author's own statements: their locks are not known to zdm";
  step.step.destructive = slot == Slot::retire && context.phase == Phase::contract;
  for (const auto& statement : *statements) {
    ZDM_CHECK(refuse_outside(text, statement));
    if (context.catalog.engine == Engine::sqlite) {
      ZDM_CHECK(fit_for_sqlite(text, statement, step.step));
    }
    step.step.sql.push_back(statement.text);
  }
  if (step.step.sql.empty()) {
    return fail_at(place_of(text.source, 0), ErrorCode::usage, "the SQL has no statement", "");
  }
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

}  // namespace

const KindInfo& SqlChange::info() {
  static constexpr KindInfo info{
      .kind = "sql",
      .summary = "runs the author's own statements, phase by phase",
      .keys = kKeys,
      .common_keys = "",
      .expand = "the statements of `expand`, in one transaction",
      .backfill = "the statements of `backfill`, in one transaction",
      .switch_ = "the statements of `switch`, in one transaction",
      .contract = "the statements of `contract`, in one transaction",
      .undo =
          "the statements of `undo_expand`, `undo_backfill`, `undo_switch`; a phase whose undo is "
          "not given cannot be rolled back",
      .sqlite = true,
      .example =
          "[[change]]\nkind        = \"sql\"\n"
          "expand      = \"CREATE SEQUENCE invoice_number\"\n"
          "undo_expand = \"DROP SEQUENCE invoice_number\"\n"};
  return info;
}

Result<SqlChange> SqlChange::decode(KeyReader& keys) {
  SqlChange change;
  ZDM_TRY(change.expand, keys.optional_sql("expand"));
  ZDM_TRY(change.backfill, keys.optional_sql("backfill"));
  ZDM_TRY(change.switch_, keys.optional_sql("switch"));
  ZDM_TRY(change.contract, keys.optional_sql("contract"));
  ZDM_TRY(change.undo_expand, keys.optional_sql("undo_expand"));
  ZDM_TRY(change.undo_backfill, keys.optional_sql("undo_backfill"));
  ZDM_TRY(change.undo_switch, keys.optional_sql("undo_switch"));
  if (!change.expand && !change.backfill && !change.switch_ && !change.contract) {
    return fail_at(keys.where(), ErrorCode::usage,
                   "this change does nothing: it has no statement of any phase",
                   "give at least one of expand, backfill, switch, contract");
  }
  return change;
}

CatalogRequest SqlChange::needs() const {
  return {};
}

Result<Recipe> SqlChange::plan(const Context& context) const {
  const auto& text = forward_of(*this, context.phase);
  if (!text) return Recipe{};
  return recipe_of(context, *text, context.phase == Phase::contract ? Slot::retire : Slot::shape);
}

Result<Recipe> SqlChange::undo(const Context& context) const {
  const auto& done = forward_of(*this, context.phase);
  const auto& text = undo_of(*this, context.phase);
  if (text) return recipe_of(context, *text, Slot::retire);
  if (!done) return Recipe{};
  return fail_at(where_of(context), ErrorCode::refused,
                 fmt::format("{} cannot be undone: the sql change has no `undo_{}`",
                             to_string(context.phase), to_string(context.phase)),
                 "take back what it did by a new migration: a file that was applied here can no "
                 "longer be given an undo");
}

}  // namespace zdm::planner
