#include <fmt/format.h>

#include "rig.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Engine;
using planner::ErrorCode;
using planner::Phase;

namespace {

/// Told from others of its id by its checksum.
planner::Migration one_change(const std::string& id, const std::string& keys,
                              Phase phase = Phase::switch_) {
  auto migration = file_of(id, phase, "[[change]]\n" + keys);
  migration.checksum = "sha256:" + keys;
  migration.expressions_checksum = "sha256:" + keys;
  return migration;
}

planner::Migration renaming(const std::string& id, const std::string& from, const std::string& to) {
  return one_change(id, fmt::format("kind = \"rename_column\"\ntable = \"o\"\nfrom = \"{}\"\n"
                                    "to = \"{}\"",
                                    from, to));
}

void require_refused(Rig& rig, const std::vector<planner::Migration>& files,
                     const std::string& words) {
  const auto outcome = rig.apply(files, options_for(std::nullopt, "r1"));
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(text_of(outcome.error).find(words) != std::string::npos);
}

migrations::RollbackOptions all_of(const std::string& id) {
  migrations::RollbackOptions options;
  options.migration = planner::MigrationId{id};
  options.to_none = true;
  return options;
}

}  // namespace

TEST_CASE("a NOT NULL or constraint that rows violate meanwhile is not promised again",
          "[live][execute]") {
  const auto [kind, broken] = GENERATE(table<std::string, std::string>(
      {{"kind = \"drop_not_null\"\ntable = \"o\"\ncolumn = \"a\"", "VALUES (2, NULL, 1, 1)"},
       {"kind = \"drop_constraint\"\ntable = \"o\"\nname = \"small\"", "VALUES (2, 1, 99, 1)"},
       {"kind = \"drop_constraint\"\ntable = \"o\"\nname = \"known\"", "VALUES (2, 1, 1, 7)"}}));
  CAPTURE(kind);
  Rig rig(Engine::postgresql);
  rig.allowed = {"live-readers"};
  rig.exec("CREATE TABLE p (id int PRIMARY KEY)");
  rig.exec(
      "CREATE TABLE o (id int PRIMARY KEY, a int NOT NULL, b int CONSTRAINT small CHECK (b < 9), "
      "c int CONSTRAINT known REFERENCES p)");
  rig.exec("INSERT INTO p VALUES (1)");
  const auto file = one_change("1_o", kind);
  REQUIRE(!rig.apply({file}, options_for(std::nullopt, "r1")).error);
  const auto constraints = [&] {
    return rig.value(
        "SELECT string_agg(conname, ',' ORDER BY conname) FROM pg_constraint "
        "WHERE conrelid = 'o'::regclass");
  };
  const auto before = constraints();
  const auto insert = "INSERT INTO o " + broken;

  SECTION("rows that are there are counted, and nothing is changed") {
    rig.exec(insert);
    const auto outcome = rig.rollback({file}, all_of("1_o"));
    REQUIRE(outcome.error);
    INFO(text_of(outcome.error));
    CHECK(outcome.error->code == ErrorCode::refused);
    CHECK(outcome.error->message.find("1 rows") != std::string::npos);
  }
  SECTION("rows that come before it is proven let it go again") {
    rig.spy->run = [&](migrations::Connection& connection, std::string_view sql,
                       std::span<const migrations::Text> parameters) {
      // As if it had been committed before the promise.
      if (sql.find(" NOT VALID") != std::string_view::npos) rig.exec(insert);
      return connection.run(sql, parameters);
    };
    const auto outcome = rig.rollback({file}, all_of("1_o"));
    rig.spy->run = nullptr;
    REQUIRE(outcome.error);
    INFO(text_of(outcome.error));
    CHECK(outcome.error->code == ErrorCode::refused);
    CHECK(outcome.error->message.find("stands as before") != std::string::npos);
  }
  CHECK(constraints() == before);
  CHECK(rig.value("SELECT state FROM zdm.phase WHERE phase = 'expand'") == "done");
  CHECK(!rig.apply({file}, options_for(std::nullopt, "r1")).error);
  rig.exec("DELETE FROM o");
  CHECK(!rig.rollback({file}, all_of("1_o")).error);
}

