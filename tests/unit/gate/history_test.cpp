#include <fmt/format.h>

#include <algorithm>

#include "gate/check_sql.hpp"
#include "support/catch.hpp"

using namespace zdm::planner;

namespace {

using Rules = std::vector<std::string>;

SqlFile file_of(const std::string& sql) {
  return SqlFile{.path = sql, .bytes = sql, .shipped = sql};
}

std::vector<Finding> findings(const std::string& sql, const std::vector<std::string>& shipped) {
  GateOptions options{.base = "the release before"};
  for (const std::string& text : shipped) options.shipped.push_back(file_of(text));
  return check_sql({file_of(sql)}, options).findings;
}

/// What is found in a file, or in the last of several, each a release of its own.
Rules found(const std::vector<std::string>& files) {
  std::vector<SqlFile> list;
  for (const std::string& sql : files) list.push_back(file_of(sql));
  Rules ids;
  for (const Finding& finding : check_sql(list, {}).findings) {
    if (finding.where.file == files.back()) ids.push_back(finding.rule);
  }
  return ids;
}

const Rules kScan{"set-not-null-scan"};
const Rules kType{"column-type-change"};

}  // namespace

TEST_CASE("a CHECK that is dropped proves nothing, though it is written behind", "[gate]") {
  const std::string table = "CREATE TABLE t (id bigint PRIMARY KEY, a int)";
  const std::string add = "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID";
  const std::string valid = "ALTER TABLE t VALIDATE CONSTRAINT c";
  const std::string set = "ALTER TABLE t ALTER a SET NOT NULL";
  CHECK(found({table, add, valid, set + ", DROP CONSTRAINT c"}) == kScan);
  CHECK(found({table, add, valid, "ALTER TABLE t DROP CONSTRAINT c", set}) == kScan);
  CHECK(found({table, add, valid, set}).empty());
  CHECK(found({table, add, valid, set + "; ALTER TABLE t DROP CONSTRAINT c"}).empty());
  // one of two that say so
  CHECK(found({table, add, valid, "ALTER TABLE t ADD CHECK (a IS NOT NULL)",
               "ALTER TABLE t DROP CONSTRAINT c", set})
            .empty());
  CHECK(found({table, add, valid, "ALTER TABLE t RENAME CONSTRAINT c TO d",
               "ALTER TABLE t DROP CONSTRAINT d", set}) == kScan);
}

TEST_CASE("the type of a column is the last one it got", "[gate]") {
  const std::string wide = "ALTER TABLE t ALTER a TYPE varchar(500)";
  const std::string narrow = "ALTER TABLE t ALTER a TYPE varchar(100)";
  CHECK(found({"CREATE TABLE t (a varchar(50))", wide}).empty());
  CHECK(found({"CREATE TABLE t (a varchar(50))", wide, narrow}) == kType);
  CHECK(found({"CREATE TABLE t (id int)", "ALTER TABLE t ADD a varchar(50)", wide}).empty());
  CHECK(found({"CREATE TABLE t (a varchar(9))", "ALTER TABLE t RENAME a TO b",
               "ALTER TABLE t RENAME b TO a", wide})
            .empty());
  CHECK(found({"CREATE TABLE t (a int)", "ALTER TABLE t DROP a, ADD a varchar(50)", wide}).empty());
  CHECK(found({"CREATE TABLE t (a varchar(9))",
               "DO $$ BEGIN IF x() THEN ALTER TABLE t ALTER a TYPE varchar(600); END IF; END $$",
               wide}) == kType);
}

TEST_CASE("a USING that is only the cast to the new type is none", "[gate]") {
  const auto change = [](const std::string& type) {
    return found({"CREATE TABLE t (e varchar(50))", "ALTER TABLE t ALTER e TYPE " + type});
  };
  CHECK(change("text USING e::text").empty());
  CHECK(change("text USING CAST(e AS text)").empty());
  CHECK(change("text USING \"e\"").empty());
  CHECK(change("varchar(90) USING t.e::varchar(90)").empty());
  CHECK(change("varchar(90) USING e::text") == kType);
  CHECK(change("text USING other::text") == kType);
  CHECK(change("text USING lower(e)::text") == kType);
}

