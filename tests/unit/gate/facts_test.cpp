#include "gate/facts.hpp"

#include <stdexcept>
#include <string>

#include "support/catch.hpp"

using namespace zdm::planner;

namespace {

SqlFile file_of(const std::string& sql, Wrapping wrapping = Wrapping::none) {
  return {.path = "a.sql", .bytes = sql, .shipped = sql, .wrapping = wrapping};
}

std::string at(const std::string& sql, Place place) {
  return sql.substr(place.offset, place.length);
}

SqlEffect only(const std::string& sql) {
  const FileFacts facts = read_facts(file_of(sql));
  REQUIRE(facts.statements.size() == 1);
  INFO((facts.statements[0].fault ? facts.statements[0].fault->message : ""));
  REQUIRE_FALSE(facts.statements[0].fault);
  REQUIRE(facts.statements[0].effects.size() >= 1);
  return facts.statements[0].effects[0];
}

}  // namespace

TEST_CASE("statements are found at their bytes, without comments and semicolons", "[gate]") {
  const std::string sql =
      "-- first\nALTER TABLE a ADD b int; /* x */ DROP TABLE c -- end\n;\n;;SELECT ';', $$;$$";
  const FileFacts facts = read_facts(file_of(sql));
  REQUIRE(facts.statements.size() == 3);
  CHECK(at(sql, facts.statements[0].place) == "ALTER TABLE a ADD b int");
  CHECK(at(sql, facts.statements[1].place) == "DROP TABLE c");
  CHECK(at(sql, facts.statements[2].place) == "SELECT ';', $$;$$");
}

TEST_CASE("each command of ALTER TABLE is an effect at its clause", "[gate]") {
  const std::string sql =
      "ALTER TABLE ONLY app.\"Big Users\" ADD COLUMN n numeric(10,2) NOT NULL, DROP b CASCADE,\n"
      "  ALTER c TYPE varchar(20), ADD CONSTRAINT k CHECK (n > 0 AND c IS NOT NULL) NOT VALID";
  const FileFacts facts = read_facts(file_of(sql));
  REQUIRE(facts.statements.size() == 1);
  const auto& effects = facts.statements[0].effects;
  REQUIRE(effects.size() == 4);
  for (const SqlEffect& effect : effects) {
    CHECK(effect.object == TableName{"app", "Big Users"});
    CHECK(effect.only);
  }
  CHECK(at(sql, effects[0].where) == "ADD COLUMN n numeric(10,2) NOT NULL");
  CHECK(effects[0].deed == Deed::add_column);
  CHECK(effects[0].column.not_null);
  CHECK(effects[0].column.type == SqlType{"", "numeric", {10, 2}, false});
  CHECK(effects[1].deed == Deed::drop);
  CHECK(effects[1].kind == ObjectKind::column);
  CHECK(effects[1].part == "b");
  CHECK(effects[1].cascade);
  CHECK(effects[2].deed == Deed::change_type);
  CHECK(at(sql, effects[2].where) == "ALTER c TYPE varchar(20)");
  CHECK(effects[3].constraint == SqlConstraint::check);
  CHECK(effects[3].not_valid);
  CHECK(effects[3].not_null == std::vector<std::string>{"c"});
}

TEST_CASE("constraints written with a column are effects of their own", "[gate]") {
  const std::string sql =
      "ALTER TABLE a ADD b int DEFAULT 1 REFERENCES o (id) CHECK (b IN (1, 2)) UNIQUE";
  const auto facts = read_facts(file_of(sql));
  const auto& effects = facts.statements.at(0).effects;
  REQUIRE(effects.size() == 4);
  CHECK(effects[0].column.default_kind == SqlDefault::constant);
  CHECK(at(sql, effects[1].where) == "REFERENCES o (id)");
  CHECK(effects[1].other == TableName{"", "o"});
  CHECK(at(sql, effects[2].where) == "CHECK (b IN (1, 2))");
  CHECK(effects[3].constraint == SqlConstraint::unique);
  CHECK(effects[3].keys == std::vector<std::string>{"b"});
}