TEST_CASE("a migration that others build on is not rolled back before them", "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.allowed = {"live-readers"};
  rig.exec("CREATE TABLE o (id int PRIMARY KEY, amount int)");
  const auto one = renaming("1_r", "amount", "cents");
  const auto two = one_change("2_d",
                              "kind = \"add_column\"\ntable = \"o\"\nname = \"dbl\"\n"
                              "type = \"int\"\nup = \"cents * 2\"");
  const auto first = rig.apply({one, two}, options_for(std::nullopt, "r1"));
  INFO(text_of(first.error));
  REQUIRE(!first.error);
  const auto outcome = rig.rollback({one, two}, all_of("1_r"));
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(outcome.error->hint.find("2_d") != std::string::npos);
  CHECK(rig.value("SELECT state FROM zdm.phase WHERE phase = 'switch' AND migration = '1_r'") ==
        "done");
  CHECK(!rig.rollback({one, two}, all_of("2_d")).error);
  CHECK(!rig.rollback({one, two}, all_of("1_r")).error);
}

TEST_CASE("a file whose expand failed before it did anything may be corrected", "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE o (id int PRIMARY KEY, amount int)");
  rig.spy->run = [](migrations::Connection& connection, std::string_view sql,
                    std::span<const migrations::Text> parameters) {
    if (sql.find("ADD COLUMN") == std::string_view::npos) return connection.run(sql, parameters);
    return connection.run("SELECT 1/0");
  };
  REQUIRE(rig.apply({renaming("1_r", "amount", "cents")}, options_for(std::nullopt, "r1")).error);
  rig.spy->run = nullptr;
  const auto outcome =
      rig.apply({renaming("1_r", "amount", "total")}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  CHECK(!outcome.error);
  CHECK(rig.has_column("o", "total"));
  CHECK(!rig.has_column("o", "cents"));
}

TEST_CASE("what a later phase could not do is refused at expand", "[live][execute]") {
  Rig rig(Engine::postgresql);
  const std::string type = "kind = \"change_column\"\ntable = \"o\"\n";
  SECTION("a system column's name") {
    rig.exec("CREATE TABLE o (id int PRIMARY KEY, amount int)");
    require_refused(rig, {renaming("1_r", "amount", "xmin")}, "server's own use");
  }
  SECTION("a typed table") {
    rig.exec("CREATE TYPE row_of AS (id int, amount int)");
    rig.exec("CREATE TABLE o OF row_of");
    require_refused(rig, {renaming("1_r", "amount", "cents")}, "typed table");
  }
  SECTION("two columns that change places while another migration guarantees one") {
    rig.exec("CREATE TABLE o (id int PRIMARY KEY, amount int NOT NULL DEFAULT 7)");
    require_refused(rig,
                    {renaming("1_r", "amount", "cents"),
                     one_change("2_c", type + "column = \"cents\"\ntype = \"bigint\"\n"
                                              "up = \"cents::bigint * 100\"\n"
                                              "down = \"(cents / 100)::int\"")},
                    "finish 1_r first");
  }
  SECTION("a check and an index that do not take the new type") {
    rig.exec("CREATE TYPE est AS ENUM ('a', 'b')");
    rig.exec("CREATE TABLE o (id int PRIMARY KEY, status text)");
    rig.exec(GENERATE("ALTER TABLE o ADD CONSTRAINT fits CHECK (status IN ('a', 'b'))",
                      "CREATE INDEX fits ON o (id) WHERE status = 'a'",
                      "CREATE INDEX fits ON o (lower(status))"));
    require_refused(rig,
                    {one_change("1_c", type + "column = \"status\"\nname = \"state\"\n"
                                              "type = \"est\"\nup = \"status::est\"\n"
                                              "down = \"state::text\"")},
                    "fits of public.o does not fit the new type");
  }
  SECTION("an index on partitions of two levels") {
    rig.exec("CREATE TABLE o (id int, amount int) PARTITION BY RANGE (id)");
    rig.exec("CREATE TABLE o1 PARTITION OF o DEFAULT PARTITION BY HASH (id)");
    rig.exec("CREATE TABLE o1a PARTITION OF o1 FOR VALUES WITH (MODULUS 1, REMAINDER 0)");
    require_refused(rig,
                    {one_change("1_i",
                                "kind = \"create_index\"\ntable = \"o\"\nname = \"oi\"\n"
                                "columns = [\"amount\"]")},
                    "more than one level");
    CHECK(rig.value("SELECT count(*) FROM pg_class WHERE relkind IN ('i', 'I') "
                    "AND relnamespace = 'public'::regnamespace") == "0");
  }
  SECTION("constraints of a partitioned table") {
    rig.exec("CREATE TABLE p (id int PRIMARY KEY)");
    rig.exec("CREATE TABLE o (id int, amount int) PARTITION BY RANGE (id)");
    require_refused(rig,
                    {one_change("1_u",
                                "kind = \"add_unique\"\ntable = \"o\"\nname = \"ou\"\n"
                                "columns = [\"id\"]",
                                Phase::expand)},
                    "UNIQUE … USING INDEX");
    if (rig.value("SELECT current_setting('server_version_num')::int < 180000") == "t") {
      require_refused(rig,
                      {one_change("1_f",
                                  "kind = \"add_foreign_key\"\ntable = \"o\"\nname = \"of\"\n"
                                  "columns = [\"id\"]\n"
                                  "references = {table = \"p\", columns = [\"id\"]}",
                                  Phase::expand)},
                      "blocks writes");
    }
  }
  SECTION("the drop of a column that is still being renamed") {
    rig.exec("CREATE TABLE o (id int PRIMARY KEY, amount int)");
    require_refused(
        rig,
        {renaming("1_r", "amount", "cents"),
         one_change("2_d", "kind = \"drop_column\"\ntable = \"o\"\ncolumn = \"amount\"")},
        "finish 1_r first");
  }
  SECTION("a published table without a replica identity") {
    rig.exec("CREATE TABLE o (id int, amount int)");
    rig.exec("CREATE PUBLICATION pub FOR TABLE o");
    require_refused(rig, {renaming("1_r", "amount", "cents")}, "no replica identity");
  }
}

