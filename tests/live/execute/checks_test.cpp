#include <fmt/format.h>

#include "rig.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Engine;
using planner::ErrorCode;
using planner::Phase;

namespace {

planner::SqlText sql_at(const std::string& text, int line) {
  planner::SqlText sql{.text = text, .source = {}};
  sql.source.where = {.file = "migrations/0001_full_name.toml", .line = line, .column = 8};
  return sql;
}

planner::Migration with_up(const std::string& up) {
  auto migration = rename_users_name(Phase::switch_);
  auto& change = std::get<planner::RenameColumn>(migration.changes[0].kind);
  change.common.up = sql_at(up, 7);
  change.common.down = sql_at("full_name", 8);
  return migration;
}

bool has_ledger(Rig& rig) {
  return rig.sqlite()
             ? rig.value("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'zdm%'") != "0"
             : rig.value("SELECT to_regnamespace('zdm') IS NOT NULL") == "t";
}

}  // namespace

TEST_CASE("asking the server about expressions fires no trigger of the user", "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 3);
  rig.exec("CREATE SEQUENCE fired");
  rig.exec(
      "CREATE FUNCTION count_it() RETURNS trigger LANGUAGE plpgsql AS "
      "$$BEGIN PERFORM nextval('fired'); RETURN NULL; END$$");
  rig.exec(
      "CREATE TRIGGER counts AFTER UPDATE ON users FOR EACH STATEMENT "
      "EXECUTE FUNCTION count_it()");
  auto file = rename_users_name(Phase::backfill);
  auto& change = std::get<planner::RenameColumn>(file.changes[0].kind);
  // The backfill itself runs without the user's triggers: what fires, the checks fired.
  change.common.user_triggers = planner::UserTriggers::skip;
  const auto outcome = rig.apply({file}, options_for(std::nullopt, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(!outcome.error);
  CHECK(rig.value("SELECT is_called FROM fired") == "f");
}

TEST_CASE("plan and a dry run report what the server does not accept, where it stands",
          "[live][execute]") {
  const auto [engine, up] =
      GENERATE(table<Engine, std::string>({{Engine::postgresql, "upper(nmae)"},
                                           {Engine::postgresql, "uper(name)"},
                                           {Engine::postgresql, "length(name) = 3 AND name"},
                                           {Engine::sqlite, "upper(nmae)"},
                                           {Engine::sqlite, "uper(name)"}}));
  CAPTURE(up);
  Rig rig(engine);
  make_users(rig, 3);
  const auto around = rig.environment();
  const auto plan = migrations::plan(around, {with_up(up)}, {});
  REQUIRE(plan);
  REQUIRE(plan->error);
  CHECK(plan->error->code == ErrorCode::refused);
  REQUIRE(plan->error->where);
  CHECK(plan->error->where->line == 7);
  CHECK(plan->error->where->column == 8);
  auto options = options_for(std::nullopt, "r1");
  options.dry_run = true;
  const auto outcome = rig.apply({with_up(up)}, options);
  REQUIRE(outcome.error);
  CHECK(outcome.error->where);
  CHECK(!has_ledger(rig));
}

TEST_CASE("a type that cannot be assigned is refused before anything is added", "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 3);
  auto file = rename_users_name(Phase::switch_);
  planner::ChangeColumn change;
  change.table = {.schema = "", .name = "users"};
  change.column = "id_text";
  change.name = "id_number";
  change.type = "integer";
  change.common.up = sql_at("upper(id_text)", 7);
  change.common.down = sql_at("id_number::text", 8);
  file.changes[0].kind = change;
  rig.exec("ALTER TABLE users ADD COLUMN id_text text");
  const auto around = rig.environment();
  const auto plan = migrations::plan(around, {file}, {});
  REQUIRE(plan);
  REQUIRE(plan->error);
  INFO(plan->error->message);
  CHECK(plan->error->message.find("cannot be assigned to integer") != std::string::npos);
  change.common.up = sql_at("length(id_text)", 7);
  file.changes[0].kind = change;
  const auto right = migrations::plan(around, {file}, {});
  INFO((right ? std::string() : text_of(right.error())));
  CHECK(right);
}

TEST_CASE("a user's own aggregate and a set are refused by the server", "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 3);
  rig.exec("CREATE AGGREGATE longest(text) (SFUNC = pg_catalog.text_larger, STYPE = text)");
  rig.exec(
      "CREATE FUNCTION two(text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS "
      "'SELECT $1 UNION ALL SELECT $1'");
  for (const std::string up : {"longest(name)", "two(name)"}) {
    const auto outcome = rig.apply({with_up(up)}, options_for(Phase::expand, "r1"));
    REQUIRE(outcome.error);
    INFO(text_of(outcome.error));
    CHECK(outcome.error->code == ErrorCode::refused);
    CHECK(!rig.has_column("users", "full_name"));
  }
}

TEST_CASE("a type that the server does not know is refused before anything is added",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 3);
  auto file = rename_users_name(Phase::expand);
  planner::AddColumn change;
  change.table = {.schema = "", .name = "users"};
  change.name = "mood";
  change.type = "moood";
  file.changes[0].kind = change;
  const auto outcome = rig.apply({file}, options_for(Phase::expand, "r1"));
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(outcome.error->message.find("moood") != std::string::npos);
  CHECK(!rig.has_column("users", "mood"));
}

TEST_CASE("SQL of the author's own may make the type that a later change uses", "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 3);
  auto file = rename_users_name(Phase::expand);
  planner::SqlChange makes;
  makes.expand = sql_at("CREATE TYPE mood AS ENUM ('calm')", 5);
  planner::AddColumn adds;
  adds.table = {.schema = "", .name = "users"};
  adds.name = "mood";
  adds.type = "mood";
  file.changes = {{.kind = makes, .where = {}}, {.kind = adds, .where = {}}};
  const auto outcome = rig.apply({file}, options_for(Phase::expand, "r1"));
  INFO(text_of(outcome.error));
  CHECK(!outcome.error);
  CHECK(rig.has_column("users", "mood"));
}

TEST_CASE("a column of a domain with constraints is not added to a table with rows, unless allowed",
          "[live][execute][law8]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE DOMAIN plain AS text");
  rig.exec("CREATE DOMAIN email AS plain CHECK (VALUE LIKE '%@%')");
  rig.exec("CREATE DOMAIN below AS email");
  const auto type = GENERATE(as<std::string>(), "email", "below", "plain");
  CAPTURE(type);
  const bool rewrites = type != "plain";
  rig.exec("CREATE TABLE users (id bigint PRIMARY KEY, name " + type + ")");
  rig.exec("INSERT INTO users VALUES (1, 'a@b')");
  const auto filenode = "SELECT pg_relation_filenode('users')";
  const auto before = rig.value(filenode);
  const auto file = rename_users_name(Phase::expand);
  const auto outcome = rig.apply({file}, options_for(Phase::expand, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(outcome.error.has_value() == rewrites);
  if (rewrites) {
    CHECK(outcome.error->code == ErrorCode::refused);
    CHECK(outcome.error->hint.find("--allow rewrite") != std::string::npos);
    CHECK(!rig.has_column("users", "full_name"));
  }
  CHECK(rig.value(filenode) == before);
  rig.allowed = {"rewrite"};
  const auto allowed = rig.apply({file}, options_for(Phase::expand, "r1"));
  INFO(text_of(allowed.error));
  CHECK(!allowed.error);
  CHECK(rig.has_column("users", "full_name"));
  CHECK((rig.value(filenode) != before) == rewrites);
}

TEST_CASE("a column of a type with a default is not filled by that default", "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE DOMAIN state AS text DEFAULT 'new'");
  rig.exec("CREATE DOMAIN below AS state");
  rig.exec("CREATE DOMAIN key AS uuid DEFAULT gen_random_uuid()");
  rig.exec("CREATE DOMAIN plain AS state");
  rig.exec("ALTER DOMAIN plain DROP DEFAULT");
  rig.exec("CREATE TABLE t (id int PRIMARY KEY, code text, ref key, own below DEFAULT 'x')");
  rig.exec("INSERT INTO t VALUES (1, 'a', NULL)");
  const auto filenode = "SELECT pg_relation_filenode('t')";
  const auto before = rig.value(filenode);
  const auto [keys, words] = GENERATE(table<std::string, std::string>(
      {{"kind = \"add_column\"\ntable = \"t\"\nname = \"st\"\ntype = \"state\"\nup = \"code\"",
        "a type with a default"},
       {"kind = \"add_column\"\ntable = \"t\"\nname = \"st\"\ntype = \"below\"\nup = \"code\"\n"
        "default = \"'y'\"",
        "a type with a default"},
       {"kind = \"add_column\"\ntable = \"t\"\nname = \"st\"\ntype = \"key\"",
        "a type with a default"},
       {"kind = \"rename_column\"\ntable = \"t\"\nfrom = \"ref\"\nto = \"reference\"",
        "a type with a default"},
       {"kind = \"change_column\"\ntable = \"t\"\ncolumn = \"ref\"\nname = \"reference\"\n"
        "type = \"uuid\"\nup = \"ref::uuid\"\ndown = \"reference\"",
        ""},
       {"kind = \"change_column\"\ntable = \"t\"\ncolumn = \"own\"\nname = \"mine\"\n"
        "type = \"text\"\nup = \"own::text\"\ndown = \"mine\"",
        ""},
       {"kind = \"add_column\"\ntable = \"t\"\nname = \"st\"\ntype = \"state\"\n"
        "default = \"'y'\"",
        ""},
       {"kind = \"add_column\"\ntable = \"t\"\nname = \"st\"\ntype = \"plain\"\nup = \"code\"",
        ""}}));
  CAPTURE(keys);
  const auto outcome = rig.apply({file_of("1_t", Phase::expand, "[[change]]\n" + keys)},
                                 options_for(Phase::expand, "r1"));
  INFO(text_of(outcome.error));
  REQUIRE(outcome.error.has_value() == !words.empty());
  CHECK(rig.value(filenode) == before);
  if (words.empty()) return;
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(text_of(outcome.error).find(words) != std::string::npos);
}

TEST_CASE("a table with a foreign partition is neither changed nor indexed", "[live][execute]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE FOREIGN DATA WRAPPER nowhere");
  rig.exec("CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere");
  rig.exec("CREATE TABLE p (id int, k int, v text) PARTITION BY LIST (k)");
  rig.exec("CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)");
  rig.exec("CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2, 3) PARTITION BY LIST (k)");
  rig.exec("CREATE FOREIGN TABLE far PARTITION OF p2 FOR VALUES IN (2) SERVER nowhere");
  const auto keys = GENERATE(
      as<std::string>(), "kind = \"rename_column\"\ntable = \"p\"\nfrom = \"v\"\nto = \"w\"",
      "kind = \"add_column\"\ntable = \"p\"\nname = \"w\"\ntype = \"text\"\ndefault = \"'d'\"",
      "kind = \"drop_column\"\ntable = \"p\"\ncolumn = \"v\"\ndown = \"'v'\"",
      "kind = \"set_not_null\"\ntable = \"p\"\ncolumn = \"v\"\nup = \"'v'\"",
      "kind = \"create_index\"\ntable = \"p2\"\nname = \"p_v\"\ncolumns = [\"v\"]");
  CAPTURE(keys);
  if (keys.find("p2") != std::string::npos) rig.exec("ALTER TABLE p DETACH PARTITION p2");
  const auto outcome = rig.apply({file_of("1_p", Phase::expand, "[[change]]\n" + keys)},
                                 options_for(Phase::expand, "r1"));
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(text_of(outcome.error).find("(public.far)") != std::string::npos);
  CHECK(!rig.has_column("p", "w"));
}

