// Rows that move, files that are rewritten, leaves that come and go while a backfill runs.
#include <fmt/format.h>

#include <atomic>
#include <thread>
#include <vector>

#include "bed.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Connection;
using migrations::ErrorCode;

namespace {

/// Does `once` when a third of the table is done.
void in_the_middle(Bed& bed, const std::function<void()>& once) {
  bed.request.tuning.first_batch = 4;
  bed.request.batch_target = std::chrono::milliseconds(1);
  bed.on_progress = [once, done = std::make_shared<bool>(false)](const auto& progress) {
    if (*done || progress.fraction < 0.33) return;
    *done = true;
    once();
  };
}

/// An application that writes as applications do; errors (conflicts, deadlocks) are its daily
/// bread.
void write_like_an_application(Connection& connection, unsigned seed,
                               const std::atomic<bool>& stop) {
  for (unsigned n = seed; !stop; n = n * 1664525U + 1013904223U) {
    const unsigned id = (n >> 8U) % 20'000 + 1;
    const std::vector<std::string> statements{
        fmt::format("UPDATE users SET other = other + 1 WHERE id = {}", id),
        fmt::format("UPDATE users SET name = 'new {}' WHERE id = {}", n, id),
        fmt::format("INSERT INTO users (id, name) VALUES ({}, 'x') ON CONFLICT (id) DO UPDATE SET "
                    "other = 7",
                    id),
        fmt::format("DELETE FROM users WHERE id = {}", id),
        fmt::format("UPDATE users SET id = {} WHERE id = {}", id + 100'000, id),
        fmt::format("BEGIN; UPDATE users SET other = 0 WHERE id BETWEEN {} AND {}; ROLLBACK", id,
                    id + 20),
        fmt::format("SELECT * FROM users WHERE id = {} FOR UPDATE", id),
        "VACUUM users"};
    static_cast<void>(connection.run(statements[(n >> 24U) % statements.size()]));
    if (connection.in_transaction()) static_cast<void>(connection.run("ROLLBACK"));
  }
}

void chaos(Bed& bed) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> writers;
  std::vector<std::unique_ptr<Connection>> connections;
  for (unsigned i = 0; i < 4; ++i) connections.push_back(bed.db().connect());
  for (unsigned i = 0; i < 4; ++i) {
    writers.emplace_back([&, i] { write_like_an_application(*connections[i], i + 1, stop); });
  }
  const auto rows = bed.run();
  stop = true;
  for (std::thread& writer : writers) writer.join();
  REQUIRE(rows);
  CHECK(bed.wrong() == "0");
  CHECK(bed.value("SELECT count(*) FROM users WHERE full_name IS NULL") == "0");
}

}  // namespace