TEST_CASE("a table is not renamed together with another change of it", "[live][execute]") {
  const auto [change, words] = GENERATE(table<std::string, std::string>(
      {{"kind = \"rename_column\"\ntable = \"o\"\nfrom = \"a\"\nto = \"b\"", "both change"},
       {"kind = \"add_column\"\ntable = \"public.o\"\nname = \"x\"\ntype = \"int\"\ndefault = "
        "\"1\"",
        "both change"},
       {"kind = \"drop_constraint\"\ntable = \"o\"\nname = \"small\"", "both change"},
       {"kind = \"drop_index\"\nname = \"oa\"", "both change"},
       {"kind = \"replace_index\"\nfrom = \"oa\"\nname = \"ob\"\ntable = \"o\"\ncolumns = "
        "[\"a\"]",
        "both change"},
       {"kind = \"add_foreign_key\"\ntable = \"p\"\nname = \"known\"\ncolumns = [\"id\"]\n"
        "references = {table = \"o\", columns = [\"id\"]}",
        "both change"},
       {"kind = \"add_column\"\ntable = \"p\"\nname = \"x\"\ntype = \"int\"\nreferences = "
        "{table = \"o\", columns = [\"id\"]}",
        "both change"},
       {"kind = \"create_view\"\nname = \"w\"\nquery = \"SELECT id FROM o\"", "reads public.o"},
       {"kind = \"create_view\"\nname = \"w\"\nquery = \"SELECT id FROM orders\"",
        "reads public.o"},
       {"kind = \"create_matview\"\nname = \"w\"\nquery = \"SELECT id FROM public.orders\"",
        "reads public.o"},
       {"kind = \"replace_view\"\nname = \"v\"\nquery = \"SELECT id, 1 AS one FROM orders\"",
        "reads public.o"},
       {"kind = \"replace_view\"\nname = \"v\"\nquery = \"SELECT id, 1 AS one FROM p\"",
        "reads public.o"}}));
  CAPTURE(change);
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE p (id int PRIMARY KEY)");
  rig.exec("CREATE TABLE o (id int PRIMARY KEY, a int CONSTRAINT small CHECK (a < 9))");
  rig.exec("CREATE INDEX oa ON o (a)");
  rig.exec("CREATE VIEW v AS SELECT id FROM p");
  rig.exec("CREATE VIEW on_both AS SELECT id FROM v JOIN o USING (id)");
  const std::string rename = "kind = \"rename_table\"\nfrom = \"o\"\nto = \"orders\"";
  require_refused(rig, {one_change("1_t", change + "\n[[change]]\n" + rename)},
                  "rename_table of public.o and change 1 of the same file");
  const auto files = std::vector{one_change("1_t", rename + "\n[[change]]\n" + change)};
  require_refused(rig, files, "rename_table of public.o and change 2 of the same file");
  require_refused(rig, files, words);
  CHECK(rig.value("SELECT to_regclass('orders') IS NULL") == "t");
}