TEST_CASE("a wider type builds indexes of expressions, and checks what reads it, anew", "[gate]") {
  const std::string wider = "ALTER TABLE t ALTER email TYPE varchar(255)";
  const auto with = [&](const std::string& more) {
    return found({"CREATE TABLE t (id bigint, email varchar(50));" + more, wider});
  };
  CHECK(with("").empty());
  CHECK(with("CREATE INDEX i ON t (email); CREATE INDEX j ON t (id) INCLUDE (email)").empty());
  CHECK(with("CREATE INDEX i ON t (lower(id::text)); ALTER TABLE t ADD CHECK (id > 0)").empty());
  CHECK(with("CREATE UNIQUE INDEX i ON t (lower(email))") == kType);
  CHECK(with("CREATE INDEX ON t (email) WHERE id > 0") == kType);
  CHECK(with("CREATE INDEX ON t (id) WHERE email IS NOT NULL") == kType);
  CHECK(with("ALTER TABLE t ADD CHECK (length(email) > 1)") == kType);
  CHECK(with("ALTER TABLE t ADD CHECK (length(email) > 1) NOT VALID").empty());
  CHECK(with("CREATE INDEX i ON t (lower(email)); DROP INDEX i").empty());
  CHECK(with("CREATE INDEX i ON t (lower(email)); DROP INDEX public.i").empty());
  CHECK(found({"CREATE TABLE t (email varchar(50), CONSTRAINT c CHECK (email <> ''))",
               wider + ", DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (email <> '') NOT VALID"}) ==
        Rules{"drop-constraint"});
  const auto told = findings(wider, {"CREATE TABLE t (email varchar(50), CHECK (email <> ''))"});
  REQUIRE(told.size() == 1);
  CHECK(told[0].message ==
        "readers and writers of t wait until, for the wider type, this is done anew: "
        "CHECK t_email_check");
}

TEST_CASE("another collation builds every index of the column anew", "[gate]") {
  const std::string table = "CREATE TABLE t (e varchar(50)); CREATE INDEX i ON t (e)";
  const std::string ours = "ALTER TABLE t ALTER e TYPE text COLLATE \"C\"";
  CHECK(found({table, ours}) == kType);
  CHECK(found({table, "ALTER TABLE t ALTER e TYPE text"}).empty());
  CHECK(found({table, "ALTER TABLE t ALTER e TYPE text COLLATE pg_catalog.\"default\""}).empty());
  CHECK(found({"CREATE TABLE t (e varchar(50) COLLATE \"C\"); CREATE INDEX i ON t (e)", ours})
            .empty());
  CHECK(found({table, ours, "ALTER TABLE t ALTER e TYPE text"}) == kType);
}

TEST_CASE("a type that is no more than wider breaks nobody", "[gate]") {
  const std::vector<std::string> shipped{"CREATE TABLE t (e varchar(50), n int)"};
  CHECK(findings("ALTER TABLE t ALTER e TYPE varchar(90)", shipped).empty());
  CHECK(findings("ALTER TABLE t ALTER n TYPE bigint", shipped).size() == 2);
}

TEST_CASE("a name without a schema is another one in another search path", "[gate]") {
  const std::string make = "CREATE TABLE users (id int);";
  const std::string use = "CREATE INDEX i ON users (id)";
  const Rules old{"index-not-concurrent"};
  CHECK(found({"SET search_path = tenant1;" + make + "SET search_path = public;" + use}) == old);
  CHECK(found({make + "SET search_path TO app, public;" + use}) == old);
  CHECK(found({make + "SET SCHEMA 'app';" + use}) == old);
  CHECK(found({"SET search_path = app;" + make + "RESET search_path;" + use}) == old);
  CHECK(found({"SET search_path = app;" + make + "RESET ALL;" + use}) == old);
  CHECK(found({"SET search_path = app;" + make + "DISCARD ALL;" + use}) == old);
  CHECK(found({make + "SELECT set_config('search_path', 'app', false);" + use}) == old);
  CHECK(found({make + "SELECT set_config('search_path', $1, false);" + use}) == old);
  CHECK(found({make + "DO $$ BEGIN PERFORM set_config('search_path', 'app', false); END $$;" +
               use}) == old);
  CHECK(found({"SET search_path = app;" + make, use}) == old);
  CHECK(found({"BEGIN; SET LOCAL search_path = app;" + make + "COMMIT;" + use}) == old);
  CHECK(found({make + "BEGIN; SET LOCAL search_path = app; COMMIT;" + use}).empty());
  CHECK(found({make + "BEGIN; SET search_path = app; ROLLBACK;" + use}).empty());
  CHECK(found({make + "SET LOCAL search_path = app;" + use}).empty());
  CHECK(found({make + "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE;" + use}).empty());
  CHECK(found({make + "SET search_path = \"$user\", public;" + use}).empty());
  CHECK(found({"SET search_path = app;" + make + use + "; CREATE INDEX j ON app.users (id)"})
            .empty());
  CHECK(found({"SELECT pg_catalog.set_config('search_path', '', false);"
               "CREATE TABLE app.users (id int); CREATE INDEX i ON app.users (id)"})
            .empty());
  CHECK(found({"CREATE TEMP TABLE users (id int); SET search_path = app;" + use}) == old);
  CHECK(
      found({"SET search_path = app; CREATE TEMP TABLE users (id int); SET search_path = b;" + use})
          .empty());
  // so is what is known of it
  CHECK(found({"SET search_path = a; CREATE TABLE t (a int NOT NULL)",
               "SET search_path = b; ALTER TABLE t ALTER a SET NOT NULL"}) == kScan);
  CHECK(found({"SET search_path = a; CREATE TABLE t (a int NOT NULL)",
               "SET search_path = a; ALTER TABLE t ALTER a SET NOT NULL"})
            .empty());
}

