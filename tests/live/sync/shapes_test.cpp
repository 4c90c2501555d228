#include "bench.hpp"

/// Rules of every shape, on both engines: statement by statement.
using namespace zdm::planner;
using namespace zdm::tests;

namespace {

struct Write {
  std::string setup;  ///< an INSERT before, through the trigger
  std::string statement;
  std::string expected;
};

void check(SyncBench& bench, const std::string& columns, const std::vector<Write>& writes) {
  for (const Write& write : writes) {
    CAPTURE(bench.sqlite(), write.setup, write.statement);
    CHECK(bench.after(write.setup, write.statement, columns) == write.expected);
  }
}

Engine any_engine() {
  return GENERATE(Engine::postgresql, Engine::sqlite);
}

SyncRule split_rule() {
  return {.migration = {"0001_split"},
          .old_side = {sync_column("name")},
          .new_side = {sync_column("first"), sync_column("last")},
          .forward = {assign("first", "substr(name, 1, 1)", {"name"}),
                      assign("last", "nullif(substr(name, 2), '')", {"name"})},
          .backward = {assign("name", "first || coalesce(last, '')", {"first", "last"})}};
}

SyncRule merge_rule() {
  return {.migration = {"0001_merge"},
          .old_side = {sync_column("first"), sync_column("last")},
          .new_side = {sync_column("name")},
          .forward = {assign("name", "first || coalesce(last, '')", {"first", "last"})},
          .backward = {assign("first", "substr(name, 1, 1)", {"name"}),
                       assign("last", "nullif(substr(name, 2), '')", {"name"})}};
}

const std::string kPeople =
    "CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, name text, first text, last text, other "
    "integer)";

}  // namespace

TEST_CASE("a split column is held equal both ways", "[live][sync]") {
  SyncBench bench(any_engine(), kPeople);
  bench.install({split_rule()});
  const std::string ab = "INSERT INTO t (name) VALUES ('ab')";
  check(bench, "name, first, last",
        {{"", ab, "ab|a|b"},
         {"", "INSERT INTO t (name) VALUES ('a')", "a|a|NULL"},
         {"", "INSERT INTO t (first, last) VALUES ('x', 'y')", "xy|x|y"},
         {"", "INSERT INTO t (first) VALUES ('x')", "x|x|NULL"},
         {"", "INSERT INTO t (name, first, last) VALUES ('ab', 'x', 'y')", "ab|x|y"},
         {"", "INSERT INTO t (name, first) VALUES ('ab', 'x')", "ab|x|b"},
         {"", "INSERT INTO t (other) VALUES (1)", "NULL|NULL|NULL"},
         {ab, "UPDATE t SET name = 'cd'", "cd|c|d"},
         {ab, "UPDATE t SET first = 'x'", "xb|x|b"},
         {ab, "UPDATE t SET last = NULL", "a|a|NULL"},
         {ab, "UPDATE t SET name = 'cd', last = 'z'", "cd|a|z"},
         {ab, "UPDATE t SET other = 1", "ab|a|b"},
         {ab, "UPDATE t SET name = NULL", "NULL|NULL|NULL"}});
}

TEST_CASE("a part written before its sibling is filled loses nothing", "[live][sync]") {
  SyncBench bench(any_engine(), kPeople);
  bench.exec("INSERT INTO t (name) VALUES ('ab')");
  bench.install({split_rule()});
  bench.exec("UPDATE t SET first = 'x'");
  CHECK(bench.row("name, first, last") == "xb|x|b");
}

TEST_CASE("any UPDATE fills a row that was not filled yet", "[live][sync]") {
  SyncBench bench(any_engine(), kPeople);
  bench.exec("INSERT INTO t (name) VALUES ('ab')");
  bench.install({split_rule()});
  bench.exec("UPDATE t SET other = 1");
  CHECK(bench.row("name, first, last") == "ab|a|b");
}

