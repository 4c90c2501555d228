// The backfill of an SQLite table.
#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "bed.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Error;
using migrations::ErrorCode;

namespace {

/// users(key, name, full_name), rows 1 … n. `key`: the columns that identify a row.
void make_users(Bed& bed, int rows, const std::string& key, const std::string& values,
                const std::string& options = "", const std::string& check = "") {
  bed.db().exec(
      fmt::format("CREATE TABLE users ({}, name text, other integer, full_name text {}) {}", key,
                  check, options));
  bed.db().exec(
      fmt::format("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
                  "INSERT INTO users SELECT {}, 'name ' || i, 0, NULL FROM n",
                  rows, values));
  bed.guard("users");
}

void audit(Bed& bed) {
  bed.db().exec("CREATE TABLE IF NOT EXISTS audit (id integer)");
  bed.db().exec(
      "CREATE TRIGGER audit AFTER UPDATE ON users WHEN OLD.full_name IS NULL BEGIN "
      "INSERT INTO audit VALUES (NEW.id); END");
  bed.request.action.user_triggers = planner::UserTriggers::fire;
}

}  // namespace

TEST_CASE("an SQLite table is filled in the order of its key", "[live][backfill][sqlite]") {
  Bed bed(std::make_unique<SqliteFile>());
  SECTION("an INTEGER PRIMARY KEY") {
    make_users(bed, 5'000, "id INTEGER PRIMARY KEY", "i * 3");
  }
  SECTION("no key at all") {
    make_users(bed, 5'000, "id integer", "i");
  }
  SECTION("a column called rowid") {
    make_users(bed, 5'000, "rowid text", "'x' || (i % 7)");
  }
  SECTION("WITHOUT ROWID, a text key") {
    make_users(bed, 5'000, "id text PRIMARY KEY", "'it''s ' || i", "WITHOUT ROWID");
  }
  SECTION("WITHOUT ROWID, a key of several columns and kinds") {
    make_users(bed, 5'000, "a, b text, c blob",
               "i % 3, i % 5, CASE i % 2 WHEN 0 THEN i ELSE CAST(i AS blob) END", "");
    bed.db().exec("DROP TABLE users");
    bed.db().exec(
        "CREATE TABLE users (a, b text, c blob, name text, full_name text, PRIMARY KEY (a, b, c)) "
        "WITHOUT ROWID");
    bed.db().exec(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
        "INSERT INTO users SELECT i % 3, i % 5, CASE i % 2 WHEN 0 THEN i + 0.1 ELSE CAST(i AS "
        "blob) END, "
        "'name ' || i, NULL FROM n");
    bed.guard("users");
  }
  const auto rows = bed.run();
  INFO((rows ? "" : rows.error().message));
  REQUIRE(rows);
  CHECK(*rows == 5'000);
  CHECK(bed.wrong() == "0");
  CHECK(bed.value("SELECT count(*) FROM zdm_guard") == "0");
  CHECK(bed.value("SELECT state FROM zdm_backfill_window") == "done");
}

TEST_CASE("an SQLite backfill that dies at any statement is carried on",
          "[live][backfill][sqlite][slow]") {
  bool reached = true;
  for (int at = 1; reached; ++at) {
    Bed bed(std::make_unique<SqliteFile>());
    make_users(bed, 1'200, "id INTEGER PRIMARY KEY", "i");
    audit(bed);
    reached = false;
    const auto died =
        bed.run(faulty(bed.db().opener(), [&](int n, std::string_view) -> std::optional<Error> {
          reached = reached || n == at;
          if (n < at) return std::nullopt;
          return Error{.message = "killed", .sqlstate = "XX000"};
        }));
    CAPTURE(at);
    REQUIRE(died.has_value() == !reached);
    REQUIRE(bed.run());
    REQUIRE(bed.wrong() == "0");
    REQUIRE(bed.each_once(1'200));
  }
}

TEST_CASE("a stopped SQLite backfill carries on at its cursor", "[live][backfill][sqlite]") {
  Bed bed(std::make_unique<SqliteFile>());
  make_users(bed, 20'000, "id INTEGER PRIMARY KEY", "i");
  audit(bed);
  std::stop_source stop;
  bed.on_progress = [&](const auto& progress) {
    if (progress.rows_done > 5'000) stop.request_stop();
  };
  const auto stopped = bed.run(bed.db().opener(), stop.get_token());
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == ErrorCode::interrupted);
  CHECK(std::stoi(bed.value("SELECT cursor FROM zdm_backfill_window")) > 5'000);
  bed.on_progress = {};
  const std::string cursor = bed.value("SELECT cursor FROM zdm_backfill_window");
  std::string first_look;
  const auto listen = [&](int, std::string_view sql) -> std::optional<migrations::Error> {
    if (first_look.empty() && sql.starts_with("SELECT EXISTS")) first_look = sql;
    return std::nullopt;
  };
  const auto rows = bed.run(faulty(bed.db().opener(), listen));
  REQUIRE(rows);
  CHECK(*rows == 20'000);
  CHECK(first_look.find("> " + cursor + " ") != std::string::npos);
  CHECK(bed.each_once(20'000));
}

TEST_CASE("writers of the same SQLite file get their turn, and no row is missed",
          "[live][backfill][sqlite]") {
  Bed bed(std::make_unique<SqliteFile>());
  bed.db().exec("PRAGMA journal_mode = WAL");
  make_users(bed, 20'000, "id INTEGER PRIMARY KEY", "i");
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  const auto connection = bed.db().connect({.lock_timeout = std::chrono::seconds(5)});
  std::thread writer([&] {
    for (unsigned n = 1; !stop; n = n * 1664525U + 1013904223U) {
      const unsigned id = (n >> 8U) % 20'000 + 1;
      const std::vector<std::string> statements{
          fmt::format("UPDATE users SET other = 1 WHERE id = {}", id),
          fmt::format("UPDATE users SET name = 'new' WHERE id = {}", id),
          fmt::format("UPDATE users SET id = {} WHERE id = {}", id + 100'000, id),
          fmt::format("INSERT OR IGNORE INTO users (id, name) VALUES ({}, 'x')", id + 200'000),
          fmt::format("DELETE FROM users WHERE id = {}", id)};
      if (connection->run(statements[(n >> 24U) % statements.size()])) ++written;
    }
  });
  const auto rows = bed.run();
  stop = true;
  writer.join();
  REQUIRE(rows);
  CHECK(bed.wrong() == "0");
  CHECK(written > 10);
}

TEST_CASE("a row of an SQLite table that cannot be filled is named", "[live][backfill][sqlite]") {
  Bed bed(std::make_unique<SqliteFile>());
  make_users(bed, 5'000, "id INTEGER PRIMARY KEY", "i", "", "CHECK (full_name <> 'NAME 4711')");
  const auto rows = bed.run();
  REQUIRE_FALSE(rows);
  INFO(rows.error().message);
  CHECK(rows.error().code == ErrorCode::failed);
  CHECK(rows.error().message.find("rowid=4711") != std::string::npos);
  CHECK(bed.value("SELECT count(full_name) FROM users") == "4710");
  bed.db().exec("DELETE FROM users WHERE id = 4711");
  REQUIRE(bed.run());
  CHECK(bed.wrong() == "0");
}

TEST_CASE("a lost lease ends an SQLite backfill", "[live][backfill][sqlite]") {
  Bed bed(std::make_unique<SqliteFile>());
  make_users(bed, 20'000, "id INTEGER PRIMARY KEY", "i");
  std::string filled;
  bed.on_progress = [&](const auto& progress) {
    if (progress.rows_done < 3'000 || !filled.empty()) return;
    bed.db().exec("UPDATE zdm_lease SET fence = 2");
    filled = bed.value("SELECT count(full_name) FROM users");
  };
  const auto rows = bed.run();
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == ErrorCode::busy);
  CHECK(bed.value("SELECT count(full_name) FROM users") == filled);
}
