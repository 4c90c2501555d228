#include "bed.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace zdm::tests {

Bed::Bed() : open_work(database.opener()) {
  exec(R"(CREATE TABLE events (id bigint NOT NULL, at timestamptz NOT NULL, body text,
                               PRIMARY KEY (id, at)) PARTITION BY RANGE (at))");
  policy.title = "public.events";
  policy.table = {"public", "events"};
  policy.column = "at";
  policy.interval = planner::Interval{1, planner::Unit::month};
  policy.anchor = planner::default_anchor(planner::Unit::month);
  policy.ahead = 2;
}

migrations::Environment Bed::environment() {
  return {.host = host,
          .url = database.url(),
          .open_work = open_work,
          .open_control = database.opener(),
          .target = {},
          .search_path = {},
          .locks = locks,
          .backfill = {},
          .allowed = {},
          .stop = {},
          .stop_reason = {}};
}

migrations::PartitionOutcome Bed::rotate(bool yes) {
  migrations::PartitionOptions options;
  options.policies = {policy};
  options.yes = yes;
  const auto around = environment();
  return migrations::rotate_partitions(around, options, {});
}

migrations::PartitionOutcome Bed::plan(const std::string& now) {
  migrations::PartitionOptions options;
  options.policies = {policy};
  if (!now.empty()) options.now = now;
  const auto around = environment();
  return migrations::plan_rotation(around, options);
}

std::string Bed::month(int ahead) {
  return value(
      fmt::format("SELECT (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '{} "
                  "months')::date::text",
                  ahead));
}

void Bed::add_month(const std::string& name, int ahead) {
  exec(
      fmt::format("CREATE TABLE {} PARTITION OF events FOR VALUES FROM ('{} 00:00+00') TO ('{} "
                  "00:00+00')",
                  name, month(ahead), month(ahead + 1)));
}

bool Bed::attached(const std::string& name) {
  return value(fmt::format("SELECT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = "
                           "to_regclass('{}'))",
                           name)) == "t";
}

std::string Bed::pending() {
  return server() < 14 ? "0" : value("SELECT count(*) FROM pg_inherits WHERE inhdetachpending");
}

bool Bed::exists(const std::string& name) {
  return value(fmt::format("SELECT to_regclass('{}') IS NOT NULL", name)) == "t";
}

std::string text_of(const migrations::PartitionOutcome& outcome) {
  std::string text = outcome.error ? outcome.error->message : std::string("no error");
  for (const auto& set : outcome.report.sets) {
    text += fmt::format("\n{} {}: created {}, detached {}, dropped {}", set.table, set.state,
                        set.created.size(), set.detached.size(), set.dropped.size());
    if (set.error) text += "\n  " + set.error->message + " / " + set.error->statement;
    for (const auto& finding : set.findings) text += "\n  " + finding.code + ": " + finding.message;
  }
  return text;
}

bool has(const migrations::SetReport& set, std::string_view code) {
  return std::ranges::any_of(set.findings,
                             [&](const auto& finding) { return finding.code == code; });
}

}  // namespace zdm::tests
