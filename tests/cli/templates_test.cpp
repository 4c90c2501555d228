#include <regex>
#include <set>
#include <sstream>

#include "cli/sandbox.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"

// The templates that run zdm by the clock: what they call is called here, on a server, in the
// environment they would give it.

namespace zdm::tests {
namespace {

std::string replaced(std::string text, const std::string& part, const std::string& by) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + by.size())) {
    text.replace(at, part.size(), by);
  }
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// A project whose table and view are kept by their policies, and a folder for metrics.
class Shop final {
 public:
  Shop() {
    database.exec(R"sql(
        CREATE TABLE events (id bigint, occurred_at timestamptz NOT NULL)
          PARTITION BY RANGE (occurred_at);
        CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM events;
        CREATE UNIQUE INDEX ON totals (count))sql");
    box.write("zdm.toml", R"(
        [database]
        url = "${DATABASE_URL}"
        [partition."public.events"]
        column = "occurred_at"
        interval = "1 day"
        ahead = 7
        [matview."public.totals"]
        every = "1min"
        )");
    box.write("metrics/.keep", "");
    box.write("home/.keep", "");
    box.write("bin/zdm", "#!/bin/sh\nexec " ZDM_PROGRAM " \"$@\"\n");
    REQUIRE(run({.words = {"/bin/chmod", "+x", box.path("bin/zdm")},
                 .directory = {},
                 .environment = {},
                 .input = {}})
                .code == 0);
  }

  /// The paths of the template are those of this project.
  [[nodiscard]] std::string here(std::string text) const {
    text = replaced(std::move(text), "/srv/shop/zdm.toml", box.path("zdm.toml"));
    text = replaced(std::move(text), "/etc/zdm/zdm.toml", box.path("zdm.toml"));
    return replaced(std::move(text), "/var/lib/prometheus/node-exporter", box.path("metrics"));
  }

  /// As a scheduler does: with a home elsewhere, a shell, and little else.
  [[nodiscard]] Finished shell(const std::string& line) const {
    return run({.words = {"/bin/sh", "-c", line},
                .directory = box.path("home"),
                .environment = {{"HOME", box.path("home")},
                                {"PATH", box.path("bin") + ":/usr/bin:/bin"},
                                {"DATABASE_URL", database.url().text.reveal()}},
                .input = {}});
  }

  mutable TestDatabase database;
  Sandbox box;
};

bool is_there(const std::string& line) {
  return run({.words = {"/bin/sh", "-c", line + " >/dev/null 2>&1"},
              .directory = {},
              .environment = {},
              .input = {}})
             .code == 0;
}

struct CronLine {
  std::vector<std::string> when;
  std::string user;
  std::string command;
};

/// The lines of an /etc/cron.d file that run something: crontab(5).
std::vector<CronLine> cron_lines(const std::string& text) {
  std::vector<CronLine> found;
  for (const auto& line : lines_of(text)) {
    if (line.empty() || line.front() == '#') continue;
    if (std::regex_match(line, std::regex("[A-Z_]+=.*"))) continue;
    std::istringstream words(line);
    CronLine each;
    each.when.resize(5);
    for (auto& field : each.when) words >> field;
    words >> each.user >> std::ws;
    std::getline(words, each.command);
    found.push_back(each);
  }
  return found;
}

}  // namespace

TEST_CASE("the lines of the cron template run as cron runs them, and say nothing when all is well",
          "[cli][live][templates]") {
  const Shop shop;
  const auto begun = shop.box.zdm({"init", "--template", "cron"});
  REQUIRE(begun.code == 0);
  CHECK(begun.err.empty());  // zdm.toml was there: what to do with a new one is of no use
  const auto lines = cron_lines(shop.box.read("deploy/zdm.cron"));
  REQUIRE(lines.size() == 2);
  for (const auto& line : lines) {
    INFO(line.command);
    for (const auto& field : line.when) {
      CHECK(std::regex_match(field, std::regex("\\*(/[0-9]+)?|[0-9]+")));
    }
    CHECK(line.user == "zdm");
    CHECK_FALSE(contains(line.command, "%"));  // a line feed, to cron
    const auto finished = shop.shell(shop.here(line.command));
    CHECK(finished.code == 0);
    CHECK((finished.out + finished.err).empty());  // or cron would mail it
  }
  CHECK(shop.database.value("SELECT count(*) FROM pg_inherits WHERE inhparent = "
                            "'events'::regclass") == "8");
  // What is wrong is told on standard error, which cron mails, with the code.
  shop.database.exec("DROP TABLE events CASCADE");
  const auto failed = shop.shell(shop.here(lines.front().command));
  CHECK(failed.code != 0);
  CHECK(contains(failed.err, "public.events"));
}