TEST_CASE("a foreign key of a partitioned table is told, with what spares its scan", "[gate]") {
  const std::string add = "ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (o) REFERENCES o (id)";
  const auto told =
      check_sql({file_of("CREATE TABLE p (a int, o int) PARTITION BY RANGE (a)"), file_of(add)}, {})
          .findings;
  REQUIRE(told.size() == 1);
  CHECK(told[0].rule == "add-fk-validating");
  CHECK(told[0].help.starts_with("add the key to each partition NOT VALID, VALIDATE it there"));
  CHECK_FALSE(told[0].fix.has_value());
}

TEST_CASE("a default that is NULL is none, and yet has a foreign key checked", "[gate]") {
  CHECK(found({"ALTER TABLE u ADD x bigint DEFAULT NULL REFERENCES o (id)"}) ==
        Rules{"add-fk-validating"});
  CHECK(found({"ALTER TABLE u ADD x bigint REFERENCES o (id)"}).empty());
  const Rules required{"add-required-column"};
  CHECK(found({"ALTER TABLE u ADD x varchar NOT NULL DEFAULT NULL::character varying"}) ==
        required);
  CHECK(found({"ALTER TABLE u ADD x int NOT NULL DEFAULT CAST(NULL::text AS int)"}) == required);
  CHECK(found({"ALTER TABLE u ADD x text NOT NULL DEFAULT 'a'::text"}).empty());
  const std::string set = "ALTER TABLE t ADD x int; ALTER TABLE t ALTER x SET DEFAULT ";
  const std::string demand = "; ALTER TABLE t ADD CONSTRAINT c CHECK (x IS NOT NULL) NOT VALID";
  CHECK(found({set + "NULL" + demand}) == required);
  CHECK(found({set + "1" + demand}).empty());
}

TEST_CASE("what a domain checks is known through its changes and what it is made of", "[gate]") {
  const Rules rewrite{"table-rewrite"};
  const auto column = [](const std::string& type) { return "ALTER TABLE u ADD e " + type; };
  const std::string plain = "CREATE DOMAIN d AS text";
  const std::string checked = "CREATE DOMAIN d AS int CHECK (VALUE > 0)";
  CHECK(found({plain, column("d")}).empty());
  CHECK(found({plain, "ALTER DOMAIN d ADD CONSTRAINT e CHECK (VALUE <> '') NOT VALID",
               column("d")}) == rewrite);
  CHECK(found({plain, "ALTER DOMAIN d ADD CONSTRAINT e CHECK (VALUE <> '') NOT VALID",
               "ALTER DOMAIN d DROP CONSTRAINT e", column("d")})
            .empty());
  CHECK(found({plain, "ALTER DOMAIN d SET NOT NULL", column("d")}) == rewrite);
  CHECK(found({checked + "; CREATE DOMAIN b AS d", column("b")}) == rewrite);
  CHECK(found({checked + "; CREATE DOMAIN b AS d[]", column("b")}).empty());
  CHECK(found({checked, column("public.d")}) == rewrite);
  CHECK(found({"CREATE DOMAIN public.d AS int CHECK (VALUE > 0)", column("d")}) == rewrite);
  CHECK(found({checked, column("app.d")}).empty());
  CHECK(found({checked, "SET search_path = app, public;" + column("d")}) == rewrite);
  CHECK(found({checked, column("d[]")}).empty());
  CHECK(found({checked, "DROP DOMAIN d; CREATE DOMAIN d AS int", column("d")}).empty());
  CHECK(found({checked, "ALTER DOMAIN d RENAME TO b", column("b")}) == rewrite);
}

