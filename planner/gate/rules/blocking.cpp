#include <array>

#include "gate/costs.hpp"
#include "gate/rules/themes.hpp"
#include "gate/scene.hpp"
#include "gate/type_change.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::string_view kIndexPartitioned =
    "CREATE INDEX ON ONLY the parent, CONCURRENTLY on each partition, then ATTACH PARTITION";

// NOT VALID is refused on a partitioned table before 18; a valid key of a partition is taken over.
constexpr std::string_view kKeyPartitioned =
    "add the key to each partition NOT VALID, VALIDATE it there in another transaction, and then "
    "add it here, which takes those over and checks no row";

std::optional<Fix> concurrently(Scene& s, std::string_view after) {
  if (s.statement.in_transaction) return std::nullopt;
  return insert_after(s, after, "CONCURRENTLY");
}

void index_not_concurrent(Scene& s) {
  const SqlEffect& e = s.effect;
  if (!s.is(Deed::create, ObjectKind::index) || e.concurrently) return;
  if (s.history.is_new_table(e.other)) return;
  // ONLY is for a partitioned table, which has no rows
  if (e.only && !s.history.is_plain(e.other)) return;
  const std::string message =
      fmt::format("writers of {} wait until the index is built", quote(e.other));
  if (s.history.is_partitioned(e.other)) return s.say(message, std::string(kIndexPartitioned));
  s.say(message, "CREATE INDEX CONCURRENTLY, outside a transaction", concurrently(s, "INDEX"));
}

// DROP INDEX CONCURRENTLY takes one index: a statement for each. The first effect carries them all.
std::optional<Fix> drop_concurrently(Scene& s) {
  if (s.effect.cascade || s.statement.in_transaction) return std::nullopt;
  const auto& drops = s.statement.effects;
  if (drops.size() == 1) return concurrently(s, "INDEX");
  if (&s.effect != &drops.front()) return std::nullopt;
  std::string all;
  for (const SqlEffect& drop : drops) {
    if (s.history.is_partitioned_index(drop.object)) return std::nullopt;
    if (!all.empty()) all += ";" + std::string(s.line_break());
    all += fmt::format("DROP INDEX CONCURRENTLY {}{}", drop.if_exists ? "IF EXISTS " : "",
                       s.text(drop.where));
  }
  return Fix{s.statement.place.offset, s.statement.place.length, std::move(all)};
}

// What PostgreSQL refuses of DROP INDEX CONCURRENTLY, told once.
void drop_index_refused(Scene& s) {
  const auto& drops = s.statement.effects;
  if (&s.effect != &drops.front()) return;
  if (drops.size() > 1) {
    s.say("CONCURRENTLY drops one index at a time: the statement fails (0A000)",
          "DROP INDEX CONCURRENTLY for each of them", drop_concurrently(s));
  } else if (s.effect.cascade) {
    s.say("CONCURRENTLY does not go with CASCADE: the statement fails (0A000)",
          "drop what depends on the index first");
  }
}

void drop_index_not_concurrent(Scene& s) {
  const SqlEffect& e = s.effect;
  if (!s.is(Deed::drop, ObjectKind::index)) return;
  if (e.concurrently) return drop_index_refused(s);
  const auto* made = s.history.index(e.object);
  if (made != nullptr && s.history.is_new_table(made->table)) return;
  const std::string message =
      "readers and writers of the table wait while, and before, the index is dropped";
  if (s.history.is_partitioned_index(e.object)) {
    return s.say(message,
                 "CONCURRENTLY fails on an index of a partitioned table (0A000): drop it under a "
                 "short lock_timeout, and try again");
  }
  s.say(message, "DROP INDEX CONCURRENTLY, outside a transaction", drop_concurrently(s));
}

void reindex_not_concurrent(Scene& s) {
  if (!s.is(Deed::reindex) || s.effect.concurrently || s.history.is_new_table(s.effect.object)) {
    return;
  }
  s.say("writers wait until the indexes are rebuilt, and so do queries that would use them",
        "REINDEX with CONCURRENTLY, outside a transaction");
}

