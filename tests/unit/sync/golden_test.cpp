#include <cstdlib>
#include <fstream>
#include <sstream>

#include "rules.hpp"
#include "support/catch.hpp"
#include "sync/compose.hpp"

using namespace zdm::planner;
using namespace zdm::tests;

namespace {

struct Case {
  std::string name;
  Table table;
  std::vector<SyncRule> rules;
  std::vector<SyncRule> installed = {};
  int server_version = 150000;
};

Table users() {
  Table table;
  table.oid = 4711;
  table.name = {"app", "users"};
  table.columns = {column(1, "id", "bigint"),      column(2, "name", "text"),
                   column(3, "full_name", "text"), column(4, "first", "text"),
                   column(5, "last", "text"),      column(6, "price", "numeric(10,2)"),
                   column(7, "cents", "integer"),  column(8, "country", "text")};
  return table;
}

SyncRule lossy_rule() {
  return {.migration = {"0002_cents"},
          .old_side = {sync_column("price", "0", DefaultKind::constant)},
          .new_side = {sync_column("cents", "0", DefaultKind::constant)},
          .forward = {assign("cents", "round(price * 100)", {"price"}, "integer")},
          .backward = {assign("price", "cents / 100.0", {"cents"}, "numeric(10,2)")},
          .on_error = OnError::null};
}

SyncRule split_rule() {
  return {.migration = {"0003_split"},
          .old_side = {sync_column("name")},
          .new_side = {sync_column("first"), sync_column("last")},
          .forward = {assign("first", "substr(name, 1, 1)", {"name"}, "text"),
                      assign("last", "nullif(substr(name, 2), '')", {"name"}, "text")},
          .backward = {assign("name", "first || coalesce(last, '')", {"first", "last"}, "text")}};
}

SyncRule merge_rule() {
  return {.migration = {"0004_merge"},
          .old_side = {sync_column("first"), sync_column("last")},
          .new_side = {sync_column("name")},
          .forward = {assign("name", "first || -- both\n last", {"first", "last"}, "text")},
          .backward = {assign("first", "substr(name, 1, 1)", {"name"}, "text"),
                       assign("last", "substr(name, 2)", {"name"}, "text")}};
}

SyncRule add_column_rule() {
  return {.migration = {"0005_country"},
          .new_side = {sync_column("country")},
          .forward = {assign("country", "upper(name)", {"name"}, "text")}};
}

SyncRule drop_column_rule() {
  return {.migration = {"0006_drop"},
          .old_side = {sync_column("name")},
          .backward = {assign("name", "coalesce(full_name, '')", {"full_name"}, "text")}};
}

SyncRule repair_rule() {
  return {.migration = {"0007_repair"},
          .change = 2,
          .forward = {assign("country", "'unknown'", {}, "text")},
          .repair = true};
}

Table hostile() {
  Table table;
  table.oid = 1;
  table.name = {"My \"App\"", "order; DROP TABLE x --'"};
  table.columns = {column(1, "id", "bigint"), column(2, "select", "text"),
                   column(3, "né \"w\"", "text")};
  return table;
}

SyncRule hostile_rule() {
  SyncRule rule = rename_rule("select", "né \"w\"", "0001_'\n$zdm$");
  rule.forward = {assign("né \"w\"", "\"select\" || '$zdm$;--'", {"select"})};
  rule.backward = {assign("select", "\"né \"\"w\"\"\"", {"né \"w\""})};
  return rule;
}

std::vector<Case> cases() {
  Table subscribed = users();
  subscribed.subscribed = true;
  Table leaves = users();
  leaves.kind = TableKind::partitioned;
  leaves.leaves = {{"app", "users_1"}, {"app", "users_2"}};
  const SyncRule rename = rename_rule("name", "full_name");
  return {{"rename", users(), {rename}},
          {"lossy", users(), {lossy_rule()}},
          {"split", users(), {split_rule()}},
          {"merge", users(), {merge_rule()}},
          {"add_column", users(), {add_column_rule()}},
          {"drop_column", users(), {drop_column_rule()}},
          {"repair", users(), {repair_rule()}},
          {"chain", users(), {rename, rename_rule("full_name", "country", "0008_again")}, {rename}},
          {"hostile", hostile(), {hostile_rule()}},
          {"last_one_out", users(), {}, {rename}},
          {"subscribed_13", subscribed, {rename}, {rename}, 130000},
          {"partitioned_12", leaves, {rename}, {}, 120000}};
}

std::string script(Engine engine, const Case& test) {
  Catalog catalog;
  catalog.engine = engine;
  catalog.server_version = engine == Engine::sqlite ? 3040001 : test.server_version;
  catalog.search_path = {"app", "public"};
  Table table = test.table;
  if (engine == Engine::sqlite) {
    table.name.schema.clear();
  }
  const auto statements = compose_triggers(catalog, table, test.installed, test.rules, 7);
  INFO((statements ? std::string() : statements.error().message));
  REQUIRE(statements);
  std::string text;
  for (const std::string& statement : *statements) {
    text += statement + ";\n";
  }
  return text;
}

/// Compares with golden/<name>.sql; ZDM_APPROVE=1 writes it instead.
void check_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(ZDM_SOURCE_DIR) + "/tests/unit/sync/golden/" + name + ".sql";
  if (std::getenv("ZDM_APPROVE") != nullptr) {
    std::ofstream(path) << text;
  }
  std::ifstream file(path);
  std::stringstream golden;
  golden << file.rdbuf();
  CHECK(text == golden.str());
}

}  // namespace

TEST_CASE("the composed triggers are those that were approved", "[sync][golden]") {
  for (const Case& test : cases()) {
    DYNAMIC_SECTION(test.name) {
      check_golden(test.name + ".postgresql", script(Engine::postgresql, test));
      check_golden(test.name + ".sqlite", script(Engine::sqlite, test));
    }
  }
}
