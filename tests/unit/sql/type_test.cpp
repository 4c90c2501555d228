#include "sql/type.hpp"

#include "support/catch.hpp"

using zdm::planner::is_serial;
using zdm::planner::type_fault;
using zdm::planner::without_collation;

TEST_CASE("types of PostgreSQL and of SQLite are types", "[sql]") {
  for (const auto* type : {"text",
                           "integer",
                           "numeric(10, 2)",
                           "varchar(10)",
                           "double precision",
                           "timestamp(3) with time zone",
                           "interval hour to minute",
                           "int[]",
                           "text[][]",
                           "app.\"Mood\"",
                           "\"a\"\"; drop table x; --\"",
                           "text COLLATE \"C\"",
                           "bit varying(8)",
                           "geometry(Point, 4326)",
                           "public.citext",
                           "INTEGER",
                           "UNSIGNED BIG INT",
                           "DECIMAL(10,-2)",
                           "character varying (20)",
                           "serial",
                           "int -- a comment",
                           "int /* another */"}) {
    INFO(type);
    CHECK_FALSE(type_fault(type));
  }
}

TEST_CASE("what goes on after the type is a fault", "[sql]") {
  for (const auto* text : {"integer DEFAULT 5",
                           "integer NOT NULL",
                           "integer NULL",
                           "text CHECK (true)",
                           "integer PRIMARY KEY",
                           "INTEGER PRIMARY KEY AUTOINCREMENT",
                           "int UNIQUE",
                           "int REFERENCES users",
                           "int GENERATED ALWAYS AS IDENTITY",
                           "int, y int",
                           "int, ADD COLUMN y int",
                           "int); DROP TABLE users; --",
                           "int; DROP TABLE users",
                           ";",
                           "(",
                           ")",
                           "(10)",
                           "int(",
                           "int)",
                           "int 'x'",
                           "'x'",
                           "$1",
                           "\"open",
                           "int -- a\n; DROP TABLE x",
                           "int) WITH (fillfactor = 50",
                           "int) INHERITS (users",
                           "SETOF int",
                           "UNSIGNED BIG INT UNIQUE",
                           "foo bar, baz qux",
                           "a b (SELECT 1)",
                           "a b (c)",
                           "/* open"}) {
    INFO(text);
    CHECK(type_fault(text));
  }
  CHECK(type_fault(std::string(2000, 'x')));
}

TEST_CASE("a collation is taken off its type", "[sql]") {
  CHECK(without_collation("text COLLATE \"C\"") == "text ");
  CHECK(without_collation("varchar(9) collate \"de-x-icu\"") == "varchar(9) ");
  CHECK(without_collation("\"my collate\"") == "\"my collate\"");
}

TEST_CASE("serial is told from types that are called much like it", "[sql]") {
  for (const auto* type : {"serial", "BIGSERIAL", " smallserial ", "serial4", "serial8"}) {
    INFO(type);
    CHECK(is_serial(type));
  }
  for (const auto* type : {"\"serial\"", "app.serial", "serial[]", "serially", "integer", ""}) {
    INFO(type);
    CHECK_FALSE(is_serial(type));
  }
}
