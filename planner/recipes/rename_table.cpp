#include "recipes/rename_table.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "model/migration.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "recipes/touched.hpp"
#include "recipes/view_exchange.hpp"
#include "recipes/view_words.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"from", "table", true, "the table as the running release knows it"},
    KeyInfo{"to", "table", true, "the table as the next release knows it, in the same schema"},
};

/// The table and the two names, whichever of them it has now.
struct Names {
  Table table;
  TableName from;
  TableName to;
  bool exchanged = false;
};

Result<Names> names_of(const Context& context, const RenameTableChange& change) {
  ZDM_CHECK(refuse_on_sqlite(context, "rename a table without downtime",
                             "its views take no INSERT, UPDATE or DELETE"));
  Names names;
  const auto* renamed = context.catalog.table(change.to);
  names.exchanged = renamed != nullptr && renamed->kind != TableKind::view;
  ZDM_TRY(names.table, subject_table(context, names.exchanged ? change.to : change.from));
  names.from = {names.table.name.schema, change.from.name};
  names.to = {names.table.name.schema, change.to.name};
  return names;
}

/// Some role has a privilege on the table or on a column of it without SELECT on all of it.
bool reads_in_part(const Table& table) {
  const auto reads = [](const std::string& words) {
    return words.substr(0, words.find(" TO ")).find("SELECT") != std::string::npos;
  };
  const auto granted = [](const Column& column) { return !column.grants.empty(); };
  return !std::ranges::all_of(table.grants, reads) || std::ranges::any_of(table.columns, granted);
}

Result<void> refuse(const Context& context, const Names& names) {
  const auto no = [&](std::string_view what, std::string_view hint) {
    return fail_at(
        where_of(context), ErrorCode::refused,
        fmt::format("{} cannot be renamed with a view beside it: {}", quote(names.from), what),
        std::string(hint));
  };
  if (names.table.row_security && context.catalog.server_version < 150000) {
    return no("it has row security, which a view before PostgreSQL 15 would bypass",
              "upgrade the server, or rename the table in a maintenance window");
  }
  if (names.table.row_security && reads_in_part(names.table)) {
    return no(
        "it has row security, and a role that may not read all of it, which it must be able "
        "to through a view that keeps row security",
        "grant that role SELECT on the whole table, or rename it in a maintenance window");
  }
  if (names.table.published) {
    return no("it is in a publication, whose subscribers know it by name",
              "take it out of the publication first");
  }
  const auto* rules = context.progress.rules(names.table);
  if (rules != nullptr && !rules->rules.empty()) {
    return no(fmt::format("it is still being migrated by {}", rules->rules.front().migration.value),
              "finish that migration first, or roll it back");
  }
  if (context.phase == Phase::expand && context.catalog.table(names.to) != nullptr) {
    return no(fmt::format("{} exists already", quote(names.to)), "choose another name");
  }
  return {};
}

/// What a change names besides its own table.
std::vector<TableName> named_by(const Change& change) {
  return std::visit(
      [](const auto& kind) -> std::vector<TableName> {
        if constexpr (requires { TableName{kind.references.table}; }) {
          return {kind.references.table};
        } else if constexpr (requires { TableName{kind.references->table}; }) {
          if (kind.references) return {kind.references->table};
        }
        return {};
      },
      change.kind);
}

std::optional<TableName> index_of(const Change& change) {
  if (const auto* dropped = std::get_if<DropIndexChange>(&change.kind)) return dropped->name;
  if (const auto* replaced = std::get_if<ReplaceIndex>(&change.kind)) return replaced->from;
  return std::nullopt;
}

/// The table by its old or its new name, which is not there yet.
bool means(const Context& context, const Names& names, const TableName& name) {
  if (const auto* table = context.catalog.table(name)) return table->name == names.table.name;
  const bool here = name.schema.empty() || name.schema == names.to.schema;
  return here && (name.name == names.to.name || name.name == names.from.name);
}

bool works_on(const Context& context, const Names& names, const Change& change) {
  auto tables = touched_by(change).tables;
  for (auto& each : named_by(change)) tables.push_back(std::move(each));
  const auto index = index_of(change);
  if (index && names.table.index(index->name) != nullptr &&
      (index->schema.empty() || index->schema == names.table.name.schema)) {
    return true;
  }
  return std::ranges::any_of(tables, [&](const auto& each) { return means(context, names, each); });
}