// A column of this release that the inserts of the running one leave out becomes NOT NULL without a
// default: by name, by a CHECK (which holds for new rows at once, NOT VALID or not), or since its
// default goes.
void require_new_column(Scene& s) {
  const SqlEffect& e = s.effect;
  if (!s.on_old_table() || e.kind != ObjectKind::table) return;
  std::string required;
  const auto is_left_out = [&](const std::string& column) {
    return s.history.is_new_column(e.object, column) && !s.history.has_default(e.object, column);
  };
  if (s.is(Deed::set_not_null) && is_left_out(e.part)) required = e.part;
  if (s.is(Deed::drop_default) && s.history.is_new_column(e.object, e.part) &&
      s.history.is_not_null(e.object, e.part)) {
    required = e.part;
  }
  if (s.is(Deed::add_constraint) && e.constraint == SqlConstraint::check && !e.inline_clause) {
    for (const std::string& column : e.not_null) {
      if (is_left_out(column)) required = column;
    }
  }
  if (required.empty()) return;
  s.say(fmt::format("inserts of the running release do not know {} of {}, and fail from here on",
                    quote_identifier(required), s.object()),
        "give it a constant DEFAULT and keep that, or demand it in the release after the one whose "
        "code writes it; where a trigger fills it, allow this with that reason");
}

void add_required_column(Scene& s) {
  require_new_column(s);
  const ColumnFacts& c = s.effect.column;
  if (!s.is(Deed::add_column) || !s.on_old_table() || !c.not_null || c.serial || c.identity ||
      c.generated) {
    return;
  }
  if (c.default_kind != SqlDefault::none && c.default_kind != SqlDefault::null) return;
  s.say(
      fmt::format("{} has no value for the rows of {}, nor for the inserts of the running release",
                  s.part(), s.object()),
      "give it a constant DEFAULT, or add it nullable, fill it, and set NOT NULL later");
}

// A wider type spares the rows, but not what is worked out from them.
void widening_does_anew(Scene& s) {
  const auto anew = s.history.done_anew(s.effect);
  if (anew.empty()) return;
  s.say(
      fmt::format("readers and writers of {} wait until, for the wider type, this is done anew: {}",
                  s.object(), fmt::join(anew, ", ")),
      "drop an index CONCURRENTLY before, and build it CONCURRENTLY after; drop a CHECK in this "
      "ALTER TABLE, add it NOT VALID there, and VALIDATE it in another transaction");
}

void column_type_change(Scene& s) {
  if (!s.is(Deed::change_type) || !s.on_old_table() || s.effect.kind != ObjectKind::table) return;
  if (only_widens(s.history, s.effect)) return widening_does_anew(s);
  const bool unknown = may_widen(s.history, s.effect);
  s.say(fmt::format("{} is locked for readers and writers while its rows are converted, and the "
                    "running release meets another type{}",
                    s.object(), unknown ? ", unless this only widens the old one" : ""),
        "add a column of the new type, keep both in step, and drop the old one in a later release "
        "(zdm: kind = \"change_column\")");
}

// "… NOT VALID" behind the clause, and VALIDATE as a statement of its own.
std::optional<Fix> not_valid(Scene& s) {
  const SqlEffect& e = s.effect;
  if (s.statement.in_transaction || e.part.empty()) return std::nullopt;
  if (e.where.end() != s.statement.place.end()) return std::nullopt;
  return Fix{e.where.end(), 0,
             fmt::format(" NOT VALID;{}ALTER TABLE {}{} VALIDATE CONSTRAINT {}", s.line_break(),
                         e.if_exists ? "IF EXISTS " : "", s.object(), s.part())};
}

bool adds(Scene& s, SqlConstraint kind) {
  // CREATE TABLE IF NOT EXISTS makes it with the table, or not at all
  return s.is(Deed::add_constraint) && s.effect.constraint == kind && s.on_old_table() &&
         s.effect.kind == ObjectKind::table && s.effect.to != "CREATE TABLE";
}

