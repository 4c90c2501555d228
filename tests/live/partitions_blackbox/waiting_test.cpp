#include <fmt/format.h>

#include <cstdlib>
#include <iostream>

#include "stand.hpp"
#include "support/catch.hpp"
#include "support/crowd.hpp"
#include "support/wait.hpp"

// What an application feels of a rotation. ZDM_PARTITIONS_LONG=1 takes more partitions, and holds
// answers to the limit of locks: for a machine that does nothing else.

namespace zdm::tests {
namespace {

using std::chrono::milliseconds;
constexpr double kMostMs = 100;
/// Of an answer, where the machine may have other things to do.
constexpr double kMostBusyMs = 1000;

bool long_form() {
  return std::getenv("ZDM_PARTITIONS_LONG") != nullptr;
}

void judge(const Felt& felt, const std::string& what) {
  std::cout << fmt::format("{}: {} statements, longest wait {:.1f} ms, longest answer {:.1f} ms\n",
                           what, felt.statements, felt.longest_wait_ms, felt.longest_answer_ms);
  INFO(felt.longest_wait);
  CHECK(felt.longest_wait_ms <= kMostMs);
  CHECK(felt.longest_answer_ms <= (long_form() ? kMostMs : kMostBusyMs));
  for (const auto& failure : felt.failures) FAIL_CHECK(failure);
  CHECK(felt.statements > 50);
}

std::string policy_of(const std::string& expire, int ahead, int keep) {
  return fmt::format(
      "[partition.\"public.events\"]\ncolumn = \"occurred_at\"\ninterval = \"1 day\"\nahead = {}\n"
      "keep = \"{} days\"\nexpire = \"{}\"\n{}",
      ahead, keep, expire, expire == "archive" ? "schema = \"attic\"\n" : "");
}

void rotate_in_a_crowd(const std::string& expire) {
  const int count = long_form() ? 30 : 4;
  Stand stand;
  make_days(stand.database, -3 - count, 1, 200);
  stand.database.exec("CREATE SCHEMA attic");
  stand.policy(policy_of(expire, 1 + count, 3));
  const auto rows = stand.database.value("SELECT count(*) FROM events WHERE note LIKE 'note%'");
  Crowd crowd(stand.database, milliseconds(2000));
  const auto finished = stand.rotate({"--yes"});
  const auto felt = crowd.stop();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 0);
  CHECK(crowd.held() >= 1);
  judge(felt, "rotate, expire = " + expire);
  auto& database = stand.database;
  CHECK(bounds_of(database, "events") == days(database, -3, 1 + count));
  const std::string home = expire == "archive" ? "attic" : "public";
  const auto beside = database.value(fmt::format(R"sql(
      SELECT count(*) FROM pg_class c WHERE relkind = 'r' AND relname LIKE 'events%'
        AND relnamespace = '{}'::regnamespace AND NOT relispartition)sql",
                                                 home));
  CHECK(beside == (expire == "drop" ? "0" : std::to_string(count)));
  if (expire == "drop") return;
  // What was retired still has every row.
  std::string all = "SELECT count(*) FROM events WHERE note LIKE 'note%'";
  for (const auto& row : database.rows(fmt::format(R"sql(
      SELECT c.oid::regclass FROM pg_class c WHERE relkind = 'r' AND relname LIKE 'events%'
        AND relnamespace = '{}'::regnamespace AND NOT relispartition)sql",
                                                   home))) {
    all += " UNION ALL SELECT count(*) FROM " + row.front().value_or("");
  }
  CHECK(database.value("SELECT sum(count) FROM (" + all + ") counted") == rows);
}

}  // namespace

TEST_CASE("nobody waits 100 ms for a rotation that drops, with a transaction of 2 s on the parent",
          "[live][partitions]") {
  rotate_in_a_crowd("drop");
}

TEST_CASE("nobody waits 100 ms for a rotation that detaches", "[live][partitions]") {
  rotate_in_a_crowd("detach");
}

TEST_CASE("nobody waits 100 ms for a rotation that archives", "[live][partitions]") {
  rotate_in_a_crowd("archive");
}

TEST_CASE("nobody waits 100 ms for partitions made beside a default partition",
          "[live][partitions]") {
  Stand stand;
  make_days(stand.database, -1, 1, 200);
  stand.database.exec("CREATE TABLE events_rest PARTITION OF events DEFAULT");
  // Rows that any scan of the default partition has to pass.
  stand.database.exec(
      "INSERT INTO events (occurred_at, note) SELECT now() - interval '9 years', 'old' "
      "FROM generate_series(1, 20000)");
  stand.policy(
      "[partition.\"public.events\"]\ncolumn = \"occurred_at\"\ninterval = \"1 day\"\nahead = 4\n");
  Crowd crowd(stand.database, milliseconds(30));
  const auto finished = stand.rotate();
  const auto felt = crowd.stop();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 0);
  judge(felt, "rotate beside a default partition");
  auto expected = days(stand.database, -1, 4);
  expected.emplace_back("DEFAULT");
  CHECK(bounds_of(stand.database, "events") == expected);
}

}  // namespace zdm::tests