TEST_CASE("writers and VACUUM at the same time make no row be missed", "[live][backfill][slow]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.request.tuning.first_batch = 4;
  bed.request.batch_target = std::chrono::milliseconds(1);
  SECTION("on full pages") {
    bed.make_users(20'000);
  }
  SECTION("on pages with room") {
    bed.make_users(20'000, "upper(name)", "WITH (fillfactor = 70)");
  }
  SECTION("walked by lists of row places") {
    bed.make_users(20'000);
    bed.request.tuning.walk = migrations::Walk::tid_lists;
  }
  chaos(bed);
}

TEST_CASE("rows moved behind the cursor by an UPDATE of another column are filled by the trigger",
          "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(20'000);
  bed.db().exec("DELETE FROM users WHERE id <= 2000");  // room on the first pages
  bed.db().exec("VACUUM users");
  in_the_middle(bed, [&] { bed.db().exec("UPDATE users SET other = 1 WHERE id > 19000"); });
  REQUIRE(bed.run());
  CHECK(bed.wrong() == "0");
}

TEST_CASE("without a trigger the last look finds rows that moved behind the cursor",
          "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(20'000);
  bed.db().exec("ALTER TABLE users DISABLE TRIGGER zzz_zdm_sync_update");
  bed.request.guarded = false;
  bed.db().exec("DELETE FROM users WHERE id <= 2000");
  bed.db().exec("VACUUM users");
  in_the_middle(bed, [&] {
    bed.db().exec("UPDATE users SET other = 1 WHERE id > 19000 AND full_name IS NULL");
  });
  REQUIRE(bed.run());
  CHECK(bed.wrong() == "0");
}

TEST_CASE("a rewrite in the middle starts the leaf over", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(20'000);
  std::string rewrite;
  SECTION("VACUUM FULL") {
    rewrite = "VACUUM FULL users";
  }
  SECTION("CLUSTER") {
    bed.db().exec("CREATE INDEX backwards ON users (id DESC)");
    rewrite = "CLUSTER users USING backwards";
  }
  SECTION("ALTER COLUMN TYPE") {
    rewrite = "ALTER TABLE users ALTER COLUMN other TYPE bigint";
  }
  bed.audit();
  in_the_middle(bed, [&] { bed.db().exec(rewrite); });
  const auto rows = bed.run();
  REQUIRE(rows);
  CHECK(bed.wrong() == "0");
  CHECK(bed.each_once(20'000));
  CHECK(bed.value("SELECT count(DISTINCT filenode) FROM zdm.backfill_window") == "2");
}

TEST_CASE("a rewrite between two runs starts the leaf over", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(20'000);
  std::stop_source stop;
  in_the_middle(bed, [&] { stop.request_stop(); });
  REQUIRE_FALSE(bed.run(bed.db().opener(), stop.get_token()));
  bed.db().exec("CREATE INDEX backwards ON users (id DESC)");
  bed.db().exec("CLUSTER users USING backwards");
  REQUIRE(bed.run());
  CHECK(bed.wrong() == "0");
}

TEST_CASE("TRUNCATE in the middle, and rows after it", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(20'000);
  in_the_middle(bed, [&] {
    bed.db().exec("TRUNCATE users");
    bed.db().exec("INSERT INTO users (id, name) SELECT i, 'again' FROM generate_series(1, 5000) i");
  });
  REQUIRE(bed.run());
  CHECK(bed.wrong() == "0");
}

TEST_CASE("a partition attached in the middle is filled too", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.db().exec(R"sql(
    CREATE TABLE e (id bigint, name text, full_name text) PARTITION BY RANGE (id);
    CREATE TABLE e1 PARTITION OF e FOR VALUES FROM (0) TO (20000);
    CREATE TABLE late (id bigint, name text, full_name text);
    INSERT INTO late (id, name) SELECT i, 'late' FROM generate_series(20000, 20999) i;
    INSERT INTO e (id, name) SELECT i, 'n' || i FROM generate_series(0, 19999) i)sql");
  bed.guard("e");
  in_the_middle(bed, [&] {
    bed.db().exec("ALTER TABLE e ATTACH PARTITION late FOR VALUES FROM (20000) TO (30000)");
  });
  const auto rows = bed.run();
  if (bed.db().connect()->server_version() < 130000) {  // triggers are not cloned to it
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == ErrorCode::drift);
    return;
  }
  REQUIRE(rows);
  CHECK(*rows == 21'000);
  CHECK(bed.wrong() == "0");
}

TEST_CASE("a partition detached or dropped in the middle is left alone", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.db().exec(R"sql(
    CREATE TABLE e (id bigint, name text, full_name text) PARTITION BY RANGE (id);
    CREATE TABLE e1 PARTITION OF e FOR VALUES FROM (0) TO (10000);
    CREATE TABLE e2 PARTITION OF e FOR VALUES FROM (10000) TO (20000);
    INSERT INTO e (id, name) SELECT i, 'n' || i FROM generate_series(0, 19999) i)sql");
  bed.guard("e");
  std::string change;
  SECTION("detached") {
    change = "ALTER TABLE e DETACH PARTITION e1";
  }
  SECTION("dropped") {
    change = "DROP TABLE e1";
  }
  in_the_middle(bed, [&] { bed.db().exec(change); });
  REQUIRE(bed.run());
  CHECK(bed.wrong() == "0");
  CHECK(bed.value("SELECT count(*) FROM e WHERE full_name IS NULL") == "0");
}

TEST_CASE("a table renamed in the middle is followed by its oid", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(20'000);
  in_the_middle(bed, [&] {
    bed.db().exec("ALTER TABLE users RENAME TO people");
    bed.db().exec("CREATE TABLE users (id bigint, name text, full_name text)");
    bed.db().exec("INSERT INTO users SELECT i, 'not ours' FROM generate_series(1, 20000) i");
  });
  REQUIRE(bed.run());
  CHECK(bed.value("SELECT count(*) FROM people WHERE full_name IS NULL") == "0");
  CHECK(bed.value("SELECT count(*) FROM users WHERE full_name IS NULL") == "20000");
}

TEST_CASE("a trigger that is disabled or dropped in the middle stops the backfill",
          "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(20'000);
  std::string change;
  SECTION("disabled") {
    change = "ALTER TABLE users DISABLE TRIGGER zzz_zdm_sync_update";
  }
  SECTION("dropped") {
    change = "DROP TRIGGER zzz_zdm_sync_insert ON users";
  }
  std::string filled;
  in_the_middle(bed, [&] {
    bed.db().exec(change);
    filled = bed.value("SELECT count(full_name) FROM users");
  });
  const auto rows = bed.run();
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == ErrorCode::drift);
  CHECK(rows.error().message.find("public.users") != std::string::npos);
  CHECK(bed.value("SELECT count(full_name) FROM users") == filled);
}