/// It makes a view of the table, or of one whose dependents read the table: these would be bound to
/// a name that is about to change places, and the view of the other name could not go.
bool makes_view_over(const Context& context, const Names& names, const Change& change) {
  const auto made = view_made_by(change);
  if (!made) return false;
  auto read = views::read_by(made->query);
  const auto* old = made->replaces ? context.catalog.table(made->name) : nullptr;
  for (const auto& dependent : old == nullptr ? std::vector<Dependent>{} : old->dependents) {
    read.insert(read.end(), dependent.reads.begin(), dependent.reads.end());
  }
  return std::ranges::any_of(read, [&](const auto& each) { return means(context, names, each); });
}

/// The other changes of the file would find a view where they look for the table from switch on.
Result<void> refuse_company(const Context& context, const Names& names) {
  const auto& changes = context.migration.changes;
  const auto no = [&](std::size_t number, std::string_view what, std::string_view hint) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("rename_table of {} and change {} of the same file {}",
                               quote(names.from), number, what),
                   std::string(hint));
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (i == context.change) continue;
    if (works_on(context, names, changes[i])) {
      return no(i + 1, fmt::format("both change {}", quote(names.from)),
                "put rename_table into a file of its own, which begins once the other one is "
                "contracted, or the other way round");
    }
    if (makes_view_over(context, names, changes[i])) {
      return no(
          i + 1,
          fmt::format("do not go together: its view, or one on it, reads {}", quote(names.from)),
          "put rename_table into a file of its own, and make the view once it is "
          "contracted, or before");
    }
  }
  return {};
}

/// An updatable view of all columns (PostgreSQL manual, CREATE VIEW, "Updatable Views"), with the
/// table's owner and privileges. Where the table has row security, the one who asks is checked on
/// the table too (`security_invoker`), and then must have SELECT on every column the view names,
/// whatever it does; elsewhere the copied privileges decide as they do on the table.
std::vector<std::string> create_view(const Context& context, const Names& names,
                                     const TableName& view, const TableName& table) {
  std::vector<std::string> columns;
  for (const auto& column : names.table.columns) columns.push_back(column.name);
  const bool invoker = names.table.row_security;
  std::vector<std::string> sql = {fmt::format("CREATE VIEW {}{} AS SELECT {} FROM {}", quote(view),
                                              invoker ? " WITH (security_invoker = true)" : "",
                                              columns.empty() ? "*" : quote_list(columns),
                                              quote(table))};
  for (auto& each : views::share(context, view, names.table, columns)) {
    sql.push_back(std::move(each));
  }
  return sql;
}

std::string rename(const TableName& from, const TableName& to) {
  return fmt::format("ALTER TABLE {} RENAME TO {}", quote(from), quote_identifier(to.name));
}

Guard same_table(const Names& names) {
  return {.query = fmt::format("SELECT pg_catalog.to_regclass({})::pg_catalog.oid = {}",
                               quote_literal(quote(names.table.name)), names.table.oid),
          .message = fmt::format("{} is no longer the table this migration began with",
                                 quote(names.table.name)),
          .hint = "it was renamed, dropped or made again outside zdm"};
}

/// The table takes the name of the view, and the view the name of the table, in one transaction.
Fragment change_places(const Context& context, const Names& names, const TableName& now,
                       const TableName& then) {
  auto step = guarantee::fragment({context, names.table}, Slot::exchange, StepKind::transaction,
                                  "table and view change names in one transaction");
  step.step.sql = {fmt::format("DROP VIEW {}", quote(then)), rename(now, then)};
  for (auto& each : create_view(context, names, now, then))
    step.step.sql.push_back(std::move(each));
  step.step.locks =
      Claims().add(now, LockMode::access_exclusive).add(then, LockMode::access_exclusive).list();
  if (names.table.oid != 0) step.step.guards = {same_table(names)};
  step.step.effects = {DropTable{then}, RenameTable{now, then},
                       PutTable{Table{.name = now, .kind = TableKind::view}}};
  return step;
}