TEST_CASE("a table is renamed beside changes of others", "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE p (id int PRIMARY KEY)");
  rig.exec("CREATE TABLE o (id int PRIMARY KEY)");
  const auto file =
      one_change("1_t",
                 "kind = \"rename_table\"\nfrom = \"o\"\nto = \"orders\"\n[[change]]\n"
                 "kind = \"add_column\"\ntable = \"p\"\nname = \"a\"\ntype = \"int\"\n"
                 "[[change]]\nkind = \"create_view\"\nname = \"w\"\nquery = \"SELECT id "
                 "FROM p\"");
  const auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  CHECK(!outcome.error);
}

TEST_CASE("a default that `up` cannot take along is announced", "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE o (price numeric NOT NULL DEFAULT 0, rate numeric NOT NULL DEFAULT 1)");
  const auto plan = migrations::plan(
      rig.environment(),
      {one_change("1_c",
                  "kind = \"change_column\"\ntable = \"o\"\ncolumn = \"price\"\nname = \"cents\"\n"
                  "type = \"bigint\"\nup = \"(price * rate * 100)::bigint\"\n"
                  "down = \"cents / 100.0\"")},
      {});
  REQUIRE(plan);
  const auto& warnings = plan->migrations[0].warnings;
  CHECK(std::any_of(warnings.begin(), warnings.end(),
                    [](const auto& each) { return each.code == "default-lost"; }));
}

TEST_CASE("SQLite passes no trigger by, and says so", "[live][execute]") {
  Rig rig(Engine::sqlite);
  rig.exec("CREATE TABLE o (id INTEGER PRIMARY KEY, amount int)");
  rig.exec("CREATE TABLE seen (id int)");
  rig.exec("CREATE TRIGGER t AFTER UPDATE ON o BEGIN INSERT INTO seen VALUES (NEW.id); END");
  require_refused(
      rig,
      {one_change("1_r",
                  "kind = \"rename_column\"\ntable = \"o\"\nfrom = \"amount\"\nto = \"cents\"\n"
                  "user_triggers = \"skip\"")},
      "AFTER UPDATE OF");
}

TEST_CASE("a default that only contract can give is announced", "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE o (id int PRIMARY KEY, amount timestamptz NOT NULL DEFAULT now())");
  const auto plan = migrations::plan(rig.environment(), {renaming("1_r", "amount", "made")}, {});
  REQUIRE(plan);
  const auto& warnings = plan->migrations[0].warnings;
  const auto later = std::ranges::find(warnings, std::string("default-later"),
                                       [](const auto& w) { return w.code; });
  REQUIRE(later != warnings.end());
  CHECK(later->message.find("SET made = DEFAULT fails") != std::string::npos);
}