TEST_CASE("the names of a DROP are found one by one", "[gate]") {
  const std::string sql = "DROP TABLE IF EXISTS a, app.\"b c\" CASCADE";
  const auto facts = read_facts(file_of(sql));
  const auto& effects = facts.statements.at(0).effects;
  REQUIRE(effects.size() == 2);
  CHECK(at(sql, effects[0].where) == "a");
  CHECK(at(sql, effects[1].where) == "app.\"b c\"");
  CHECK(effects[1].object == TableName{"app", "b c"});
  CHECK((effects[1].cascade && effects[1].if_exists));
}

TEST_CASE("a default is told by whether it varies from row to row", "[gate]") {
  const auto kind = [](const std::string& value) {
    return only("ALTER TABLE a ADD b text DEFAULT " + value).column.default_kind;
  };
  for (const char* steady :
       {"now()", "CURRENT_TIMESTAMP", "CURRENT_USER", "-1", "'{}'::jsonb", "ARRAY[]::int[]",
        "pg_catalog.now()", "lower('X')", "1 + 1", "(now() AT TIME ZONE 'utc')", "false",
        "interval '1 day'", "md5('x')", "localtimestamp"}) {
    INFO(steady);
    CHECK(kind(steady) == SqlDefault::constant);
  }
  for (const char* varying : {"random()", "gen_random_uuid()", "md5(random()::text)",
                              "nextval('s')", "clock_timestamp()", "uuid_generate_v4()"}) {
    INFO(varying);
    CHECK(kind(varying) == SqlDefault::varying);
  }
  CHECK(kind("NULL") == SqlDefault::null);
  CHECK(kind("app.next_code()") == SqlDefault::unknown_function);
}

TEST_CASE("an UPDATE is bounded by a comparison with a value, and by nothing less", "[gate]") {
  const auto unbounded = [](const std::string& rest) {
    return only("UPDATE t SET a = 1" + rest).unbounded;
  };
  for (const char* open : {"", " WHERE a IS NULL", " WHERE true", " WHERE a <> 1", " WHERE a = b",
                           " WHERE NOT a = 1", " WHERE a = 1 OR b IS NULL",
                           " FROM o WHERE o.id = t.id", " WHERE id IN (SELECT id FROM o)"}) {
    INFO(open);
    CHECK(unbounded(open));
  }
  for (const char* bound :
       {" WHERE id = 1", " WHERE id BETWEEN 1 AND 9", " WHERE id IN (1, 2)",
        " WHERE a IS NULL AND id < 100", " WHERE id = ANY ('{1}')",
        " WHERE id IN (SELECT id FROM t WHERE a IS NULL LIMIT 100)", " WHERE name LIKE 'a%'"}) {
    INFO(bound);
    CHECK_FALSE(unbounded(bound));
  }
}

TEST_CASE("rows that are few bound an UPDATE that is joined with them", "[gate]") {
  const auto unbounded = [](const std::string& sql) { return only(sql).unbounded; };
  for (const char* bound :
       {"WITH b AS (SELECT id FROM t LIMIT 9) UPDATE t SET a = 1 FROM b WHERE b.id = t.id",
        "UPDATE t SET a = 1 FROM (SELECT id FROM t LIMIT 9) b WHERE a IS NULL AND b.id = t.id",
        "UPDATE t SET a = v.a FROM (VALUES (1, 2)) v (id, a) WHERE v.id = t.id",
        "WITH b AS (SELECT id FROM t LIMIT 9), c AS (SELECT id FROM b) "
        "DELETE FROM t USING c WHERE c.id = t.id"}) {
    INFO(bound);
    CHECK_FALSE(unbounded(bound));
  }
  for (const char* open :
       {"WITH b AS (SELECT id FROM t LIMIT 9) UPDATE t SET a = 1 FROM b",
        "WITH b AS (SELECT id FROM t LIMIT 9) UPDATE t SET a = 1 FROM b WHERE b.id <> t.id",
        "WITH b AS (SELECT id FROM t LIMIT 9) UPDATE t SET a = 1 FROM app.b WHERE b.id = t.id",
        "WITH RECURSIVE b AS (SELECT id FROM b) DELETE FROM t USING b WHERE b.id = t.id",
        "UPDATE t SET a = 1 FROM (SELECT id FROM o) b WHERE b.id = t.id"}) {
    INFO(open);
    CHECK(unbounded(open));
  }
}

