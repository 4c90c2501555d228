#include "sync/compose.hpp"

#include "rules.hpp"
#include "support/catch.hpp"

using namespace zdm::planner;
using namespace zdm::tests;
using Catch::Matchers::Contains;

namespace {

Catalog postgres() {
  Catalog catalog;
  catalog.server_version = 150000;
  return catalog;
}

Catalog sqlite() {
  Catalog catalog;
  catalog.engine = Engine::sqlite;
  return catalog;
}

Table users() {
  Table table;
  table.oid = 5;
  table.name = {"", "users"};
  table.columns = {column(1, "id", "bigint"), column(2, "name", "text"),
                   column(3, "full_name", "text"), column(4, "slug", "text")};
  return table;
}

Error refusal(const Catalog& catalog, const Table& table, const std::vector<SyncRule>& rules) {
  const auto result = compose_triggers(catalog, table, {}, rules, 1);
  REQUIRE_FALSE(result);
  return result.error();
}

Trigger user_trigger(std::string name) {
  return {
      .name = std::move(name), .before = true, .row = true, .on_insert = true, .on_update = true};
}

const SyncRule kRename = rename_rule("name", "full_name");

}  // namespace

TEST_CASE("the token names the table and the generation", "[sync]") {
  CHECK(backfill_token(16384, 3) == "16384:3");
}

TEST_CASE("no rules and nothing installed compose nothing", "[sync]") {
  const auto result = compose_triggers(postgres(), users(), {}, {}, 1);
  REQUIRE(result);
  CHECK(result->empty());
}

TEST_CASE("a user's BEFORE trigger that would fire after ours is named", "[sync]") {
  Table table = users();
  table.triggers = {user_trigger("audit"), user_trigger("zzzz_normalise")};
  const Error error = refusal(postgres(), table, {kRename});
  CHECK(error.code == ErrorCode::refused);
  CHECK_THAT(error.message, Contains("zzzz_normalise"));
  CHECK_THAT(error.hint, Contains("ALTER TRIGGER"));

  SECTION("unless it is disabled") {
    table.triggers[1].enabled = false;
  }
  SECTION("unless it fires for statements") {
    table.triggers[1].row = false;
  }
  SECTION("unless it fires after the row") {
    table.triggers[1].before = false;
  }
  SECTION("unless it is for DELETE") {
    table.triggers[1].on_insert = table.triggers[1].on_update = false;
  }
  if (table.triggers[1].enabled && table.triggers[1].row && table.triggers[1].before &&
      table.triggers[1].on_insert) {
    return;
  }
  CHECK(compose_triggers(postgres(), table, {}, {kRename}, 1));
}

TEST_CASE("plain inheritance children are refused by name", "[sync]") {
  Table table = users();
  table.inherited = true;
  CHECK_THAT(refusal(postgres(), table, {kRename}).message, Contains("plain inheritance"));
}

TEST_CASE("views and foreign tables are refused", "[sync]") {
  Table table = users();
  table.kind = TableKind::foreign;
  CHECK(refusal(postgres(), table, {kRename}).code == ErrorCode::refused);
}

TEST_CASE("an expression that reads a generated column is refused on PostgreSQL only", "[sync]") {
  Table table = users();
  table.columns[1].generated = Generated::stored;
  table.columns[1].generated_sql = "lower(slug)";
  const SyncRule rule = {.migration = {"0001_add"},
                         .forward = {assign("full_name", "upper(name)", {"name"})}};
  const Error error = refusal(postgres(), table, {rule});
  CHECK_THAT(error.message, Contains("generated column name"));
  CHECK_THAT(error.hint, Contains("lower(slug)"));
  CHECK(compose_triggers(sqlite(), table, {}, {rule}, 1));
}

TEST_CASE("a generated column cannot be written", "[sync]") {
  Table table = users();
  table.columns[2].generated = Generated::stored;
  CHECK_THAT(refusal(postgres(), table, {kRename}).message, Contains("is generated"));
  CHECK_THAT(refusal(sqlite(), table, {kRename}).message, Contains("is generated"));
}