TEST_CASE("merged columns are held equal both ways", "[live][sync]") {
  SyncBench bench(any_engine(), kPeople);
  bench.install({merge_rule()});
  const std::string ab = "INSERT INTO t (first, last) VALUES ('a', 'b')";
  check(bench, "first, last, name",
        {{"", ab, "a|b|ab"},
         {"", "INSERT INTO t (first) VALUES ('a')", "a|NULL|a"},
         {"", "INSERT INTO t (name) VALUES ('xy')", "x|y|xy"},
         {"", "INSERT INTO t (first, name) VALUES ('a', 'xy')", "a|NULL|xy"},
         {ab, "UPDATE t SET last = 'c'", "a|c|ac"},
         {ab, "UPDATE t SET name = 'xy'", "x|y|xy"},
         {ab, "UPDATE t SET name = 'xy', first = 'q'", "q|b|xy"},
         {ab, "UPDATE t SET first = NULL", "NULL|b|NULL"},
         {ab, "UPDATE t SET name = NULL", "NULL|NULL|NULL"}});
}

TEST_CASE("columns that change places are read before any is written", "[live][sync]") {
  SyncBench bench(any_engine(),
                  "CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, a text, b text, c text)");
  bench.install(
      {{.migration = {"0001_swap"},
        .old_side = {sync_column("a"), sync_column("b")},
        .new_side = {sync_column("c")},
        .forward = {assign("c", "a || b", {"a", "b"})},
        .backward = {assign("a", "c || b", {"c", "b"}), assign("b", "c || a", {"c", "a"})}}});
  check(bench, "a, b, c",
        {{"INSERT INTO t (a, b) VALUES ('x', 'y')", "UPDATE t SET c = '-'", "-y|-x|-"}});
}

TEST_CASE("a value travels a chain of migrations either way", "[live][sync]") {
  SyncBench bench(any_engine(),
                  "CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, a text, b text, c text, "
                  "d text)");
  const SyncRule copy = {.migration = {"0003_copy"},
                         .new_side = {sync_column("d")},
                         .forward = {assign("d", "upper(b)", {"b"})}};
  bench.install({rename_rule("a", "b"), rename_rule("b", "c", "0002_again"), copy});
  const std::string x = "INSERT INTO t (a) VALUES ('x')";
  check(bench, "a, b, c, d",
        {{"", x, "x|x|x|X"},
         {"", "INSERT INTO t (b) VALUES ('x')", "x|x|x|X"},
         {"", "INSERT INTO t (c) VALUES ('x')", "x|x|x|X"},
         {x, "UPDATE t SET a = 'y'", "y|y|y|Y"},
         {x, "UPDATE t SET b = 'y'", "y|y|y|Y"},
         {x, "UPDATE t SET c = 'y'", "y|y|y|Y"},
         {x, "UPDATE t SET c = NULL", "NULL|NULL|NULL|NULL"},
         {x, "UPDATE t SET a = 'y', c = 'z'", "y|z|z|Z"}});
}

TEST_CASE("a chain that is not filled yet is filled from its oldest column", "[live][sync]") {
  SyncBench bench(any_engine(),
                  "CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, a text, b text, c text, "
                  "other integer)");
  bench.exec("INSERT INTO t (a) VALUES ('x')");
  bench.install({rename_rule("a", "b"), rename_rule("b", "c", "0002_again")});
  bench.exec("UPDATE t SET other = 1");
  CHECK(bench.row("a, b, c") == "x|x|x");
}

TEST_CASE("filling a chain's middle does not overwrite its ends", "[live][sync]") {
  SyncBench bench(any_engine(),
                  "CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, a text, b text, c text, "
                  "other integer)");
  bench.exec("INSERT INTO t (a, c) VALUES ('x', 'z')");
  bench.install({rename_rule("a", "b"), rename_rule("b", "c", "0002_again")});
  bench.exec("UPDATE t SET other = 1");
  CHECK(bench.row("a, b, c") == "x|x|z");
}