void add_check_validating(Scene& s) {
  if (!adds(s, SqlConstraint::check) || s.effect.not_valid) return;
  s.say(fmt::format("readers and writers of {} wait until all its rows are checked", s.object()),
        "add it NOT VALID, and VALIDATE CONSTRAINT in another transaction",
        s.effect.inline_clause ? std::nullopt : not_valid(s));
}

void add_fk_validating(Scene& s) {
  if (!adds(s, SqlConstraint::foreign_key)) return;
  if (cost_of(s.effect, s.postgres).scans == Certainty::no) return;
  const std::string message = fmt::format("writers of {} and {} wait until all rows are checked",
                                          s.object(), quote(s.effect.other));
  if (s.effect.inline_clause && s.effect.column.default_kind == SqlDefault::null) {
    return s.say(message, "leave out DEFAULT NULL: without any default, no row is checked");
  }
  if (s.postgres < 18 && s.history.is_partitioned(s.effect.object)) {
    return s.say(message, std::string(kKeyPartitioned));
  }
  s.say(message, "add it NOT VALID, and VALIDATE CONSTRAINT in another transaction",
        s.effect.inline_clause ? std::nullopt : not_valid(s));
}

void set_not_null_scan(Scene& s) {
  if (!s.is(Deed::set_not_null) || s.effect.kind != ObjectKind::table || !s.on_old_table()) return;
  if (s.history.is_not_null(s.effect.object, s.effect.part)) return;
  s.say(fmt::format("readers and writers of {} wait until all its rows are checked", s.object()),
        fmt::format("add CHECK ({} IS NOT NULL) NOT VALID, VALIDATE it in another transaction, "
                    "then SET NOT NULL, and drop the check",
                    s.part()));
}

void pk_using_index_nullable(Scene& s) {
  if (!adds(s, SqlConstraint::primary_key) || s.effect.index.empty()) return;
  const auto* made = s.history.index({s.effect.object.schema, s.effect.index});
  if (made == nullptr) return;
  for (const std::string& key : made->keys) {
    if (s.history.is_not_null(s.effect.object, key)) continue;
    return s.say(fmt::format("{} may be nullable: then all rows of {} are checked under "
                             "ACCESS EXCLUSIVE",
                             quote_identifier(key), s.object()),
                 "make the columns NOT NULL first, through a validated CHECK");
  }
}

void blocking_key(Scene& s, SqlConstraint kind) {
  if (!adds(s, kind) || !s.effect.index.empty()) return;
  s.say(fmt::format("readers and writers of {} wait until its index is built", s.object()),
        s.history.is_partitioned(s.effect.object)
            ? "USING INDEX fails on a partitioned table (0A000): build a unique index concurrently "
              "on each partition, which the constraint then takes, so that its lock is short"
            : "CREATE UNIQUE INDEX CONCURRENTLY first, and add the constraint USING INDEX");
}

void add_unique_blocking(Scene& s) {
  blocking_key(s, SqlConstraint::unique);
}

void add_pk_blocking(Scene& s) {
  blocking_key(s, SqlConstraint::primary_key);
}

void add_exclusion(Scene& s) {
  if (!adds(s, SqlConstraint::exclusion)) return;
  s.say(fmt::format("readers and writers of {} wait until its index is built", s.object()),
        "no way is known that does not block: use a new table, or a time without traffic");
}

void table_rewrite(Scene& s) {
  const SqlEffect& e = s.effect;
  if (!s.on_old_table()) return;
  if (e.deed == Deed::rewrite_table && e.to == "SET EXPRESSION") {
    return s.say(
        fmt::format("a new expression for {} rewrites all of {} while readers and writers wait{}",
                    s.part(), s.object(), s.postgres < 18 ? "" : ", unless it is VIRTUAL"),
        "add another column, let a trigger fill it, and fill the old rows in batches");
  }
  if (e.deed == Deed::rewrite_table) {
    return s.say(fmt::format("{} rewrites {} {} while readers and writers wait", e.to,
                             e.object.name.empty() ? "every" : "the whole",
                             e.kind == ObjectKind::index ? "index" : "table"),
                 "do this outside of releases, with a tool that copies online (pg_repack)");
  }
  if (e.deed != Deed::add_column) return;
  const SqlCost cost = cost_of(e, s.postgres);
  const bool domain = s.history.is_constrained_domain(e.column.type);
  const bool function = e.column.default_kind == SqlDefault::unknown_function &&
                        !s.history.is_steady(e.column.function);
  if (cost.rewrites != Certainty::yes && !domain && !function) return;
  s.say(
      fmt::format(
          "adding {} rewrites all of {} while readers and writers wait{}", s.part(), s.object(),
          function ? fmt::format(", unless {}() is STABLE or IMMUTABLE", e.column.function) : ""),
      "add the column without it, set the default for new rows, and fill the old ones in batches");
}