TEST_CASE("a column that the table does not have is named", "[sync]") {
  const SyncRule rule = rename_rule("name", "ctid");
  CHECK_THAT(refusal(postgres(), users(), {rule}).message, Contains("no column ctid"));
}

TEST_CASE("a subquery is refused", "[sync]") {
  SyncRule rule = kRename;
  rule.forward[0].expression = "(SELECT max(name) FROM users)";
  CHECK_THAT(refusal(postgres(), users(), {rule}).message, Contains("reads other rows"));
}

TEST_CASE("text that is not one expression is refused", "[sync]") {
  SyncRule rule = kRename;
  rule.forward[0].expression = "name) FROM users WHERE (true";
  CHECK(refusal(postgres(), users(), {rule}).code == ErrorCode::usage);
}

TEST_CASE("two rules that set one column the same way are both named", "[sync]") {
  const Error forward =
      refusal(postgres(), users(), {kRename, rename_rule("slug", "full_name", "0002_other")});
  CHECK_THAT(forward.message,
             Contains("0001_rename, change 1") && Contains("0002_other, change 1"));
  const Error backward =
      refusal(postgres(), users(), {kRename, rename_rule("name", "slug", "0002_other")});
  CHECK_THAT(backward.message, Contains("column name"));
}

TEST_CASE("a chain of migrations in flight is accepted", "[sync]") {
  CHECK(compose_triggers(postgres(), users(), {kRename},
                         {kRename, rename_rule("full_name", "slug", "0002_again")}, 2));
}

TEST_CASE("a volatile default that hides what was given is refused", "[sync]") {
  SyncRule rule = {.migration = {"0001_add"},
                   .new_side = {sync_column("slug", "gen_random_uuid()", DefaultKind::volatile_)},
                   .forward = {assign("slug", "name", {"name"})}};
  CHECK_THAT(refusal(postgres(), users(), {rule}).message, Contains("column slug"));

  SyncRule both = kRename;
  both.old_side = {sync_column("name", "now()", DefaultKind::stable)};
  both.new_side = {sync_column("full_name", "now()", DefaultKind::stable)};
  CHECK(compose_triggers(postgres(), users(), {}, {both}, 1));
  CHECK(refusal(sqlite(), users(), {both}).code == ErrorCode::refused);
}

TEST_CASE("SQLite: a rule may not write the primary key", "[sync]") {
  Table table = users();
  table.constraints = {{.name = "pk", .kind = ConstraintKind::primary_key, .attnums = {2}}};
  CHECK_THAT(refusal(sqlite(), table, {kRename}).message, Contains("primary key"));
}

TEST_CASE("SQLite: a table that hides its rowid is refused", "[sync]") {
  Table table = users();
  table.columns.push_back(column(5, "RowID", "text"));
  REQUIRE(compose_triggers(sqlite(), table, {}, {kRename}, 1));
  table.columns.push_back(column(6, "_rowid_", "text"));
  table.columns.push_back(column(7, "oid", "text"));
  CHECK_THAT(refusal(sqlite(), table, {kRename}).message, Contains("rowid"));
}

TEST_CASE("the rules leave even where they could not enter", "[sync]") {
  Table table = users();
  table.inherited = true;
  table.triggers = {user_trigger("zzzz")};
  const auto result = compose_triggers(postgres(), table, {kRename}, {}, 1);
  REQUIRE(result);
  CHECK(result->size() == 4);
}

TEST_CASE("one fill of one column is a plain assignment", "[sync][fill]") {
  const Fill fill = {.assignments = {assign("n", "upper(o)", {"o"})}};
  const FillSql sql = compose_fill(Engine::postgresql, {fill});
  CHECK(sql.set == "n = (upper(o))");
  CHECK(sql.predicate == "n IS NULL AND (upper(o)) IS NOT NULL");
}

