#include <algorithm>
#include <set>

#include "database/catalog_reader.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"

using namespace zdm::planner;
using zdm::migrations::read_catalog;
using zdm::tests::SqliteFile;

namespace {

using Names = std::vector<std::string>;

constexpr auto kSchema = R"(
  CREATE TABLE teams (id INTEGER PRIMARY KEY);
  CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    "full name" TEXT NOT NULL DEFAULT 'nobody', -- a comment, with a comma
    email TEXT COLLATE NOCASE CONSTRAINT one_email UNIQUE CHECK (email <> '' AND email LIKE '%(%'),
    created TEXT DEFAULT CURRENT_TIMESTAMP,
    token TEXT DEFAULT (hex(randomblob(8))),
    size INTEGER DEFAULT (1 + 2),
    team INTEGER REFERENCES teams ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    shout TEXT GENERATED ALWAYS AS (upper(email)) VIRTUAL,
    CONSTRAINT sane CHECK (size > 0), UNIQUE (team, size),
    CONSTRAINT boss FOREIGN KEY (size) REFERENCES users (id));
  CREATE INDEX users_rich ON users (lower(email) COLLATE RTRIM DESC, team, "full name" COLLATE NOCASE) WHERE size > 3;
  CREATE TABLE orders (user_id INTEGER REFERENCES users);
  CREATE VIEW named AS SELECT "full name" FROM users;
  CREATE VIEW others AS SELECT id FROM teams;
  CREATE TRIGGER stamp AFTER UPDATE OF email, team ON users WHEN NEW.size > 1 BEGIN UPDATE users SET created = 'x' WHERE id = NEW.id; END;
  CREATE TRIGGER watch INSERT ON teams BEGIN DELETE FROM users WHERE team = NEW.id; END;
  CREATE TRIGGER zzz_zdm_sync_insert AFTER INSERT ON users BEGIN SELECT NEW.email; END;
  CREATE TABLE tags (name TEXT PRIMARY KEY) WITHOUT ROWID;
  INSERT INTO users (id, size) VALUES (40, 40);
)";

Names column_names(const Table& table, const std::vector<int>& attnums) {
  Names names;
  for (const int attnum : attnums) {
    const Column* column = table.column(attnum);
    names.push_back(column == nullptr ? "?" : column->name);
  }
  return names;
}

Catalog read(const SqliteFile& file, const CatalogRequest& request) {
  const auto connection = file.connect();
  auto catalog = read_catalog(*connection, request);
  if (!catalog) FAIL(catalog.error().message << " in " << catalog.error().statement);
  CHECK_FALSE(connection->in_transaction());
  return std::move(*catalog);
}

}  // namespace

TEST_CASE("everything about a rich SQLite table is read", "[live][database][catalog]") {
  SqliteFile file;
  file.exec(kSchema);
  const Catalog catalog =
      read(file, {.tables = {{"", "USERS"}, {"", "missing"}}, .indexes = {{"", "users_rich"}}});
  REQUIRE(catalog.tables.size() == 1);
  const Table& users = catalog.tables[0];

  SECTION("the table itself") {
    CHECK(users.name.name == "users");
    CHECK_FALSE(users.empty);
    CHECK(users.rows == 40);
    CHECK(users.bytes > 0);
    CHECK_FALSE(users.without_rowid);
    CHECK(read(file, {.tables = {{"", "tags"}}}).tables[0].without_rowid);
    CHECK(read(file, {.tables = {{"", "tags"}}}).tables[0].empty);
    CHECK(read(file, {.tables = {{"", "named"}}}).tables[0].view_query ==
          "SELECT \"full name\" FROM users");
    CHECK(std::ranges::find(catalog.taken, TableName{"", "orders"}) != catalog.taken.end());
  }
  SECTION("its columns and how volatile their defaults are") {
    REQUIRE(users.columns.size() == 8);
    const Column& name = *users.column("full name");
    CHECK(name.attnum == 2);
    CHECK(name.not_null);
    CHECK(name.default_sql == "'nobody'");
    CHECK(name.default_kind == DefaultKind::constant);
    CHECK(users.column("email")->collation == "NOCASE");
    CHECK(users.column("email")->default_kind == DefaultKind::none);
    CHECK(users.column("created")->default_kind == DefaultKind::volatile_);
    CHECK(users.column("token")->default_kind == DefaultKind::volatile_);
    CHECK(users.column("size")->default_kind == DefaultKind::constant);
    CHECK(users.column("shout")->generated == Generated::virtual_);
    CHECK(users.column("shout")->generated_sql == "upper(email)");
  }
  SECTION("its indexes, key by key") {
    const Index& rich = *users.index("users_rich");
    REQUIRE(rich.keys.size() == 3);
    CHECK(rich.keys[0].attnum == 0);
    CHECK(rich.keys[0].sql == "lower(email) COLLATE RTRIM DESC");
    CHECK(rich.keys[0].suffix == " COLLATE RTRIM DESC");
    CHECK(rich.keys[1].sql == "team");
    CHECK(rich.keys[2].sql == "\"full name\" COLLATE NOCASE");
    CHECK(rich.predicate == "size > 3");
    CHECK(column_names(users, rich.attnums) == Names{"full name", "email", "size", "team"});
    CHECK(users.indexes.size() == 3);
  }
  SECTION("its constraints, and the foreign keys that point at it") {
    const Constraint& sane = *users.constraint("sane");
    CHECK(sane.expression == "size > 0");
    CHECK(column_names(users, sane.attnums) == Names{"size"});
    const Constraint& unique = *users.constraint("one_email");
    CHECK(unique.kind == ConstraintKind::unique);
    CHECK(users.index(unique.index)->constraint == "one_email");
    const auto team = std::ranges::find_if(users.constraints, [](const Constraint& each) {
      return each.references && each.references->table.name == "teams";
    });
    REQUIRE(team != users.constraints.end());
    CHECK(team->references->columns == Names{"id"});
    CHECK(team->deferrable);
    CHECK(team->initially_deferred);
    CHECK(team->definition ==
          "FOREIGN KEY (team) REFERENCES teams ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED");
    CHECK(users.constraint("boss")->references->columns == Names{"id"});
    CHECK(users.constraints.size() == 7);
    REQUIRE(users.incoming.size() == 2);
    CHECK(users.incoming[0].table.name == "orders");
    CHECK(column_names(users, users.incoming[0].attnums) == Names{"id"});
  }
  SECTION("its triggers") {
    REQUIRE(users.triggers.size() == 2);
    const Trigger& stamp = users.triggers[0];
    CHECK(stamp.name == "stamp");
    CHECK(stamp.on_update);
    CHECK_FALSE(stamp.before);
    CHECK_FALSE(stamp.on_insert);
    CHECK(column_names(users, stamp.update_of) == Names{"email", "team"});
    CHECK(column_names(users, stamp.attnums) == Names{"email", "team", "size"});
  }
  SECTION("what depends on it") {
    std::set<std::string> lines;
    for (const Dependent& each : users.dependents) {
      std::string line = each.name + ":";
      for (const std::string& name : column_names(users, each.attnums)) line += " " + name;
      lines.insert(line);
    }
    CHECK(lines == std::set<std::string>{"generated column shout: email", "view named: full name",
                                         "trigger stamp: id email created size team",
                                         "trigger watch: id team"});
  }
}