TEST_CASE("a variable of a DO block is a value, not a column", "[gate]") {
  const auto unbounded = [](const std::string& condition) {
    const auto facts = read_facts(file_of(
        "DO $$ DECLARE first int := 0; \"Last One\" int; BEGIN FOR r IN SELECT 1 AS id LOOP "
        "UPDATE t SET a = 1 WHERE " +
        condition + "; END LOOP; END $$"));
    REQUIRE(facts.statements.size() == 2);
    return facts.statements[1].effects.at(0).unbounded;
  };
  CHECK_FALSE(unbounded("id > FIRST AND id <= first + 10"));
  CHECK_FALSE(unbounded("id < \"Last One\""));
  CHECK_FALSE(unbounded("id = r.id"));
  CHECK(unbounded("id > last"));
  CHECK(unbounded("a <> first"));
}

TEST_CASE("a statement with an error hides no other", "[gate]") {
  const std::string sql =
      "DROP TABLE a; ALTER TABLEE b (; DROP TABLE c;\n"
      "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; "
      "END;"
      "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2); DROP TABLE d";
  const auto facts = read_facts(file_of(sql));
  REQUIRE(facts.statements.size() == 6);
  REQUIRE(facts.statements[1].fault);
  CHECK(facts.statements[1].fault->offset == sql.find("TABLEE"));
  CHECK(facts.statements[1].fault->message.find(
            "in the grammar of PostgreSQL " + std::string(grammar_version())) != std::string::npos);
  for (const std::size_t i : {0U, 2U, 3U, 4U, 5U}) {
    INFO(i);
    CHECK_FALSE(facts.statements[i].fault);
  }
  CHECK(facts.statements[5].effects.at(0).object.name == "d");
}

TEST_CASE("transactions are the file's, the runner's, or one for each statement", "[gate]") {
  const std::string sql = "SELECT 1; BEGIN; SELECT 2; SELECT 3; COMMIT; SELECT 4; SELECT 5";
  const auto plain = read_facts(file_of(sql)).statements;
  CHECK(plain[1].transaction == plain[3].transaction);
  CHECK(plain[2].in_transaction);
  CHECK_FALSE(plain[5].in_transaction);
  CHECK(plain[5].transaction != plain[6].transaction);
  CHECK(plain[0].transaction != plain[1].transaction);
  const auto wrapped = read_facts(file_of("SELECT 1; SELECT 2", Wrapping::transaction)).statements;
  CHECK(wrapped[0].in_transaction);
  CHECK(wrapped[0].transaction == wrapped[1].transaction);
  const auto open = read_facts(file_of("BEGIN; SELECT 1"));
  REQUIRE(open.left_open);
  CHECK(open.left_open->offset == 0);
}

TEST_CASE("a DO block's static SQL is read where it stands", "[gate]") {
  const std::string sql =
      "DO $x$ BEGIN\n  ALTER TABLE a DROP b;\n  EXECUTE 'DROP TABLE c';\n"
      "  EXECUTE format('DROP TABLE %I', 'd');\n  IF true THEN DELETE FROM e; END IF;\n"
      "  INSERT INTO f VALUES (1) RETURNING id INTO v; v := 1; PERFORM 1; END $x$";
  const auto statements = read_facts(file_of(sql)).statements;
  REQUIRE(statements.size() == 5);
  REQUIRE(statements[0].effects.size() == 1);
  CHECK(statements[0].effects[0].deed == Deed::run_dynamic);
  CHECK(at(sql, statements[0].effects[0].where) == "EXECUTE format");
  CHECK(at(sql, statements[1].effects.at(0).where) == "DROP b");
  CHECK(statements[1].effects[0].conditional);
  CHECK(at(sql, statements[2].effects.at(0).where) == "c");
  CHECK(statements[3].effects.at(0).deed == Deed::remove);
  CHECK(statements[4].effects.at(0).deed == Deed::insert);
  CHECK(statements[4].in_block);
  CHECK(statements[4].transaction == statements[0].transaction);
}

