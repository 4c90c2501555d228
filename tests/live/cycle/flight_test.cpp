#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>

#include "cycle.hpp"
#include "support/catch.hpp"
#include "words.hpp"

using namespace zdm::tests;
using zdm::migrations::Engine;

namespace {

/// Two migrations of one table, each of its own column. Indexes stand on one and on both; on
/// PostgreSQL a check and a unique constraint too.
Case two_in_flight(Engine engine) {
  Case subject = {
      .name = "two migrations in flight",
      .engines = kBoth,
      .setup = {"CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL, mail text)",
                "CREATE INDEX users_name ON users (name)",
                "CREATE UNIQUE INDEX users_both ON users (mail, name, id)",
                "CREATE INDEX users_some ON users (lower(name)) WHERE mail IS NOT NULL",
                "INSERT INTO users VALUES (1, 'a', 'b'), (2, 'c', NULL)"},
      .migrations = {rename("users", "name", "full_name"), rename("users", "mail", "address")},
      .old_writes = {"INSERT INTO users (id, name, mail) VALUES ({n}, 'n{n}', 'm{n}')",
                     "UPDATE users SET name = 'u{n}' WHERE id = 1",
                     "UPDATE users SET mail = 'u{n}' WHERE id = 2"},
      .new_writes = {"INSERT INTO users (id, full_name, address) VALUES ({n} + 5000, 'n', 'm')",
                     "UPDATE users SET full_name = 'v{n}', address = 'w{n}' WHERE id = 2"},
      .repaired = {}};
  if (engine == Engine::postgresql) {
    subject.setup.emplace_back(
        "ALTER TABLE users ADD CONSTRAINT users_apart CHECK (name <> mail), "
        "ADD CONSTRAINT users_one UNIQUE (id, name, mail)");
  }
  return subject;
}

/// e, b, s, c: the phases; u: back by one; the digit is the migration. l: the release is live, and
/// the next one is deployed.
class Flight {
 public:
  explicit Flight(Engine engine) : cycle_(two_in_flight(engine), engine) {
    before_ = shape_of(cycle_.database());
  }

  void fly(const std::string& script) {
    std::istringstream words(script);
    for (std::string word; words >> word;) {
      if (word == "l") {
        cycle_.live(fmt::format("r{}", release_++));
        continue;
      }
      const auto migration = static_cast<std::size_t>(word[1] - '0');
      if (word[0] == 'u') {
        cycle_.rollback(migration);
        --reached_[migration];
      } else {
        cycle_.apply(zdm::planner::kPhases[static_cast<std::size_t>(reached_[migration])],
                     fmt::format("r{}", release_), migration);
        ++reached_[migration];
      }
      write();
    }
    land();
  }

 private:
  void write() {
    const auto [least, most] = std::minmax(reached_[0], reached_[1]);
    if (most < 4) cycle_.write_old();
    if (least >= 2) cycle_.write_new();
    if (most < 4) cycle_.verify();
  }

  void land() {
    if (reached_[0] == 0 && reached_[1] == 0) {
      CHECK(difference(before_, shape_of(cycle_.database())) == "");
    } else {
      CHECK(reached_[0] == 4);
      CHECK(reached_[1] == 4);
    }
    CHECK(fmt::format("{}", fmt::join(helpers_left(cycle_.database()), ", ")) == "");
  }

  Cycle cycle_;
  Shape before_;
  std::array<int, 2> reached_ = {0, 0};
  int release_ = 1;
};

}  // namespace

TEST_CASE("two migrations of one table may overtake each other", "[live][cycle]") {
  for (const auto engine : {Engine::postgresql, Engine::sqlite}) {
    for (const std::string script :
         {"e0 e1 b0 b1 s1 s0 l c1 c0", "e0 b0 e1 s0 l b1 c0 s1 l c1", "e0 b0 s0 e1 b1 s1 l c0 c1",
          "e0 e1 b1 b0 s0 u0 u1 s0 b1 s1 l c1 c0", "e0 b0 e1 b1 s0 s1 u0 u0 u0 u1 u1 u1",
          "e0 e1 b0 b1 u0 u1 b1 b0 u1 u1 u0 u0", "e0 e1 b0 b1 s1 s0 u1 u0 u0 b0 s0 s1 l c0 c1",
          "e0 b0 e1 b1 u0 s1 l c1 b0 s0 l c0"}) {
      INFO(script << (engine == Engine::sqlite ? " on SQLite" : " on PostgreSQL"));
      try {
        Flight(engine).fly(script);
      } catch (const std::runtime_error& error) {
        FAIL_CHECK(error.what());
      }
    }
  }
}