TEST_CASE("add_column with up: rows of old releases are computed, given values kept",
          "[live][sync]") {
  SyncBench bench(any_engine(),
                  "CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, name text, slug text, "
                  "other integer)");
  bench.install({{.migration = {"0001_slug"},
                  .new_side = {sync_column("slug")},
                  .forward = {assign("slug", "lower(name)", {"name"})}}});
  const std::string ab = "INSERT INTO t (name) VALUES ('AB')";
  check(bench, "name, slug",
        {{"", ab, "AB|ab"},
         {"", "INSERT INTO t (name, slug) VALUES ('AB', 'own')", "AB|own"},
         {ab, "UPDATE t SET name = 'CD'", "CD|cd"},
         {ab, "UPDATE t SET slug = 'own'", "AB|own"},
         {ab, "UPDATE t SET name = 'CD', slug = 'own'", "CD|own"},
         {ab, "UPDATE t SET slug = NULL", "AB|NULL"},
         {"INSERT INTO t (name, slug) VALUES ('AB', 'own')", "UPDATE t SET other = 1", "AB|own"}});
}

TEST_CASE("drop_column with down: rows of new releases are computed, given values kept",
          "[live][sync]") {
  SyncBench bench(any_engine(),
                  "CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, name text DEFAULT '-', "
                  "slug text)");
  bench.install({{.migration = {"0001_drop"},
                  .old_side = {sync_column("name", "'-'", DefaultKind::constant)},
                  .backward = {assign("name", "upper(slug)", {"slug"})}}});
  const std::string ab = "INSERT INTO t (slug) VALUES ('ab')";
  check(bench, "name, slug",
        {{"", ab, "AB|ab"},
         {"", "INSERT INTO t (name, slug) VALUES ('own', 'ab')", "own|ab"},
         {ab, "UPDATE t SET slug = 'cd'", "CD|cd"},
         {ab, "UPDATE t SET slug = 'cd', name = 'own'", "own|cd"},
         {ab, "UPDATE t SET name = 'own'", "own|ab"}});
}

TEST_CASE("a repair fills only what is NULL, and the shapes follow it", "[live][sync]") {
  SyncBench bench(any_engine(),
                  "CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, a text, b text)");
  bench.install(
      {rename_rule("a", "b"),
       {.migration = {"0002_not_null"}, .forward = {assign("a", "'none'", {})}, .repair = true}});
  check(bench, "a, b",
        {{"", "INSERT INTO t (id) VALUES (1)", "none|none"},
         {"", "INSERT INTO t (a) VALUES ('x')", "x|x"},
         {"", "INSERT INTO t (b) VALUES ('y')", "y|y"},
         {"INSERT INTO t (a) VALUES ('x')", "UPDATE t SET a = NULL", "none|none"}});
}

TEST_CASE("a pass fills a chain at once, and verification agrees", "[live][sync][fill]") {
  const Engine engine = any_engine();
  SyncBench bench(engine,
                  "CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, a text, b text, c integer)");
  bench.exec("INSERT INTO t (id, a, b) VALUES (1, '7', NULL), (2, '8', '9'), (3, NULL, NULL)");
  const Fill first = {.assignments = {assign("b", "a", {"a"}, "text")},
                      .inverse = {assign("a", "b", {"b"}, "text")}};
  const Fill second = {.assignments = {assign("c", "CAST(b AS integer)", {"b"}, "integer")}};
  const FillSql fill = compose_fill(engine, {first, second});
  bench.exec("UPDATE t SET " + fill.set + " WHERE " + fill.predicate);
  CHECK(bench.row("b, c", "id = 1") == "7|7");
  CHECK(bench.row("b, c", "id = 2") == "9|9");
  CHECK(bench.row("b, c", "id = 3") == "NULL|NULL");
  const std::string count =
      "SELECT count(*) FROM t WHERE " + compose_divergence(engine, {first, second});
  CHECK(bench.value(count) == "1");  // a and b of row 2 differ both ways
  bench.exec("UPDATE t SET a = '9' WHERE id = 2");
  CHECK(bench.value(count) == "0");
}

