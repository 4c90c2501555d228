#include "progress_line.hpp"
#include "redact.hpp"
#include "support/catch.hpp"
#include "text_width.hpp"

namespace zdm::cli {

TEST_CASE("columns are counted as a terminal shows them", "[cli]") {
  CHECK(display_width("users") == 5);
  CHECK(display_width("größe") == 5);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("\xff\xfe") == 2);
  CHECK(cut("日本語", 5) == "日本…");
  CHECK(cut("users", 5) == "users");
  CHECK(aligned({{"größe", "x"}, {"日本", "y"}}) ==
        std::vector<std::string>{"größe  x", "日本   y"});
}

TEST_CASE("text is wrapped at blanks, and its own line breaks stay", "[cli]") {
  CHECK(wrapped("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrapped("one\ntwo", 80) == std::vector<std::string>{"one", "two"});
  CHECK(wrapped("unbreakable", 3) == std::vector<std::string>{"unbreakable"});
}

TEST_CASE("control characters of a database's text cannot reach the terminal", "[cli]") {
  CHECK(printable("a\x1b[2Jb\n") == "a\\x1b[2Jb\n");
  // It is to mislead: NOLINTNEXTLINE(misc-misleading-bidirectional)
  CHECK(printable("\u009b2J \xff \u202e") == "\\u{009b}2J \\xff \\u{202e}");
  CHECK(printable("größe 日本 e\u0301") == "größe 日本 e\u0301");
}

TEST_CASE("passwords of connection strings are never shown", "[cli]") {
  CHECK(redacted("at postgresql://app:s3cret@db:5432/shop now") ==
        "at postgresql://app:***@db:5432/shop now");
  CHECK(redacted("postgresql://app:p@ss/w@db/shop") == "postgresql://app:***@db/shop");
  CHECK(redacted("host=db password=s3cret user=app") == "host=db password=*** user=app");
  CHECK(redacted("password = 'a \\' b' user=app") == "password = *** user=app");
  CHECK(redacted("postgresql://db/shop?password=s3cret&x=1") ==
        "postgresql://db/shop?password=***&x=1");
  CHECK(redacted("the password was wrong") == "the password was wrong");
  CHECK_FALSE(holds_password("postgresql://app@db/shop"));
}

TEST_CASE("progress says rows, rate and percent, and an ETA from 1 % on", "[cli]") {
  migrations::ProgressEvent event{.migration = {"0007_users"},
                                  .phase = planner::Phase::backfill,
                                  .step = "backfill.2",
                                  .rows_done = 1200000,
                                  .rows_total = 4000000,
                                  .rows_per_second = 52000,
                                  .eta_s = 54,
                                  .is_backfill = true};
  CHECK(progress_text(event) ==
        "0007_users backfill backfill.2  1,200,000 of ~4,000,000 rows  30 %  52,000/s  ETA 54 s");
  event.rows_done = 100;
  CHECK(progress_text(event).find("ETA") == std::string::npos);
  event.throttled = "replica lag 3 s";
  CHECK(progress_text(event).find("paused: replica lag 3 s") != std::string::npos);
  event.throttled.clear();
  event.rows_done = event.rows_total = 5000;  // of a table that was never analysed
  CHECK(progress_text(event) == "0007_users backfill backfill.2  5,000 rows  52,000/s");
}

TEST_CASE("durations and counts read well", "[cli]") {
  CHECK(duration_text(850) == "850 ms");
  CHECK(duration_text(1240) == "1.2 s");
  CHECK(duration_text(200'000) == "3 min 20 s");
  CHECK(duration_text(7'500'000) == "2 h 5 min");
  CHECK(count_text(0) == "0");
  CHECK(count_text(1234567) == "1,234,567");
  CHECK(count_text(-1234) == "-1,234");
}

}  // namespace zdm::cli
