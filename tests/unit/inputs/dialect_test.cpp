#include "gate/dialect.hpp"

#include <algorithm>

#include "gate/lexical.hpp"
#include "support/catch.hpp"

namespace zdm::tests {
namespace {

using migrations::Dialect;
using migrations::GateFile;
using planner::Wrapping;

GateFile read(const std::string& path, const std::string& bytes, const std::string& settings = {}) {
  const migrations::RawFile raw{.path = path, .bytes = bytes, .settings = settings};
  return read_dialect(raw, detect_dialect(raw));
}

/// The one part, which is as long as what was read and has its lines.
planner::SqlFile one(const std::string& path, const std::string& bytes,
                     const std::string& settings = {}) {
  const auto read_file = read(path, bytes, settings);
  REQUIRE(read_file.parts.size() == 1);
  const auto& part = read_file.parts[0];
  CHECK(part.bytes == bytes);
  CHECK(part.shipped.size() == bytes.size());
  CHECK(std::ranges::count(part.shipped, '\n') == std::ranges::count(bytes, '\n'));
  return part;
}

/// The statements, blanks around them gone.
std::vector<std::string> statements(const planner::SqlFile& file) {
  std::vector<std::string> found;
  for (const auto& extent : planner::statement_extents(file.shipped)) {
    found.push_back(file.shipped.substr(extent.begin, extent.end - extent.begin));
  }
  return found;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("statements end at semicolons outside quotes, comments, brackets and bodies", "[gate]") {
  const std::string sql =
      "select 'a;b', \"c;d\", E'it\\';s', $x$;$x$ /* ; /* ; */ ; */ -- ;\n; (select 1;);"
      "create function f() returns int begin atomic select 1; select case when true then 2 end; "
      "end; select $1;";
  const auto extents = planner::statement_extents(sql);
  REQUIRE(extents.size() == 4);
  CHECK(sql.substr(extents[1].begin, extents[1].end - extents[1].begin) == "(select 1;)");
  CHECK(sql.substr(extents[3].begin) == "select $1;");
}

TEST_CASE("an unterminated quote runs to the end", "[gate]") {
  for (const std::string sql : {"select 'a; b", "select /* a", "select $a$ b", "select E'\\"}) {
    INFO(sql);
    CHECK(planner::statement_extents(sql).size() == 1);
  }
}

TEST_CASE("dbmate ships what stands below migrate:up", "[gate]") {
  const auto file =
      one("1_a.sql", "select 0;\n-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;\n");
  CHECK(statements(file) == Texts{"select 1"});
  CHECK(file.wrapping == Wrapping::transaction);
  CHECK(one("a.sql", "-- migrate:up transaction:false\nselect 1;").wrapping == Wrapping::none);
  // dbmate sends the file as one query: several statements are one transaction all the same
  CHECK(one("a.sql", "-- migrate:up transaction:false\nselect 1; select 2;").wrapping ==
        Wrapping::transaction);
}

TEST_CASE("goose ships what stands below Up, and may do without a transaction", "[gate]") {
  const auto file =
      one("1_a.sql",
          "-- +goose Up\n-- +goose StatementBegin\nselect 1;\n-- +goose StatementEnd\n"
          "-- +goose Down\ndrop table t;\n");
  CHECK(statements(file) == Texts{"select 1"});
  CHECK(file.wrapping == Wrapping::transaction);
  CHECK(one("1_a.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nselect 1; select 2;").wrapping ==
        Wrapping::none);
}

TEST_CASE("golang-migrate ships up files, as one query", "[gate]") {
  CHECK(one("1_a.up.sql", "select 1;").wrapping == Wrapping::none);
  CHECK(one("1_a.up.sql", "select 1; select 2").wrapping == Wrapping::transaction);
  CHECK(read("1_a.down.sql", "drop table t;").parts.empty());
}

TEST_CASE("Flyway wraps a file unless nothing in it may be wrapped or its settings say so",
          "[gate]") {
  CHECK(one("V1__a.sql", "select 1;").wrapping == Wrapping::transaction);
  CHECK(one("V1__a.sql", "create unique index concurrently i on t (a);").wrapping ==
        Wrapping::none);
  CHECK(one("V1__a.sql", "select 1; drop index concurrently i;").wrapping == Wrapping::transaction);
  CHECK(one("V1__a.sql", "select 1;", "executeInTransaction = false\n").wrapping == Wrapping::none);
  CHECK(read("U1__a.sql", "drop table t;").parts.empty());
  CHECK(statements(one("V1__a.sql", "drop table ${schema}.t;")) == Texts{"drop table __schema_.t"});
}

TEST_CASE("sqitch ships deploy scripts alone", "[gate]") {
  CHECK(
      statements(one("db/deploy/a.sql", "-- Deploy shop:a to pg\n\\set x 1\nBEGIN;\nCOMMIT;\n")) ==
      Texts{"BEGIN", "COMMIT"});
  CHECK(read("db/revert/a.sql", "-- Revert shop:a from pg\nDROP TABLE t;\n").parts.empty());
}

TEST_CASE("what psql does itself is blank", "[gate]") {
  const auto file = one("dump.sql",
                        "\\set ON_ERROR_STOP on\ncopy t (a, b) from stdin;\n1\t';\n2\t\\N\n\\.\n"
                        "select :'x'::text, a[1:2], :y where :\"z\" = 1;\nselect 2 \\g out\n");
  CHECK(statements(file) == Texts{"copy t (a, b) from stdin",
                                  "select  'x'::text, a[1:2],  y where  \"z\" = 1", "select 2"});
  CHECK(file.wrapping == Wrapping::none);
}

TEST_CASE("a script that psql brings in is a finding, and so is what it runs unseen", "[gate]") {
  const auto found = read("a.sql", "\\i other.sql\nselect 'drop table t' \\gexec\n").findings;
  REQUIRE(found.size() == 2);
  CHECK(found[0].rule == "unanalysed");
  CHECK(found[0].where.line == 1);
  CHECK(found[1].rule == "dynamic-sql-unanalyzed");
  CHECK(found[1].where.line == 2);
  CHECK(found[1].where.column == 23);
}

TEST_CASE("the old output of artisan migrate --pretend is read, a transaction a migration",
          "[gate]") {
  const auto read_file = read("-",
                              "CreateUsers: create table \"users\" (\"id\" bigserial)\n"
                              "CreateUsers: alter table \"users\" add unique (\"id\")\n"
                              "DropOld: drop table \"old\"\n");
  REQUIRE(read_file.parts.size() == 2);
  CHECK(statements(read_file.parts[0]) == Texts{"create table \"users\" (\"id\" bigserial)",
                                                "alter table \"users\" add unique (\"id\")"});
  CHECK(statements(read_file.parts[1]) == Texts{"drop table \"old\""});
  CHECK(read_file.parts[1].wrapping == Wrapping::transaction);
}

TEST_CASE("the new output of artisan migrate --pretend is read", "[gate]") {
  const auto read_file =
      read("-",
           "\n   INFO  Running migrations.\n\n  2024_01_01_000000_create_users ............... \n"
           "  \u21C2 create table \"users\" (\"id\" bigserial)  \n"
           "  \u21C2 insert into \"users\" (\"id\") values (?)\n"
           "  2024_01_02_000000_drop_old ....... \n  \u21C2 drop table \"old\"\n");
  REQUIRE(read_file.parts.size() == 2);
  CHECK(statements(read_file.parts[0]) == Texts{"create table \"users\" (\"id\" bigserial)",
                                                "insert into \"users\" (\"id\") values (0)"});
  CHECK(statements(read_file.parts[1]) == Texts{"drop table \"old\""});
}

TEST_CASE("a comment says how a file is sent", "[gate]") {
  CHECK(one("a.sql", "select 1;").wrapping == Wrapping::none);
  CHECK(one("a.sql", "-- zdm:transaction=on\nselect 1;").wrapping == Wrapping::transaction);
  CHECK(one("V1__a.sql", "/* zdm:transaction=off */ select 1;").wrapping == Wrapping::none);
}

TEST_CASE("a byte order mark is no SQL", "[gate]") {
  CHECK(statements(one("a.sql", "\xEF\xBB\xBFselect 1;")) == Texts{"select 1"});
}

TEST_CASE("an unknown dialect is refused with a suggestion", "[gate]") {
  CHECK(migrations::parse_dialect("goose") == Dialect::goose);
  const auto wrong = migrations::parse_dialect("flyaway");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == planner::ErrorCode::usage);
  CHECK(wrong.error().message.find("flyway") != std::string::npos);
}

}  // namespace zdm::tests