TEST_CASE("of a lossy pair a row that agrees in one direction is right", "[live][sync][fill]") {
  const Engine engine = any_engine();
  SyncBench bench(engine,
                  "CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, o numeric(10,4), n integer)");
  bench.exec(
      "INSERT INTO t VALUES (1, 12.3456, 1235), (2, 5, 500), (3, 5, 499), (4, 5, NULL), "
      "(5, NULL, NULL), (6, 12.35, 1235)");
  const std::string up =
      engine == Engine::sqlite ? "CAST(round(o * 100) AS INTEGER)" : "round(o * 100)";
  const Fill fill = {.assignments = {assign("n", up, {"o"}, "integer")},
                     .inverse = {assign("o", "n / 100.0", {"n"}, "numeric(10,4)")}};
  bench.exec("DELETE FROM t WHERE NOT (" + compose_divergence(engine, {fill}) + ")" + " OR (" +
             compose_divergence(engine, {fill}) + ") IS NULL");
  CHECK(bench.value("SELECT count(*) FROM t") == "2");
  CHECK(bench.value("SELECT min(id) || ' ' || max(id) FROM t") == "3 4");
}

TEST_CASE("a row whose new value is missing is wrong, though the old one agrees with it",
          "[live][sync][fill][law4]") {
  const Engine engine = any_engine();
  SyncBench bench(engine, "CREATE TABLE t (o integer, n integer)");
  bench.exec("INSERT INTO t VALUES (NULL, NULL), (NULL, 0), (1, 1)");
  const Fill fill = {.assignments = {assign("n", "coalesce(o, 0)", {"o"}, "integer")},
                     .inverse = {assign("o", "n", {"n"}, "integer")}};
  CHECK(bench.value("SELECT count(*) FROM t WHERE " + compose_divergence(engine, {fill})) == "1");
}

TEST_CASE("hostile names change nothing", "[live][sync]") {
  SyncBench bench(any_engine(),
                  "CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, \"se\"\"lect; '\" text, \"né "
                  "$zdm$\" text)");
  bench.install(
      {{.migration = {"0001_'; DROP TABLE t; --\n$zdm$"},
        .old_side = {sync_column("se\"lect; '")},
        .new_side = {sync_column("né $zdm$")},
        .forward = {assign("né $zdm$", "\"se\"\"lect; '\"", {"se\"lect; '"})},
        .backward = {assign("se\"lect; '", "\"né $zdm$\" || -- back\n ''", {"né $zdm$"})}}});
  bench.exec("INSERT INTO t (\"né $zdm$\") VALUES ('x')");
  CHECK(bench.row("\"se\"\"lect; '\"") == "x");
}

TEST_CASE("rules enter and leave while the table is in use", "[live][sync]") {
  SyncBench bench(any_engine(),
                  "CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, a text, b text, c text)");
  const SyncRule one = rename_rule("a", "b");
  const SyncRule two = rename_rule("b", "c", "0002_again");
  bench.install({one});
  bench.install({one, two});
  CHECK(bench.after("", "INSERT INTO t (a) VALUES ('x')", "a, b, c") == "x|x|x");
  bench.install({two});
  CHECK(bench.after("", "INSERT INTO t (b) VALUES ('x')", "a, b, c") == "NULL|x|x");
  bench.install({});
  CHECK(bench.after("", "INSERT INTO t (b) VALUES ('x')", "a, b, c") == "NULL|x|NULL");
  CHECK(bench.value(bench.sqlite() ? "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"
                                   : "SELECT (SELECT count(*) FROM pg_trigger) + count(*) FROM "
                                     "pg_proc WHERE pronamespace = 'zdm'::regnamespace") == "0");
}