Fragment drop_view(const Context& context, const Names& names, const TableName& view) {
  auto step = guarantee::fragment({context, names.table}, Slot::retire, StepKind::transaction, "");
  step.step.sql = {fmt::format("DROP VIEW {}", quote(view))};
  step.step.locks = Claims().add(view, LockMode::access_exclusive).list();
  step.step.effects = {DropTable{view}};
  return step;
}

}  // namespace

const KindInfo& RenameTableChange::info() {
  static constexpr KindInfo info{
      .kind = "rename_table",
      .summary =
          "gives a table another name, with an updatable view under the name it does not have",
      .keys = kKeys,
      .common_keys = "",
      .expand = "an updatable view of the new name is created, with the table's privileges",
      .backfill = "",
      .switch_ = "table and view change names in one transaction",
      .contract = "the view of the old name is dropped",
      .undo = "table and view change names back; the view is dropped",
      .sqlite = false,
      .example = "[[change]]\nkind = \"rename_table\"\nfrom = \"users\"\nto   = \"accounts\"\n"};
  return info;
}

Result<RenameTableChange> RenameTableChange::decode(KeyReader& keys) {
  RenameTableChange change;
  ZDM_TRY(change.from, keys.table("from"));
  ZDM_TRY(change.to, keys.table("to"));
  if (!change.to.schema.empty() && change.to.schema != change.from.schema) {
    return fail_at(keys.where("to"), ErrorCode::refused,
                   "a table cannot change its schema by rename_table",
                   "name both in the same schema");
  }
  if (change.to.schema.empty()) change.to.schema = change.from.schema;
  return change;
}

CatalogRequest RenameTableChange::needs() const {
  return {.tables = {from, to}};
}

Result<Recipe> RenameTableChange::plan(const Context& context) const {
  ZDM_TRY(const auto names, names_of(context, *this));
  Recipe recipe;
  switch (context.phase) {
    case Phase::expand: {
      ZDM_CHECK(refuse(context, names));
      ZDM_CHECK(refuse_company(context, names));
      auto step =
          guarantee::fragment({context, names.table}, Slot::shape, StepKind::transaction, "");
      step.step.sql = create_view(context, names, names.to, names.from);
      step.step.locks = Claims().add(names.table.name, LockMode::access_share).list();
      step.step.effects = {PutTable{Table{.name = names.to, .kind = TableKind::view}}};
      recipe.fragments.push_back(std::move(step));
      recipe.warnings.push_back(
          {.code = "through-a-view",
           .message = fmt::format("until contract one of {} and {} is a view: TRUNCATE, COPY FROM, "
                                  "ON CONFLICT ON CONSTRAINT, ctid, pg_get_serial_sequence, CREATE "
                                  "INDEX and REFERENCES "
                                  "fail there, and ALTER TABLE on the table does not reach it",
                                  quote(names.from), quote(names.to))});
      break;
    }
    case Phase::backfill:
      break;
    case Phase::switch_:
      ZDM_CHECK(refuse(context, names));
      if (!names.exchanged) {
        ZDM_CHECK(views::refuse_still_used(context, names.to));
        recipe.fragments.push_back(change_places(context, names, names.from, names.to));
      }
      break;
    case Phase::contract:
      ZDM_CHECK(views::refuse_still_used(context, names.from));
      recipe.fragments.push_back(drop_view(context, names, names.from));
      recipe.fragments.back().step.destructive = true;
      break;
  }
  return recipe;
}

Result<Recipe> RenameTableChange::undo(const Context& context) const {
  ZDM_TRY(const auto names, names_of(context, *this));
  Recipe recipe;
  if (context.phase == Phase::switch_ && names.exchanged) {
    ZDM_CHECK(views::refuse_still_used(context, names.from));
    recipe.fragments.push_back(change_places(context, names, names.to, names.from));
  } else if (context.phase == Phase::expand) {
    const auto* view = context.catalog.table(names.to);
    if (view != nullptr && view->kind == TableKind::view) {
      ZDM_CHECK(views::refuse_still_used(context, names.to));
      recipe.fragments.push_back(drop_view(context, names, names.to));
    }
  }
  return recipe;
}

}  // namespace zdm::planner