namespace {

/// A role of the test's own that owns what is in the database, gone with this.
class Owner final {
 public:
  explicit Owner(Rig& rig) : rig_(rig), name_("owner_" + rig.value("SELECT current_database()")) {
    rig.exec(fmt::format("CREATE ROLE {0} LOGIN; ALTER TABLE users OWNER TO {0}", name_));
    rig.exec(fmt::format("GRANT CREATE ON DATABASE {0} TO {1}; GRANT ALL ON SCHEMA public TO {1}",
                         rig.value("SELECT current_database()"), name_));
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner() {
    rig_.exec(
        fmt::format("REASSIGN OWNED BY {0} TO postgres; DROP OWNED BY {0}; DROP ROLE {0}", name_));
  }
  [[nodiscard]] migrations::Environment environment() const {
    auto around = rig_.environment();
    std::string url(rig_.database->url().text.reveal());
    url.replace(url.rfind("postgres"), 8, name_);
    around.url = {migrations::Secret(url)};
    around.open_work = [url = around.url] { return migrations::open(url, {}); };
    around.open_control = around.open_work;
    return around;
  }

 private:
  Rig& rig_;
  std::string name_;
};

}  // namespace

TEST_CASE("rows that row security hides are refused as that, not as a fault of an expression",
          "[live][execute][law6]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 3);
  rig.exec("ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
  rig.exec("CREATE POLICY few ON users USING (id < 2)");
  const Owner owner(rig);
  const auto around = owner.environment();
  const auto outcome = migrations::apply(around, {rename_users_name(Phase::switch_)}, {},
                                         options_for(Phase::expand, "r1"), {});
  INFO(text_of(outcome.error));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(outcome.error->message.find("row security hides rows of public.users") == 0);
  CHECK(outcome.error->hint.find("BYPASSRLS") != std::string::npos);
  CHECK_FALSE(rig.has_column("users", "full_name"));
}

TEST_CASE("the owner of a table takes it through every phase without being superuser",
          "[live][execute]") {
  Rig rig(Engine::postgresql);
  make_users(rig, 300);
  const Owner owner(rig);
  const auto around = owner.environment();
  const auto step = [&](Phase phase, const std::string& release) {
    auto options = options_for(phase, release);
    options.yes = true;
    const auto outcome =
        migrations::apply(around, {rename_users_name(Phase::contract)}, {}, options, {});
    INFO(text_of(outcome.error));
    CHECK(!outcome.error);
  };
  step(Phase::expand, "r1");
  step(Phase::backfill, "r1");
  REQUIRE(migrations::release_live(around, {}, "r1"));
  step(Phase::switch_, "r2");
  REQUIRE(migrations::release_live(around, {}, "r2"));
  step(Phase::contract, "r3");
  CHECK(rig.value("SELECT count(*) FROM users WHERE full_name = 'user ' || id") == "300");
  CHECK_FALSE(rig.has_column("users", "name"));
}

TEST_CASE("SQLite: what a column's definition says and cannot be carried is refused at expand",
          "[live][execute]") {
  const auto [definition, words] = GENERATE(table<std::string, std::string>(
      {{"name text NOT NULL ON CONFLICT REPLACE DEFAULT 'x'", "ON CONFLICT"},
       {"name text CHECK (name IS NOT NULL)", "left out"},
       {"name text, CHECK (name IS NOT NULL OR id > 5)", "left out"},
       {"name integer PRIMARY KEY", "PRIMARY KEY"}}));
  CAPTURE(definition);
  Rig rig(Engine::sqlite);
  const bool key = definition.find("PRIMARY") != std::string::npos;
  rig.exec(
      fmt::format("CREATE TABLE users (id integer{}, {})", key ? "" : " PRIMARY KEY", definition));
  rig.exec("INSERT INTO users (id, name) VALUES (1, 1)");
  const auto outcome =
      rig.apply({rename_users_name(Phase::switch_)}, options_for(std::nullopt, "r1"));
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(outcome.error->message.find(words) != std::string::npos);
  CHECK(!rig.has_column("users", "full_name"));
}

TEST_CASE("a column that owns a sequence is not split", "[live][execute][law10]") {
  Rig rig(Engine::postgresql);
  rig.exec("CREATE TABLE d (id int PRIMARY KEY, n serial)");
  const auto file =
      file_of("1_d", Phase::contract,
              "[[change]]\nkind = \"split_column\"\ntable = \"d\"\ncolumn = \"n\"\n"
              "to = [{name = \"a\", type = \"int\", up = \"n / 10\"},"
              "{name = \"b\", type = \"int\", up = \"n % 10\"}]\ndown = \"a * 10 + b\"");
  const auto outcome = rig.apply({file}, options_for(Phase::expand, "r1"));
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(text_of(outcome.error).find("d_n_seq") != std::string::npos);
  rig.exec("ALTER SEQUENCE d_n_seq OWNED BY NONE");
  CHECK(text_of(rig.apply({file}, options_for(Phase::expand, "r1")).error).empty());
}

TEST_CASE("what others use of a sequence or constraint refuses its end at expand and at contract",
          "[live][execute][law10]") {
  struct Use {
    std::string keys;
    std::string use;
    std::string name;
    std::string unused;
  };
  const std::string drop_column = "kind = \"drop_column\"\ntable = \"d\"\ncolumn = \"n\"";
  const std::string drop_key = "kind = \"drop_constraint\"\ntable = \"d\"\nname = \"d_pkey\"";
  const std::string drop_one = "kind = \"drop_constraint\"\ntable = \"d\"\nname = \"d_one\"";
  const std::string drawing = "CREATE TABLE other (id int DEFAULT nextval('d_n_seq'))";
  const std::string put =
      "CREATE FUNCTION put() RETURNS void LANGUAGE sql BEGIN ATOMIC INSERT INTO d (id) VALUES (1) "
      "ON CONFLICT ON CONSTRAINT d_one DO NOTHING; END";
  const auto use = GENERATE_COPY(values<Use>({
      {drop_column, drawing, "of table other", "DROP TABLE other"},
      {"kind = \"drop_table\"\ntable = \"d\"", drawing, "of table other", "DROP TABLE other"},
      {drop_column, "ALTER TABLE d ADD m int DEFAULT nextval('d_n_seq')", "column m of table d",
       "ALTER TABLE d ALTER m DROP DEFAULT"},
      {drop_key, "CREATE VIEW counted AS SELECT id, c, count(*) FROM d GROUP BY id",
       "(view counted)", "DROP VIEW counted"},
      {drop_one, put, "function put()", "DROP FUNCTION put"},
      {"kind = \"rename_column\"\ntable = \"d\"\nfrom = \"c\"\nto = \"e\"", put, "function put()",
       "DROP FUNCTION put"},
  }));
  CAPTURE(use.keys, use.use);
  Rig rig(Engine::postgresql);
  const bool too_old =
      rig.value("SELECT current_setting('server_version_num')::int < 140000") == "t";
  if (too_old && use.use == put) return;
  rig.exec("CREATE TABLE d (id int PRIMARY KEY, n serial, c text CONSTRAINT d_one UNIQUE)");
  const auto file = file_of("1_d", Phase::contract, "[[change]]\n" + use.keys);
  const auto require_refused = [&](Phase phase, const std::string& release) {
    const auto outcome = rig.apply({file}, options_for(phase, release));
    REQUIRE(outcome.error);
    INFO(text_of(outcome.error));
    CHECK(outcome.error->code == ErrorCode::refused);
    CHECK(text_of(outcome.error).find(use.name) != std::string::npos);
  };
  rig.exec(use.use);
  require_refused(Phase::expand, "r1");
  rig.exec(use.unused);
  for (const auto phase : {Phase::expand, Phase::backfill, Phase::switch_}) {
    CHECK(text_of(rig.apply({file}, options_for(phase, "r1")).error).empty());
  }
  rig.live("r1");
  if (use.use.find("ADD m") == std::string::npos) {
    rig.exec(use.use);
    require_refused(Phase::contract, "r2");
    rig.exec(use.unused);
  }
  const auto done = rig.apply({file}, options_for(Phase::contract, "r2"));
  INFO(text_of(done.error));
  CHECK(!done.error);
}
