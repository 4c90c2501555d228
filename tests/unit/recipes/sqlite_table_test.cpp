#include "sql/sqlite_table.hpp"

#include <fmt/format.h>

#include "support/catch.hpp"

namespace zdm::planner {

TEST_CASE("SQLite: NOT NULL is added behind a column's type") {
  CHECK(sqlite_set_not_null("CREATE TABLE t(a int, b text)", "b", true).value() ==
        "CREATE TABLE t(a int, b text NOT NULL)");
  CHECK(sqlite_set_not_null("CREATE TABLE t(a int, b text, CHECK (b <> ''))", "b", true).value() ==
        "CREATE TABLE t(a int, b text NOT NULL, CHECK (b <> ''))");
  CHECK(sqlite_set_not_null("CREATE TABLE t(\"a b\" int DEFAULT (1 + (2)))", "A B", true).value() ==
        "CREATE TABLE t(\"a b\" int NOT NULL DEFAULT (1 + (2)))");
}

TEST_CASE("SQLite: NOT NULL is taken out with its name and its conflict clause") {
  CHECK(sqlite_set_not_null("CREATE TABLE t(a int NOT NULL, b text)", "a", false).value() ==
        "CREATE TABLE t(a int, b text)");
  CHECK(sqlite_set_not_null(
            "CREATE TABLE t(a int CONSTRAINT c not null ON CONFLICT IGNORE DEFAULT 1)", "a", false)
            .value() == "CREATE TABLE t(a int DEFAULT 1)");
}

TEST_CASE("SQLite: an edit never lets a comment swallow what follows it") {
  const auto nullable = [](std::string_view text) {
    return sqlite_set_not_null(text, "a", false).value();
  };
  CHECK(nullable("CREATE TABLE t(a int -- , b NOT NULL\n NOT NULL,\n c int)") ==
        "CREATE TABLE t(a int -- , b NOT NULL\n ,\n c int)");
  CHECK(nullable("CREATE TABLE t(a int /* x */ not -- y\n null -- z\n, c int)") ==
        "CREATE TABLE t(a int /* x */  -- z\n, c int)");
  CHECK(nullable("CREATE TABLE t(a int -- x\n CONSTRAINT n NOT NULL)") ==
        "CREATE TABLE t(a int -- x\n )");
  CHECK(sqlite_set_not_null("CREATE TABLE t(a int -- x\n)", "a", true).value() ==
        "CREATE TABLE t(a int NOT NULL -- x\n)");
  CHECK(sqlite_set_default("CREATE TABLE t(a int -- x\n DEFAULT 1, b)", "a", "2").value() ==
        "CREATE TABLE t(a int DEFAULT 2 -- x\n , b)");
  CHECK(sqlite_set_default("CREATE TABLE t(a int, b)", "a", "1 -- x\n+ 1 --").value() ==
        "CREATE TABLE t(a int DEFAULT (1 -- x\n+ 1 --\n), b)");
}

TEST_CASE("SQLite: a default is found whatever literal it is, and no SET DEFAULT taken for it") {
  const auto seven = [](std::string_view text) {
    return sqlite_set_default(text, "a", "7").value();
  };
  for (const auto* value : {"1e-5", "x'ab'", "-0x1F", "\"n/a\"", "CURRENT_TIME", "+.5"}) {
    CHECK(seven(fmt::format("CREATE TABLE t(a DEFAULT {} NOT NULL, b)", value)) ==
          "CREATE TABLE t(a NOT NULL DEFAULT 7, b)");
  }
  CHECK(seven("CREATE TABLE t(a int DEFAULT 3 REFERENCES p ON DELETE SET DEFAULT, b)") ==
        "CREATE TABLE t(a int REFERENCES p ON DELETE SET DEFAULT DEFAULT 7, b)");
  CHECK(seven("CREATE TABLE t(a int REFERENCES p ON UPDATE SET DEFAULT ON DELETE SET NULL)") ==
        "CREATE TABLE t(a int REFERENCES p ON UPDATE SET DEFAULT ON DELETE SET NULL DEFAULT 7)");
  CHECK(sqlite_set_default("CREATE TABLE t(a)", "a", "(1) + (2)").value() ==
        "CREATE TABLE t(a DEFAULT ((1) + (2)))");
}

TEST_CASE("SQLite: what is as wanted stays as it is, to the byte") {
  const std::string text = "CREATE TABLE t(\n  a int  NOT  NULL,\n  b\n)";
  CHECK(sqlite_set_not_null(text, "a", true).value() == text);
  CHECK(sqlite_set_not_null(text, "b", false).value() == text);
}

TEST_CASE("SQLite: NOT NULL inside a check or a default is no constraint of the column") {
  const std::string text = "CREATE TABLE t(a int CHECK (a IS NOT NULL), b text DEFAULT 'NOT NULL')";
  CHECK(sqlite_set_not_null(text, "a", false).value() == text);
  CHECK(sqlite_set_not_null(text, "b", false).value() == text);
}

TEST_CASE("SQLite: a column is found by its name, whatever it is called") {
  CHECK(sqlite_set_not_null("CREATE TABLE t([check] int, `primary` int)", "check", true).value() ==
        "CREATE TABLE t([check] int NOT NULL, `primary` int)");
  CHECK(sqlite_set_not_null("CREATE TABLE \"t(\"(\"a\"\"b\" int)", "a\"b", true).value() ==
        "CREATE TABLE \"t(\"(\"a\"\"b\" int NOT NULL)");
  CHECK_FALSE(sqlite_set_not_null("CREATE TABLE t(a int, CHECK (b > 0))", "b", true));
}

TEST_CASE("SQLite: a default replaces the one that was there") {
  CHECK(sqlite_set_default("CREATE TABLE t(a int DEFAULT -1.5 NOT NULL, b)", "a", "7").value() ==
        "CREATE TABLE t(a int NOT NULL DEFAULT 7, b)");
  CHECK(sqlite_set_default("CREATE TABLE t(a text DEFAULT ('x' || (1)))", "a", "'it''s'").value() ==
        "CREATE TABLE t(a text DEFAULT 'it''s')");
  CHECK(sqlite_set_default("CREATE TABLE t(a text)", "a", "lower('X')").value() ==
        "CREATE TABLE t(a text DEFAULT (lower('X')))");
  CHECK(sqlite_set_default("CREATE TABLE t(a text DEFAULT 1)", "a", std::nullopt).value() ==
        "CREATE TABLE t(a text)");
}

TEST_CASE("SQLite: what reads the old column reads the new one, and its own CHECKs are copied") {
  const auto carried = [](std::string_view text) {
    return sqlite_carry_constraints(text, "a", "b").value();
  };
  CHECK(carried("CREATE TABLE t(a int CONSTRAINT c CHECK (A > 1 AND (a < 9)), b int)") ==
        "CREATE TABLE t(a int CONSTRAINT c CHECK (A > 1 AND (a < 9)), "
        "b int CONSTRAINT c CHECK (b > 1 AND (b < 9)))");
  CHECK(
      carried("CREATE TABLE t(a int, b int, c int CHECK (c < a), CHECK (length(a) < 5 -- a\n))") ==
      "CREATE TABLE t(a int, b int, c int CHECK (c < b), CHECK (length(b) < 5 -- a\n))");
  CHECK(carried("CREATE TABLE t(a int, c, b int, FOREIGN KEY (c, \"a\") REFERENCES t (c, a))") ==
        "CREATE TABLE t(a int, c, b int, FOREIGN KEY (c, b) REFERENCES t (c, a))");
  CHECK(carried("CREATE TABLE t(a int, b int DEFAULT 1)") ==
        "CREATE TABLE t(a int, b int DEFAULT 1)");
}

TEST_CASE("SQLite: words of a column's definition are told from those within brackets") {
  const std::string_view text =
      "CREATE TABLE t(a int NOT NULL ON CONFLICT IGNORE, b int CHECK (b IN (1)) references p, "
      "c text DEFAULT ('references'))";
  CHECK(sqlite_column_says(text, "a", "on", "conflict").value());
  CHECK_FALSE(sqlite_column_says(text, "b", "on", "conflict").value());
  CHECK(sqlite_column_says(text, "b", "references").value());
  CHECK_FALSE(sqlite_column_says(text, "c", "references").value());
}

}  // namespace zdm::planner