void domain_constraint(Scene& s) {
  const SqlEffect& e = s.effect;
  if (e.kind != ObjectKind::domain || s.history.is_new(ObjectKind::domain, e.object)) return;
  if (e.deed != Deed::set_not_null && (e.deed != Deed::add_constraint || e.not_valid)) return;
  s.say(fmt::format("writers of every table with a column of {} wait until its rows are checked",
                    s.object()),
        "add the constraint NOT VALID, and VALIDATE it in another transaction");
}

void attach_partition_scan(Scene& s) {
  const SqlEffect& e = s.effect;
  if (!s.is(Deed::attach_partition, ObjectKind::table)) return;
  if (s.history.is_new_table(e.other) || s.history.has_bounds_check(e.other, e.object)) return;
  s.say(fmt::format("{} is locked and all its rows are checked, unless a valid CHECK implies the "
                    "bounds",
                    quote(e.other)),
        "add the bounds as a CHECK NOT VALID and VALIDATE it before");
}

void detach_not_concurrent(Scene& s) {
  if (!s.is(Deed::detach_partition) || s.effect.concurrently || !s.on_old_table()) return;
  s.say(fmt::format("readers and writers of {} and its partition wait", s.object()),
        "DETACH PARTITION … CONCURRENTLY, outside a transaction");
}

void partition_parent_lock(Scene& s) {
  const SqlEffect& e = s.effect;
  if (!s.is(Deed::create, ObjectKind::table) || e.to != "PARTITION OF") return;
  if (s.history.is_new_table(e.other)) return;
  s.say(fmt::format("readers and writers of {} wait for a lock on the whole of it", quote(e.other)),
        "CREATE TABLE … (LIKE parent INCLUDING ALL), then ATTACH PARTITION");
}

void refresh_blocking(Scene& s) {
  if (!s.is(Deed::refresh) || s.effect.concurrently || !s.on_old_table()) return;
  if (s.effect.to == kWithNoData) {
    return s.say(fmt::format("{} is emptied under ACCESS EXCLUSIVE: whoever reads it fails (55000) "
                             "until it is refreshed",
                             s.object()),
                 "leave it as it is until nobody reads it; REFRESH … CONCURRENTLY brings new rows");
  }
  s.say(fmt::format("readers of {} wait until it is computed", s.object()),
        "REFRESH MATERIALIZED VIEW CONCURRENTLY; it needs a unique index on plain columns",
        insert_after(s, "VIEW", "CONCURRENTLY"));
}

void disable_trigger(Scene& s) {
  const SqlEffect& e = s.effect;
  if (s.is(Deed::drop, ObjectKind::trigger) && s.on_old_table() &&
      !s.history.is_new_trigger(e.object, e.part) &&
      !s.history.trigger_follows(s.statement, e.object, e.part)) {
    return s.say(fmt::format("rows the running release writes to {} no longer meet trigger {}",
                             s.object(), s.part()),
                 "drop it in the release after the one that relies on it, or make it anew in the "
                 "same transaction");
  }
  if (!s.is(Deed::disable_trigger) || !s.on_old_table()) return;
  s.say(fmt::format("rows the running release writes to {} pass the trigger by", s.object()),
        "leave the trigger on, or let it skip what you mean by a setting of the transaction");
}

