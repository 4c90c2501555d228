#include "metrics.hpp"

#include <chrono>
#include <filesystem>
#include <limits>
#include <optional>

#include "cli/sandbox.hpp"
#include "support/catch.hpp"

namespace zdm::tests {
namespace {

/// The value of a metric of `zdm status`; empty where the file has none.
std::string metric(const Sandbox& box, const std::string& name,
                   const std::string& database = "shop.db") {
  const auto text = box.read("zdm.prom");
  const auto start =
      "\n" + name + "{database=\"sqlite:" + box.path(database) + "\",command=\"status\"} ";
  const auto at = text.find(start);
  if (at == std::string::npos) return {};
  const auto from = at + start.size();
  return text.substr(from, text.find('\n', from) - from);
}

}  // namespace

TEST_CASE("labels of metrics are escaped, and whole numbers stay whole", "[cli][metrics]") {
  const auto text = cli::prometheus_text(
      {{"zdm_x", "Line\nand \\.", {{{{"table", "a\"b\\c\nd"}}, 1764093723}, {{}, 0.25}}}});
  CHECK(text ==
        "# HELP zdm_x Line\\nand \\\\.\n# TYPE zdm_x gauge\n"
        "zdm_x{table=\"a\\\"b\\\\c\\nd\"} 1764093723\nzdm_x 0.25\n");
  CHECK(
      cli::prometheus_text({{"zdm_y_total", "Y.", {{{}, std::numeric_limits<double>::infinity()}}},
                            {"zdm_none", "Nothing.", {}}}) ==
      "# HELP zdm_y_total Y.\n# TYPE zdm_y_total counter\nzdm_y_total +Inf\n");
}

TEST_CASE("a run that fails keeps the time of the last success in the metrics", "[cli][metrics]") {
  const Sandbox box;
  box.sqlite("create table t (a integer)");
  CHECK(box.zdm({"status", "--metrics-file", "zdm.prom"}).code == 0);
  CHECK(metric(box, "zdm_last_run_exit_code") == "0");
  const auto success = metric(box, "zdm_last_success_timestamp_seconds");
  CHECK(success == metric(box, "zdm_last_run_timestamp_seconds"));
  CHECK(success.starts_with("1"));

  std::filesystem::remove(box.path("shop.db"));
  CHECK(box.zdm({"--metrics-file=zdm.prom", "status"}).code == 7);
  CHECK(metric(box, "zdm_last_run_exit_code") == "7");
  CHECK(metric(box, "zdm_last_success_timestamp_seconds") == success);
  CHECK(metric(box, "zdm_last_run_timestamp_seconds") > success);
}

TEST_CASE("without a success there is no time of one", "[cli][metrics]") {
  const Sandbox box;
  box.write("zdm.toml", "[database]\nurl = \"sqlite:none.db\"\n");
  CHECK(box.zdm({"status", "--metrics-file", "zdm.prom"}).code != 0);
  CHECK(metric(box, "zdm_last_success_timestamp_seconds", "none.db").empty());
  CHECK_FALSE(metric(box, "zdm_last_run_duration_seconds", "none.db").empty());
}

TEST_CASE("metrics that cannot be written are a failure; a dry run has none", "[cli][metrics]") {
  const Sandbox box;
  box.sqlite("create table t (a integer)");
  const auto nowhere = box.zdm({"status", "--metrics-file", "no/such/zdm.prom"});
  CHECK(nowhere.code == 1);
  CHECK(contains(nowhere.err, "cannot write no/such/zdm.prom"));
  const auto dry = box.zdm({"apply", "--phase", "all", "--dry-run", "--metrics-file", "zdm.prom"});
  CHECK(dry.code == 2);
  CHECK_FALSE(box.has("zdm.prom"));
}

TEST_CASE("what a file says of sets stays where a run says nothing of them", "[cli][metrics]") {
  const Sandbox box;
  const auto path = box.path("zdm.prom");
  const auto write = [&](int code, const std::string& database,
                         const std::vector<cli::Metric>& metrics,
                         const std::optional<std::vector<std::string>>& there) {
    const cli::RunMetrics run{
        .command = "partition rotate",
        .database = database,
        .exit_code = code,
        .ended = std::chrono::system_clock::time_point(std::chrono::seconds(1'764'093'723 + code)),
        .took = {}};
    REQUIRE(cli::write_metrics(path, run, metrics, there));
    return box.read("zdm.prom");
  };
  const auto ahead = [](const std::string& table, double value) {
    return cli::Sample{{{"table", table}}, value};
  };
  const std::string odd = "public.\"a \\ b\"";
  const std::vector<std::string> all = {"events", "public.hits", odd};
  const double endless = std::numeric_limits<double>::infinity();
  write(0, "shop",
        {{"zdm_partition_horizon_partitions",
          "Ahead.",
          {ahead("public.events", 4), ahead("public.hits", 5), ahead(odd, endless)}}},
        all);
  const std::string of = "zdm_partition_horizon_partitions{database=\"shop\",table=\"public.";
  const std::string odd_line = of + "\\\"a \\\\ b\\\"\"} +Inf\n";

  // zdm.toml could not be read: nothing is known.
  auto text = write(2, "", {}, std::nullopt);
  INFO(text);
  CHECK(contains(text, of + "events\"} 4\n"));
  CHECK(contains(text, of + "hits\"} 5\n"));
  CHECK(contains(text, "# HELP zdm_partition_horizon_partitions Ahead.\n"));
  CHECK(contains(text, "exit_code{database=\"shop\",command=\"partition rotate\"} 2\n"));
  CHECK(contains(text,
                 "zdm_last_success_timestamp_seconds{database=\"shop\",command=\"partition "
                 "rotate\"} 1764093723\n"));
  // A run over one set.
  text = write(0, "shop",
               {{"zdm_partition_horizon_partitions", "Ahead.", {ahead("public.hits", 6)}}}, all);
  CHECK(contains(text, of + "hits\"} 6\n"));
  CHECK_FALSE(contains(text, of + "hits\"} 5\n"));
  CHECK(contains(text, of + "events\"} 4\n"));
  CHECK(contains(text, odd_line));
  // A set that zdm.toml no longer has.
  text = write(7, "shop", {}, std::vector<std::string>{"public.hits"});
  CHECK(contains(text, of + "hits\"} 6\n"));
  CHECK_FALSE(contains(text, of + "events"));
  CHECK_FALSE(contains(text, "{database=\"shop\",table=\"public.\\\"a"));
  // Another database in the same file.
  CHECK_FALSE(contains(write(0, "other", {}, std::nullopt), "zdm_partition_"));
}

}  // namespace zdm::tests