TEST_CASE("what is known goes with the name that it is known of", "[gate]") {
  const std::string table = "CREATE TABLE t (a int NOT NULL, b int)";
  const std::string set = "ALTER TABLE t ALTER a SET NOT NULL";
  CHECK(found({table, set}).empty());
  CHECK(found({table, "ALTER TABLE t RENAME a TO c; ALTER TABLE t RENAME b TO a", set}) == kScan);
  CHECK(
      found({table, "ALTER TABLE t RENAME a TO c", "ALTER TABLE t ALTER c SET NOT NULL"}).empty());
  CHECK(found({table, "ALTER TABLE t DROP a; ALTER TABLE t ADD a int", set}) == kScan);
  CHECK(found({table, "ALTER TABLE t RENAME TO u; CREATE TABLE t (a int)", set}) == kScan);
  CHECK(found({table, "ALTER TABLE t RENAME TO u", "ALTER TABLE u ALTER a SET NOT NULL"}).empty());
  CHECK(found({table, "DROP TABLE t; CREATE TABLE t (a int)", set}) == kScan);
  CHECK(found({table, "ALTER TABLE t SET SCHEMA app", "ALTER TABLE app.t ALTER a SET NOT NULL"})
            .empty());
  const std::string index = "CREATE TABLE t (id int); CREATE UNIQUE INDEX i ON t (id);";
  const std::string key = "ALTER TABLE t ADD PRIMARY KEY USING INDEX ";
  const Rules nullable{"pk-using-index-nullable"};
  CHECK(found({index, key + "i"}) == nullable);
  CHECK(found({index + "ALTER INDEX i RENAME TO j", key + "j"}) == nullable);
  CHECK(found({index + "ALTER TABLE t ALTER id SET NOT NULL", "ALTER TABLE t RENAME id TO k",
               key + "i"})
            .empty());
}

TEST_CASE("only a CHECK that reads the partition key may spare the scan of ATTACH", "[gate]") {
  const auto attach = [](const std::string& check) {
    return found(
        {"CREATE TABLE p (id int, at date) PARTITION BY RANGE (at);"
         "CREATE TABLE c (id int, at date, CONSTRAINT k CHECK (" +
             check + "))",
         "ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM ('2020-01-01') TO "
         "('2021-01-01')"});
  };
  CHECK(attach("id > 0") == Rules{"attach-partition-scan"});
  CHECK(attach("at >= '2020-01-01' AND at < '2021-01-01'").empty());
}

TEST_CASE("ON ONLY a table that has rows builds the index while writers wait", "[gate]") {
  const std::string only = "CREATE INDEX i ON ONLY t (a)";
  CHECK(found({"CREATE TABLE t (a int)", only}) == Rules{"index-not-concurrent"});
  CHECK(found({"CREATE TABLE t (a int) PARTITION BY LIST (a)", only}).empty());
  CHECK(found({only}).empty());
}

TEST_CASE("what belongs to a new table is new, under whatever name", "[gate]") {
  CHECK(found({"CREATE TABLE t (a int); CREATE INDEX i ON t (a); REINDEX INDEX i;"
               "ALTER INDEX i SET TABLESPACE x; ALTER INDEX i RENAME TO j; REINDEX INDEX j"})
            .empty());
  CHECK(found({"CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE); CREATE INDEX ON t (b);"
               "REINDEX INDEX t_pkey; REINDEX INDEX t_b_key; REINDEX INDEX t_b_idx"})
            .empty());
  CHECK(found({"CREATE TABLE t (id bigserial); ALTER SEQUENCE t_id_seq RENAME TO s"}).empty());
  CHECK(found({"CREATE TABLE t (a int); ALTER TABLE t SET SCHEMA app; CREATE INDEX i ON app.t (a)"})
            .empty());
  CHECK(found({"CREATE TABLE t (id serial); ALTER TABLE t SET SCHEMA app;"
               "ALTER SEQUENCE app.t_id_seq RENAME TO s"})
            .empty());
  CHECK(found({"CREATE INDEX CONCURRENTLY i ON t (a); REINDEX INDEX i"}) ==
        Rules{"reindex-not-concurrent"});
  CHECK(found({"CREATE TABLE t (a int); CREATE INDEX i ON t (a)", "REINDEX INDEX i"}) ==
        Rules{"reindex-not-concurrent"});
}