void lock_table(Scene& s) {
  if (!s.is(Deed::lock_table) || s.effect.lock < LockMode::share || !s.on_old_table()) return;
  s.say(fmt::format("others wait for {} until the transaction ends", s.object()),
        "let each statement take the lock it needs, under a short lock_timeout");
}

constexpr std::string_view kGroup = "blocking";
constexpr std::string_view kTwoSteps =
    "NOT VALID, then VALIDATE CONSTRAINT in another transaction.";
constexpr Severity kError = Severity::error;
constexpr Severity kWarning = Severity::warning;

constexpr std::array<Rule, 20> kRules = {{
    {"index-not-concurrent", kError, kGroup,
     "CREATE INDEX takes a SHARE lock: no row of the table can be written until the index is "
     "built, and whoever comes after waits behind the first writer.",
     "CREATE INDEX CONCURRENTLY, in a file that runs without a transaction.", 12, 18,
     index_not_concurrent},
    {"drop-index-not-concurrent", kError, kGroup,
     "DROP INDEX takes ACCESS EXCLUSIVE locks on the index and its table: it waits for every "
     "running query, and all later ones, readers too, wait behind it.",
     "DROP INDEX CONCURRENTLY, in a file that runs without a transaction. An index that belongs to "
     "a constraint, or to a partitioned table, cannot be dropped so.",
     12, 18, drop_index_not_concurrent},
    {"reindex-not-concurrent", kError, kGroup,
     "REINDEX keeps writers of the table waiting until the index is rebuilt, and every query that "
     "might use the index too, since planning one needs a lock on it.",
     "REINDEX … CONCURRENTLY, outside a transaction.", 12, 18, reindex_not_concurrent},
    {"add-required-column", kError, kGroup,
     "A NOT NULL column without a default cannot be added to a table with rows, and where it has "
     "none, the inserts of the running release, which do not know the column, fail.",
     "Give it a constant DEFAULT, which costs nothing since PostgreSQL 11; or add it nullable, "
     "fill it, and set NOT NULL in a later release.",
     12, 18, add_required_column, "breaks-previous-release"},
    {"column-type-change", kError, kGroup,
     "Most changes of a type rewrite the table under ACCESS EXCLUSIVE, and the running release "
     "reads and writes a type it does not expect. Only what widens a limit, as varchar(50) to "
     "text, is free, unless a CHECK, an index of expressions or one with WHERE reads the column.",
     "Add a column of the new type beside it, keep both in step, and drop the old one later: zdm's "
     "change_column.",
     12, 18, column_type_change},
    {"add-check-validating", kError, kGroup,
     "ADD … CHECK reads all rows under ACCESS EXCLUSIVE: readers and writers wait. So does a CHECK "
     "written with a new column, though all its values are NULL.",
     "Add it NOT VALID, which is over at once and holds for new rows; then VALIDATE CONSTRAINT in "
     "another transaction, which lets readers and writers pass.",
     12, 18, add_check_validating},
    {"add-fk-validating", kError, kGroup,
     "ADD FOREIGN KEY reads all rows while writers of both tables wait (SHARE ROW EXCLUSIVE).",
     "Add it NOT VALID, then VALIDATE CONSTRAINT in another transaction, which lets writers pass. "
     "A partitioned table refuses that before 18: do it to each partition first, then add it "
     "there.",
     12, 18, add_fk_validating},
    {"set-not-null-scan", kError, kGroup,
     "SET NOT NULL reads all rows under ACCESS EXCLUSIVE, unless a valid CHECK already says that "
     "there is no NULL.",
     "Add CHECK (… IS NOT NULL) NOT VALID, VALIDATE it in another transaction, then SET NOT NULL, "
     "which believes it, and drop the check. From PostgreSQL 18 on, NOT NULL itself can be NOT "
     "VALID.",
     12, 18, set_not_null_scan},
    {"pk-using-index-nullable", kError, kGroup,
     "A primary key makes its columns NOT NULL. Where one may be nullable, all rows are read under "
     "ACCESS EXCLUSIVE, also with USING INDEX.",
     "Make the columns NOT NULL first, through a validated CHECK.", 12, 18,
     pk_using_index_nullable},
    {"add-unique-blocking", kError, kGroup,
     "The index behind UNIQUE is built under ACCESS EXCLUSIVE: readers and writers wait until it "
     "is.",
     "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … UNIQUE USING INDEX, which is over at "
     "once.",
     12, 18, add_unique_blocking},
    {"add-pk-blocking", kError, kGroup,
     "The index behind PRIMARY KEY is built under ACCESS EXCLUSIVE: readers and writers wait until "
     "it is.",
     "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … PRIMARY KEY USING INDEX, on columns "
     "that are NOT NULL.",
     12, 18, add_pk_blocking},
    {"add-exclusion-constraint", kError, kGroup,
     "The index behind EXCLUDE is built under ACCESS EXCLUSIVE, and PostgreSQL has no way to add "
     "one without.",
     "Give the constraint to a new table and move to that, or choose a time without traffic and "
     "allow it with that reason.",
     12, 18, add_exclusion},
    {"table-rewrite", kError, "rewrite",
     "The whole table is written anew under ACCESS EXCLUSIVE, its indexes too: readers and writers "
     "wait for as long as that takes. A default that differs from row to row (random(), "
     "clock_timestamp()), serial, identity, a stored generated column, a new expression for one, a "
     "domain with a constraint, VACUUM FULL, CLUSTER and SET LOGGED, UNLOGGED, TABLESPACE or "
     "ACCESS METHOD do this.",
     "Add the column without it, set the default for new rows, and fill the old ones in batches. "
     "Maintenance is for tools that copy online, such as pg_repack.",
     12, 18, table_rewrite},
    {"domain-constraint", kError, kGroup,
     "A constraint that is added to a domain is checked at once in every table with a column of "
     "it, while their writers wait.",
     "Add it NOT VALID, then VALIDATE CONSTRAINT in another transaction.", 12, 18,
     domain_constraint},
    {"attach-partition-scan", kWarning, kGroup,
     "ATTACH PARTITION locks the table it attaches and reads all its rows, and those of the "
     "default partition, unless valid CHECKs already say that they fit.",
     "Add the bounds as a CHECK NOT VALID, VALIDATE it, attach, and drop the check. Where the key "
     "may be NULL, the check must say that it is not.",
     12, 18, attach_partition_scan},
    {"detach-not-concurrent", kError, kGroup,
     "DETACH PARTITION takes ACCESS EXCLUSIVE on the partitioned table: all of it stands still "
     "until running queries have ended.",
     "DETACH PARTITION … CONCURRENTLY, outside a transaction; it needs PostgreSQL 14 and a table "
     "without a default partition.",
     14, 18, detach_not_concurrent},
    {"partition-parent-lock", kWarning, kGroup,
     "CREATE TABLE … PARTITION OF takes ACCESS EXCLUSIVE on the partitioned table, and reads its "
     "default partition if there is one.",
     "CREATE TABLE … (LIKE parent INCLUDING ALL), then ATTACH PARTITION, which lets readers and "
     "writers pass.",
     12, 18, partition_parent_lock},
    {"refresh-matview-blocking", kError, kGroup,
     "REFRESH MATERIALIZED VIEW keeps all its readers waiting until the query is done.",
     "REFRESH MATERIALIZED VIEW CONCURRENTLY; it needs a unique index over plain columns.", 12, 18,
     refresh_blocking},
    {"disable-trigger", kWarning, kGroup,
     "While a trigger is off, or once it is dropped, what the running release writes passes it by: "
     "audit rows, sums and foreign keys go wrong, and nothing says so.",
     "Leave it on, or let it skip what you mean by a setting of your transaction.", 12, 18,
     disable_trigger},
    {"lock-table", kWarning, kGroup,
     "LOCK TABLE keeps others waiting until the transaction ends, not only while the next "
     "statement needs it.",
     "Leave it out: each statement takes the lock it needs. A short lock_timeout bounds how long "
     "others may wait.",
     12, 18, lock_table},
}};

}  // namespace

std::span<const Rule> blocking_rules() {
  return kRules;
}

}  // namespace zdm::planner