TEST_CASE("the units of the systemd template are sound, and what they start runs",
          "[cli][live][templates]") {
  const Shop shop;
  REQUIRE(shop.box.zdm({"init", "--template", "systemd"}).code == 0);
  for (const std::string what : {"partition", "matview"}) {
    const auto unit = "deploy/systemd/zdm-" + what;
    auto service = replaced(shop.box.read(unit + ".service"), "\\\n", " ");
    const std::regex start("\nExecStart=/usr/local/bin/(zdm .*)\n");
    std::smatch command;
    REQUIRE(std::regex_search(service, command, start));
    const auto finished = shop.shell(shop.here(command[1]));
    INFO(finished.out << finished.err);
    CHECK(finished.code == 0);
    service = replaced(service, "/usr/local/bin/zdm", ZDM_PROGRAM);
    shop.box.write("units/zdm-" + what + ".service", service);
    shop.box.write("units/zdm-" + what + ".timer", shop.box.read(unit + ".timer"));
  }
  if (!is_there("command -v systemd-analyze")) return;
  const auto verified = shop.shell("cd " + shop.box.path("units") +
                                   " && systemd-analyze verify --man=no ./*.service "
                                   "./*.timer");
  INFO(verified.out << verified.err);
  CHECK(verified.code == 0);
  CHECK(verified.err.empty());
}

TEST_CASE("what the jobs of the kubernetes template run, runs, and no secret is in its arguments",
          "[cli][live][templates]") {
  const Shop shop;
  REQUIRE(shop.box.zdm({"init", "--template", "kubernetes"}).code == 0);
  const auto text = shop.box.read("deploy/kubernetes/zdm.yaml");
  int jobs = 0;
  for (const auto& line : lines_of(text)) {
    std::smatch list;
    if (!std::regex_match(line, list, std::regex(" +args: \\[(.*)\\]"))) continue;
    ++jobs;
    CHECK_FALSE(contains(line, "postgres"));
    const auto finished = shop.shell(shop.here("zdm " + replaced(list[1], ",", "")));
    INFO(line << finished.out << finished.err);
    CHECK(finished.code == 0);
  }
  CHECK(jobs == 2);
  if (!is_there("python3 -c 'import yaml'")) return;
  const auto parsed = shop.shell(
      "python3 -c 'import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), "
      "sys.stdout)' <" +
      shop.box.path("deploy/kubernetes/zdm.yaml"));
  INFO(parsed.err);
  const auto documents = Json::parse(parsed.out, nullptr, false);
  REQUIRE(documents.size() == 2);
  for (const auto& document : documents) {
    CHECK(document["kind"] == "CronJob");
    const auto& job = document["spec"]["jobTemplate"]["spec"];
    CHECK(document["spec"]["concurrencyPolicy"] == "Forbid");
    CHECK(job["activeDeadlineSeconds"].is_number());
    const auto& pod = job["template"]["spec"];
    CHECK(pod["restartPolicy"] == "Never");  // podFailurePolicy demands it
    CHECK(pod["containers"][0]["env"][0]["valueFrom"]["secretKeyRef"]["name"] == "zdm");
  }
}

TEST_CASE("every metric of the alerts template is one that zdm writes", "[cli][live][templates]") {
  const Shop shop;
  REQUIRE(shop.box.zdm({"init", "--template", "cron", "alerts"}).code == 0);
  for (const auto& line : cron_lines(shop.box.read("deploy/zdm.cron"))) {
    REQUIRE(shop.shell(shop.here(line.command)).code == 0);
  }
  const auto metrics =
      shop.box.read("metrics/zdm_partition.prom") + shop.box.read("metrics/zdm_matview.prom");
  const auto rules = shop.box.read("deploy/prometheus/zdm.rules.yml");
  const std::regex name("\\bzdm_[a-z_]+\\b");
  std::set<std::string> used;
  for (std::sregex_iterator at(rules.begin(), rules.end(), name), end; at != end; ++at) {
    used.insert(at->str());
  }
  CHECK(used.size() >= 8);
  for (const auto& each : used) {
    INFO(each << " in\n" << metrics);
    CHECK(contains(metrics, "\n" + each + "{"));
  }
  if (is_there("command -v promtool")) {
    const auto checked =
        shop.shell("promtool check rules " + shop.box.path("deploy/prometheus/zdm.rules.yml"));
    INFO(checked.out << checked.err);
    CHECK(checked.code == 0);
  }
}

}  // namespace zdm::tests