TEST_CASE("what was made after a savepoint is not new once that is rolled back to", "[gate]") {
  const std::string set = "ALTER TABLE t ALTER a SET NOT NULL; COMMIT";
  CHECK(found({"BEGIN; SAVEPOINT s; CREATE TABLE t (a int); ROLLBACK TO s;" + set}) == kScan);
  CHECK(found({"BEGIN; CREATE TABLE t (a int); SAVEPOINT s; ROLLBACK TO s;" + set}).empty());
  CHECK(found({"BEGIN; SAVEPOINT s; SAVEPOINT r; CREATE TABLE t (a int); RELEASE r;"
               "ROLLBACK TO s;" +
               set}) == kScan);
  CHECK(found({"BEGIN; SAVEPOINT s; CREATE TABLE t (a int); SAVEPOINT r; ROLLBACK TO r;" + set})
            .empty());
}

TEST_CASE("public is where names without a schema are", "[gate]") {
  CHECK(found({"CREATE TABLE public.t (id int); CREATE INDEX ON t (id)"}).empty());
  CHECK(found({"CREATE TABLE t (id int); DROP TABLE public.t"}).empty());
  CHECK(found({"SET search_path = public; CREATE TABLE t (id int); CREATE INDEX ON public.t (id)"})
            .empty());
  CHECK(found({"SET search_path = app; CREATE TABLE t (id int); CREATE INDEX ON public.t (id)"}) ==
        Rules{"index-not-concurrent"});
  CHECK(found({"DROP VIEW v; CREATE VIEW public.v AS SELECT 1"}) == Rules{"drop-view"});
  CHECK(found({"BEGIN; DROP VIEW v; CREATE VIEW public.v AS SELECT 1; COMMIT"}).empty());
  CHECK(found({"CREATE TABLE public.t (a varchar(50))",
               "ALTER TABLE t ALTER a TYPE varchar(100), ALTER a SET NOT NULL"}) == kScan);
  // one table, by two names
  CHECK(found({"BEGIN; ALTER TABLE public.t ADD a int; ALTER TABLE t ADD b int; COMMIT"}).empty());
}

TEST_CASE("a database tells in which schema names without one are", "[gate]") {
  Catalog catalog;
  catalog.search_path = {"app", "public"};
  const auto ids = [&](const std::string& sql) {
    Rules rules;
    for (const auto& finding : check_sql({file_of(sql)}, {.catalog = &catalog}).findings) {
      rules.push_back(finding.rule);
    }
    return rules;
  };
  CHECK(ids("CREATE TABLE t (id int); CREATE INDEX ON app.t (id)").empty());
  CHECK(ids("CREATE TABLE t (id int); CREATE INDEX ON public.t (id)") ==
        Rules{"index-not-concurrent"});
}

TEST_CASE("what belongs to a table follows its new name", "[gate]") {
  const std::string tables =
      "CREATE TABLE a (id int PRIMARY KEY);"
      "CREATE TABLE b (a int CONSTRAINT k REFERENCES a);";
  const auto locks = [&](const std::string& renames, const std::string& sql) {
    std::vector<std::string> names;
    for (const Finding& finding : findings(sql, {tables + renames})) {
      for (const auto& lock : finding.locks) names.push_back(lock.relation);
    }
    return names;
  };
  const auto drops = [&](const std::string& renames, const std::string& sql,
                         const std::string& other) {
    const auto names = locks(renames, sql);
    return std::ranges::find(names, other) != names.end();
  };
  CHECK(drops("", "DROP TABLE b", "a"));
  CHECK(drops("ALTER TABLE a RENAME TO c;", "DROP TABLE b", "c"));
  CHECK(drops("ALTER TABLE b RENAME TO c;", "DROP TABLE c", "a"));
  CHECK(drops("ALTER TABLE b RENAME CONSTRAINT k TO l;", "ALTER TABLE b DROP CONSTRAINT l", "a"));
  CHECK(drops("ALTER TABLE b RENAME a TO x;", "ALTER TABLE b DROP COLUMN x", "a"));
}