TEST_CASE("a pass over several columns keeps what is filled", "[sync][fill]") {
  const Fill fill = {.assignments = {assign("a", "x", {"x"}), assign("b", "y -- why", {"y"})}};
  const FillSql sql = compose_fill(Engine::sqlite, {fill});
  CHECK(sql.set ==
        "a = CASE WHEN a IS NULL THEN (x) ELSE a END, "
        "b = CASE WHEN b IS NULL THEN (y -- why\n) ELSE b END");
  CHECK(sql.predicate ==
        "(a IS NULL AND (x) IS NOT NULL) OR (b IS NULL AND (y -- why\n) IS NOT NULL)");
}

TEST_CASE("a fill that reads a column of an earlier one sees its value in the same pass",
          "[sync][fill]") {
  const Fill first = {.assignments = {assign("b", "a + 1", {"a"}, "integer")}};
  const Fill second = {.assignments = {assign("c", "b * 2", {"b"}, "integer")}};
  const FillSql sql = compose_fill(Engine::postgresql, {first, second});
  CHECK_THAT(sql.set, Contains("((CASE WHEN b IS NULL THEN (a + 1) ELSE b END)::integer * 2)"));
}

TEST_CASE("a row that agrees in one direction is right", "[sync][divergence]") {
  const Fill fill = {.assignments = {assign("cents", "round(price * 100)", {"price"}, "integer")},
                     .inverse = {assign("price", "cents / 100.0", {"cents"}, "numeric(10,2)")}};
  CHECK(compose_divergence(Engine::postgresql, {fill}) ==
        "(cents IS NULL AND (round(price * 100)) IS NOT NULL)\n"
        "   OR (cents IS DISTINCT FROM (round(price * 100))::integer"
        " AND price IS DISTINCT FROM (cents / 100.0)::numeric(10,2))");
  CHECK(compose_divergence(Engine::sqlite, {fill}) ==
        "(cents IS NULL AND (round(price * 100)) IS NOT NULL)\n"
        "   OR (cents IS NOT (round(price * 100)) AND price IS NOT (cents / 100.0))");
}

TEST_CASE("where the new shape goes, a value that only it has is wrong", "[sync][divergence]") {
  const Fill fill = {.assignments = {assign("a", "x1", {"name"}), assign("b", "x2", {"name"})},
                     .inverse = {assign("name", "a || b", {"a", "b"})}};
  const Fill repair = {.assignments = {assign("n", "'x'", {})}, .repair = true};
  CHECK(compose_divergence(Engine::sqlite, {repair, fill}, Shapes::old_alone) ==
        "((a IS NOT NULL OR b IS NOT NULL) AND (a IS NOT (x1) OR b IS NOT (x2))"
        " AND ((name IS NULL) OR name IS NOT (a || b)))");
  CHECK(compose_divergence(Engine::sqlite, {repair}, Shapes::old_alone).empty());
}

TEST_CASE("types without equality are compared as text", "[sync][divergence]") {
  const Fill fill = {.assignments = {assign("n", "o", {"o"}, "json")}};
  CHECK_THAT(compose_divergence(Engine::postgresql, {fill}),
             Contains("(n::text IS DISTINCT FROM (o)::json::text)"));
}

TEST_CASE("of a repair only what is NULL is wrong", "[sync][divergence]") {
  const Fill fill = {.assignments = {assign("n", "'x'", {})}, .repair = true};
  CHECK(compose_divergence(Engine::postgresql, {fill}) == "(n IS NULL AND ('x') IS NOT NULL)");
}

TEST_CASE("SQLite: a batch's guard is of the table, whatever the case of its name", "[sync]") {
  CHECK(sqlite_guard_enter({"", "Us'ers"}) ==
        "INSERT INTO zdm_guard (table_name) VALUES ('us''ers')");
  CHECK_THAT(sqlite_guard_leave({"", "Users"}), Contains("table_name = 'users' OR"));
}