TEST_CASE("the sequence of a serial column that becomes bigint ends where bigint ends",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE o (id int PRIMARY KEY, n serial)");
  const auto file = one_change("1_c",
                               "kind = \"change_column\"\ntable = \"o\"\ncolumn = \"n\"\n"
                               "name = \"big\"\ntype = \"bigint\"\nup = \"n::bigint\"\n"
                               "down = \"big::int\"",
                               Phase::contract);
  REQUIRE(!rig.apply({file}, options_for(std::nullopt, "r1")).error);
  rig.live("r1");
  const auto outcome = rig.apply({file}, options_for(std::nullopt, "r2"));
  INFO(text_of(outcome.error));
  CHECK(!outcome.error);
  CHECK(rig.value("SELECT seqtypid::regtype FROM pg_sequence "
                  "WHERE seqrelid = 'o_n_seq'::regclass") == "bigint");
}

TEST_CASE("an expression that reads a column on its way out is refused at expand",
          "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto keys = GENERATE(
      as<std::string>(),
      "kind = \"add_column\"\ntable = \"o\"\nname = \"low\"\ntype = \"text\"\nup = \"lower(mail)\"",
      "kind = \"change_column\"\ntable = \"o\"\ncolumn = \"a\"\nname = \"b\"\ntype = \"text\"\n"
      "up = \"a || mail\"\ndown = \"b\"",
      "kind = \"rename_column\"\ntable = \"o\"\nfrom = \"mail\"\nto = \"other\"",
      "kind = \"drop_column\"\ntable = \"o\"\ncolumn = \"a\"\ndown = \"lower(mail)\"",
      "kind = \"create_index\"\ntable = \"o\"\nname = \"o_low\"\ncolumns = [\"lower(mail)\"]",
      "kind = \"set_not_null\"\ntable = \"o\"\ncolumn = \"a\"\nup = \"mail\"",
      "kind = \"add_check\"\ntable = \"o\"\nname = \"o_mail\"\ncheck = \"mail <> ''\"");
  CAPTURE(engine, keys);
  const bool not_there =
      keys.find("set_not_null") != std::string::npos || keys.find("add_check") != std::string::npos;
  if (engine == Engine::sqlite && not_there) return;
  Rig rig(engine);
  rig.exec("CREATE TABLE o (id int PRIMARY KEY, mail text, a text)");
  const auto one = renaming("1_r", "mail", "address");
  REQUIRE(!rig.apply({one}, options_for(std::nullopt, "r1")).error);
  const auto two = one_change("2_o", keys);
  require_refused(rig, {one, two}, "still being migrated by 1_r");
  CHECK(!rig.has_column("o", "low"));
  auto mended = keys;
  for (auto at = mended.find("mail"); at != std::string::npos; at = mended.find("mail", at + 7)) {
    mended.replace(at, 4, "address");
  }
  const auto outcome = rig.apply({one, one_change("2_o", mended)}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  CHECK(!outcome.error);
}

TEST_CASE("a column that an unfinished migration reads is not dropped before it",
          "[live][execute]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto keys =
      GENERATE(as<std::string>(), "kind = \"drop_column\"\ntable = \"o\"\ncolumn = \"k\"",
               "kind = \"rename_column\"\ntable = \"o\"\nfrom = \"k\"\nto = \"kk\"");
  CAPTURE(engine, keys);
  Rig rig(engine);
  rig.exec("CREATE TABLE o (id int PRIMARY KEY, k int)");
  auto reads = one_change("1_a",
                          "kind = \"add_column\"\ntable = \"o\"\nname = \"next\"\n"
                          "type = \"int\"\nup = \"k + 1\"");
  auto drops = one_change("2_d", keys);
  REQUIRE(!rig.apply({reads, drops}, options_for(std::nullopt, "r1")).error);
  rig.live("r1");
  drops.phase = Phase::contract;
  const auto outcome = rig.apply({reads, drops}, options_for(std::nullopt, "r2"));
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(outcome.error->hint.find("finish 1_a first") != std::string::npos);
  CHECK(rig.has_column("o", "k"));
  rig.exec("INSERT INTO o (id, k) VALUES (1, 1)");
  CHECK(rig.value("SELECT next FROM o") == "2");
  reads.phase = Phase::contract;
  const auto both = rig.apply({reads, drops}, options_for(std::nullopt, "r2"));
  INFO(text_of(both.error));
  CHECK(!both.error);
  CHECK(!rig.has_column("o", "k"));
}