TEST_CASE("a function's body counts where its own file calls it, once", "[gate]") {
  const std::string sql =
      "CREATE FUNCTION f(n int) RETURNS void LANGUAGE plpgsql AS $f$ BEGIN\n"
      "  DELETE FROM a WHERE id = n; PERFORM f(n); PERFORM s.g(); END $f$;\n"
      "CREATE FUNCTION s.g() RETURNS void AS 'DROP TABLE b; SELECT 1' LANGUAGE sql;\n"
      "CREATE PROCEDURE p() BEGIN ATOMIC TRUNCATE c; END;\n"
      "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DROP TABLE d; END $$;\n"
      "CREATE TRIGGER x AFTER UPDATE ON e EXECUTE FUNCTION t();\n"
      "SELECT f(1);\nSELECT f(2);\nDO $$ BEGIN PERFORM g(); END $$;\nCALL p()";
  const auto statements = read_facts(file_of(sql)).statements;
  std::vector<std::string> inside;
  for (const auto& statement : statements) {
    if (statement.in_block) inside.push_back(at(sql, statement.place));
  }
  CHECK(inside == std::vector<std::string>{"DELETE FROM a WHERE id = n", "DROP TABLE b", "SELECT 1",
                                           "TRUNCATE c"});
  CHECK(statements.size() == 9 + inside.size());
}

TEST_CASE("many files are read on all cores, and come in their order", "[gate]") {
  std::vector<SqlFile> files;
  for (int i = 0; i < 500; ++i) {
    files.push_back(file_of("DROP TABLE t" + std::to_string(i) + "; SELECT 1"));
  }
  int next = 0;
  std::size_t transaction = 0;
  for_each_file(files, [&](const SqlFile& file, const FileFacts& facts) {
    CHECK(&file == &files[static_cast<std::size_t>(next)]);
    REQUIRE(facts.statements.size() == 2);
    CHECK(facts.statements[0].effects.at(0).object.name == "t" + std::to_string(next));
    CHECK((next == 0 || facts.statements[0].transaction > transaction));
    transaction = facts.statements[1].transaction;
    ++next;
  });
  CHECK(next == 500);
}

TEST_CASE("who leaves off in the middle of many files lets the others go too", "[gate]") {
  const std::vector<SqlFile> files(500, file_of("SELECT 1"));
  int seen = 0;
  const auto stop = [&](const SqlFile&, const FileFacts&) {
    if (++seen == 40) throw std::runtime_error("enough");
  };
  CHECK_THROWS_WITH(for_each_file(files, stop), "enough");
  CHECK(seen == 40);
}

TEST_CASE("texts made to be costly are answered, and say so", "[gate]") {
  const auto chain = [](const std::string& part, int count) {
    std::string text = "SELECT 1";
    for (int i = 0; i < count; ++i) text += part;
    return text;
  };
  const std::string nested = "SELECT " + std::string(10'000, '(') + "1" + std::string(10'000, ')');
  for (const std::string& text :
       {chain(" || 1", 50'000), chain(" + 1", 50'000), chain(" UNION SELECT 1", 50'000), nested,
        "SELECT '" + std::string(1'000'000, 'x'), "SELECT \"" + std::string(1'000'000, 'x'),
        "/*" + std::string(1'000'000, '*'), std::string(1'000'000, '('),
        std::string(1'000'000, '\xff'), std::string(1'000'000, '\0')}) {
    const auto facts = read_facts(file_of(text + "\n;DROP TABLE a"));
    REQUIRE(facts.statements.size() >= 1);
    CHECK(facts.statements[0].fault);
  }
  const auto after = read_facts(file_of(chain(" + 1", 50'000) + "; DROP TABLE a"));
  CHECK_FALSE(after.statements.at(1).fault);
}
