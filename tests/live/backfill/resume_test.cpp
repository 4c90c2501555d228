// A backfill that is interrupted anywhere carries on, and writes no row twice.
#include <fmt/format.h>

#include <atomic>

#include "bed.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Error;
using migrations::ErrorCode;

namespace {

constexpr int kRows = 1'500;

void begin_anew(Bed& bed) {
  bed.forget();
  bed.db().exec("DROP TABLE IF EXISTS users; DROP TABLE IF EXISTS audit");
  bed.make_users(kRows);
  bed.audit();
}

/// Small windows and batches: many statements to fail at.
void many_batches(Bed& bed) {
  bed.request.tuning.stripes = 2;
  bed.request.tuning.window = 8;
  bed.request.tuning.first_batch = 4;
}

}  // namespace

TEST_CASE("a process that dies at any statement is carried on by the next",
          "[live][backfill][slow]") {
  Bed bed(std::make_unique<TestDatabase>());
  many_batches(bed);
  bool reached = true;
  int last = 0;
  for (int at = 1; reached; ++at) {
    begin_anew(bed);
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
    REQUIRE(bed.each_once(kRows));
    last = at;
  }
  CHECK(last > 20);
}

TEST_CASE("a connection lost at any statement is opened again", "[live][backfill][slow]") {
  Bed bed(std::make_unique<TestDatabase>());
  many_batches(bed);
  bool reached = true;
  for (int at = 1; reached; ++at) {
    begin_anew(bed);
    reached = false;
    const auto rows =
        bed.run(faulty(bed.db().opener(), [&](int n, std::string_view) -> std::optional<Error> {
          if (n != at) return std::nullopt;
          reached = true;
          return lost();
        }));
    CAPTURE(at);
    REQUIRE(rows);
    REQUIRE(bed.wrong() == "0");
    REQUIRE(bed.each_once(kRows));
  }
}

TEST_CASE("after a stop the next run carries on at the block where it stopped",
          "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(20'000);
  bed.audit();
  bed.request.tuning.first_batch = 16;
  std::stop_source stop;
  bed.on_progress = [&](const auto& progress) {
    if (progress.fraction > 0.5) stop.request_stop();
  };
  const auto stopped = bed.run(bed.db().opener(), stop.get_token());
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == ErrorCode::interrupted);
  const int filled = std::stoi(bed.value("SELECT count(full_name) FROM users"));
  CHECK(filled > 0);
  CHECK(filled < 20'000);
  if (bed.is_striped()) {
    CHECK(std::stoi(bed.value("SELECT stripe FROM zdm.backfill_window")) >= 3);
  }
  CHECK(std::stoi(bed.value("SELECT rows FROM zdm.backfill_window")) == filled);

  bed.told.clear();
  const std::string cursor = bed.value("SELECT cursor FROM zdm.backfill_window");
  std::string first_batch;
  const auto listen = [&](int, std::string_view sql) -> std::optional<Error> {
    if (first_batch.empty() && sql.find("UPDATE ONLY") != std::string_view::npos) first_batch = sql;
    return std::nullopt;
  };
  const auto rows = bed.run(faulty(bed.db().opener(), listen));
  REQUIRE(rows);
  CHECK(*rows == 20'000);
  CHECK(std::stoi(cursor) > 0);
  const std::string begins =
      bed.is_striped() ? "ctid >= '(" + cursor + ",0)'" : "generate_series(" + cursor + ", ";
  CHECK(first_batch.find(begins) != std::string::npos);
  CHECK(bed.told.front().rows_done >= filled);
  CHECK(bed.each_once(20'000));
}

TEST_CASE("a terminated backend is replaced, and the lease knows the new one", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(20'000);
  bed.audit();
  bed.request.tuning.first_batch = 8;
  int kills = 0;
  bed.on_progress = [&](const auto&) {
    if (kills++ % 7 != 3) return;
    bed.db().exec(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
        "AND datname = current_database() AND query LIKE '%COMMIT%'");
  };
  std::int64_t last = 0;
  const migrations::Opener remembered =
      [&]() -> migrations::Result<std::unique_ptr<migrations::Connection>> {
    auto opened = bed.db().opener()();
    if (opened) last = (*opened)->backend_pid();
    return opened;
  };
  const auto rows = bed.run(remembered);
  REQUIRE(rows);
  CHECK(bed.value("SELECT work_pid FROM zdm.lease") == std::to_string(last));
  CHECK(bed.wrong() == "0");
  CHECK(bed.each_once(20'000));
  CHECK(kills > 3);
}

TEST_CASE("the token of a batch goes with its transaction", "[live][backfill][law3]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(2'000);
  many_batches(bed);
  migrations::Connection* work = nullptr;
  const migrations::Opener remembered =
      [&]() -> migrations::Result<std::unique_ptr<migrations::Connection>> {
    auto opened = bed.db().connect();
    work = opened.get();
    return opened;
  };
  int asked = 0;
  const auto ask = [&](int, std::string_view) -> std::optional<Error> {
    if (work->in_transaction()) return std::nullopt;
    const auto token = work->run("SELECT coalesce(current_setting('zdm.backfill', true), '')");
    REQUIRE(token);
    CHECK(token->first().empty());
    ++asked;
    return std::nullopt;
  };
  REQUIRE(bed.run(faulty(remembered, ask)));
  CHECK(asked > 10);
}

TEST_CASE("errors that pass are waited out, and the batch is halved", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(5'000);
  bed.audit();
  bed.request.tuning.first_batch = 4;
  int batches = 0;
  int failed = 0;
  const auto sometimes = [&](int, std::string_view sql) -> std::optional<Error> {
    if (sql.find("UPDATE ONLY") == std::string_view::npos || ++batches % 2 == 0)
      return std::nullopt;
    const std::vector<std::string> states{"55P03", "57014", "40P01", "40001"};
    return Error{.message = "for now", .sqlstate = states[static_cast<std::size_t>(failed++) % 4]};
  };
  const auto rows = bed.run(faulty(bed.db().opener(), sometimes));
  REQUIRE(rows);
  CHECK(failed > 3);
  CHECK(bed.each_once(5'000));
  CHECK(std::any_of(bed.told.begin(), bed.told.end(),
                    [](const auto& p) { return p.throttled.find("55P03") != std::string::npos; }));
}

TEST_CASE("a lost lease ends the backfill, and nothing is written any more", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(20'000);
  bed.request.tuning.first_batch = 8;
  std::string filled;
  bed.on_progress = [&](const auto& progress) {
    if (progress.rows_done < 5'000 || !filled.empty()) return;
    bed.db().exec("UPDATE zdm.lease SET fence = 2");
    filled = bed.value("SELECT count(full_name) FROM users");
  };
  const auto rows = bed.run();
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == ErrorCode::busy);
  CHECK_FALSE(filled.empty());
  CHECK(bed.value("SELECT count(full_name) FROM users") == filled);
}
