#include "cycle.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "files/toml.hpp"
#include "model/migration.hpp"

namespace zdm::tests {

using migrations::Engine;
using planner::Phase;

namespace {

[[noreturn]] void fail(const std::string& message) {
  throw std::runtime_error(message);
}

std::string text_of(const planner::Error& error) {
  return fmt::format("exit {}: {} [{}] ({}) {}", static_cast<int>(error.code), error.message,
                     error.sqlstate, error.hint, error.statement);
}

planner::Migration decoded(const std::string& text, std::size_t number) {
  const std::string id = fmt::format("{:04}_case", number + 1);
  const auto tree = migrations::parse_toml("phase = \"contract\"\n" + text, id + ".toml");
  if (!tree) fail(tree.error().message);
  auto migration = planner::decode_migration({id}, id + ".toml", *tree);
  if (!migration) fail(migration.error().message);
  return std::move(*migration);
}

std::string numbered(std::string text, int number) {
  for (auto at = text.find("{n}"); at != std::string::npos; at = text.find("{n}")) {
    text.replace(at, 3, std::to_string(number));
  }
  return text;
}

using RowTexts = std::vector<std::vector<migrations::Text>>;

std::string first_difference(const RowTexts& expected, const RowTexts& rows) {
  const auto differs = std::mismatch(expected.begin(), expected.end(), rows.begin(), rows.end());
  const auto words = [](auto at, auto end) {
    std::string text;
    if (at != end) {
      for (const auto& field : *at) text += field.value_or("NULL") + " | ";
    }
    return text;
  };
  return fmt::format("first {} became {}", words(differs.first, expected.end()),
                     words(differs.second, rows.end()));
}

void expect_same(const Shape& expected, const Shape& found, const std::string& what) {
  if (const auto text = difference(expected, found); !text.empty()) fail(what + ":" + text);
}

}  // namespace

Cycle::Cycle(Case subject, Engine engine, Decorator around_work)
    : subject_(std::move(subject)),
      database_(make_database(engine)),
      around_work_(std::move(around_work)) {
  for (const auto& statement : subject_.setup) database_->exec(statement);
  for (const auto& text : subject_.migrations) files_.push_back(decoded(text, files_.size()));
  old_columns_ = columns_of(*database_);
}

migrations::Environment Cycle::environment() {
  migrations::LockSettings locks;
  locks.budget = std::chrono::seconds(30);
  const migrations::SessionSettings settings{.lock_timeout = locks.timeout};
  migrations::Environment result{.host = host_,
                                 .url = database_->url(),
                                 .open_work = database_->opener(settings),
                                 .open_control = database_->opener(settings)};
  if (around_work_) result.open_work = around_work_(result.open_work);
  result.locks = locks;
  result.allowed = subject_.allowed;
  result.stop_reason = [] { return migrations::ErrorCode::interrupted; };
  return result;
}

void Cycle::apply(Phase phase, const std::string& release, std::optional<std::size_t> migration) {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (migration && *migration != i) continue;
    const auto arrow = fmt::format("{} of {}", planner::to_string(phase), files_[i].id.value);
    const Content before = content();
    migrations::ApplyOptions options;
    options.phase = phase;
    options.only = {files_[i].id};
    options.release = release;
    options.resume = files_[i].id;
    options.yes = true;
    const auto around = environment();
    const auto outcome = migrations::apply(around, files_, {}, options, {});
    if (outcome.error) fail(arrow + " failed: " + text_of(*outcome.error));
    for (const auto& report : outcome.report.migrations) {
      if (report.state != "done") fail(arrow + " was " + report.state + ": " + report.reason);
    }
    require_kept(before, phase == Phase::contract ? Arrow::contract : Arrow::forward, arrow);
    require_sound(arrow);
  }
}

std::vector<std::string> Cycle::rollback(std::optional<std::size_t> migration) {
  std::vector<std::string> kept;
  for (std::size_t i = files_.size(); i-- > 0;) {
    if (migration && *migration != i) continue;
    const auto arrow = "the rollback of " + files_[i].id.value;
    const Content before = content();
    migrations::RollbackOptions options;
    options.migration = files_[i].id;
    const auto around = environment();
    const auto outcome = migrations::rollback(around, files_, {}, options, {});
    if (outcome.error) fail(arrow + " failed: " + text_of(*outcome.error));
    for (const auto& report : outcome.report.migrations) {
      kept.insert(kept.end(), report.kept.begin(), report.kept.end());
    }
    require_kept(before, Arrow::back, arrow);
    require_sound(arrow);
  }
  return kept;
}

void Cycle::live(const std::string& release) {
  const auto around = environment();
  const auto report = migrations::release_live(around, {}, release);
  if (!report) fail("release live failed: " + text_of(report.error()));
}

void Cycle::verify() {
  const auto around = environment();
  const auto report = migrations::verify(around, files_, {});
  if (!report) fail("verify failed: " + text_of(report.error()));
  for (const auto& each : report->migrations) {
    if (each.differing == 0) continue;
    std::string text = fmt::format("{} rows of {} differ", each.differing, each.id.value);
    for (const auto& sample : each.samples) {
      text += fmt::format("\n  {}: {} gives {}, found {}", sample.key, sample.old_value,
                          sample.expected, sample.found);
    }
    fail(text);
  }
}

void Cycle::write(const std::vector<std::string>& statements, const std::string& whose) {
  for (const auto& statement : statements) {
    try {
      database_->exec(numbered(statement, next_));
    } catch (const std::runtime_error& error) {
      fail(whose + "write failed: " + error.what());
    }
  }
  ++next_;
}

Cycle::Content Cycle::content() {
  Content result{.columns = columns_of(*database_), .rows = {}};
  for (const auto& [table, columns] : result.columns) {
    result.rows[table] = rows_of(*database_, table, columns);
  }
  return result;
}

bool Cycle::is_repaired(const std::string& table, const std::string& column) const {
  return std::find(subject_.repaired.begin(), subject_.repaired.end(), table + "." + column) !=
         subject_.repaired.end();
}

/// Contract takes away what the case says and nothing else; a rollback also what was new. Helpers
/// come and go: helpers_left() sees to them.
void Cycle::require_present(const Columns& before, const Columns& now, Arrow arrow,
                            const std::string& name) const {
  for (const auto& [table, columns] : before) {
    if (table.find("_zdm_") != std::string::npos) continue;
    const bool meant =
        arrow == Arrow::contract && std::ranges::find(subject_.gone, table) != subject_.gone.end();
    const bool is_new = arrow == Arrow::back && !old_columns_.contains(table);
    if (meant && now.contains(table)) fail(name + " left " + table);
    if (!meant && !is_new && !now.contains(table)) fail(name + " lost " + table);
  }
}

/// Every column of before that is still there holds what it held; before contract, every column
/// of the old shape is there.
void Cycle::require_kept(const Content& before, Arrow arrow, const std::string& name) {
  const Columns now = columns_of(*database_);
  require_present(before.columns, now, arrow, name);
  const bool destructive = arrow == Arrow::contract;
  for (const auto& [table, columns] : before.columns) {
    const auto found = now.find(table);
    if (found == now.end()) continue;
    std::vector<std::size_t> places;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto& present = found->second;
      const auto& old = old_columns_[table];
      const bool is_old = std::find(old.begin(), old.end(), columns[i]) != old.end();
      const bool kept = std::find(present.begin(), present.end(), columns[i]) != present.end();
      if (is_old && !kept && !destructive) fail(name + " lost " + table + "." + columns[i]);
      // Only the old shape is promised to stay: the new one goes with an undo.
      if (!kept || (!is_old && !destructive) || is_repaired(table, columns[i])) continue;
      places.push_back(i);
      names.push_back(columns[i]);
    }
    if (names.empty()) continue;
    std::vector<std::vector<migrations::Text>> expected;
    for (const auto& row : before.rows.at(table)) {
      auto& kept = expected.emplace_back();
      for (const auto place : places) kept.push_back(row[place]);
    }
    std::sort(expected.begin(), expected.end());
    const auto rows = rows_of(*database_, table, names);
    if (rows == expected) continue;
    fail(fmt::format("{} changed rows of {} ({}): {} rows before, {} after; {}", name, table,
                     fmt::join(names, ", "), expected.size(), rows.size(),
                     first_difference(expected, rows)));
  }
}

void Cycle::require_sound(const std::string& arrow) {
  if (const auto found = unsound(*database_); !found.empty()) {
    fail(fmt::format("after {}: {}", arrow, fmt::join(found, ", ")));
  }
}

namespace {

/// Refused, and nothing changed.
void expect_refused(Cycle& cycle) {
  const Shape before = shape_of(cycle.database());
  try {
    cycle.apply(Phase::expand, "r1");
  } catch (const std::runtime_error& error) {
    if (std::string_view(error.what()).find("failed: exit 3:") == std::string_view::npos) throw;
    return expect_same(before, shape_of(cycle.database()), "what was refused changed the schema");
  }
  fail("expand was not refused by a server that cannot serve it");
}

}  // namespace

bool is_served(const Case& subject) {
  if (subject.since == 0) return true;
  return TestDatabase().connect()->server_version() >= subject.since * 10'000;
}

void run_cycle(const Case& subject, Engine engine, Cycle::Decorator around_work) {
  Cycle cycle(subject, engine, std::move(around_work));
  if (!is_served(subject)) return expect_refused(cycle);
  std::vector<std::string> own;
  std::vector<Shape> shapes = {shape_of(cycle.database())};
  cycle.write_old();
  constexpr std::array kWays = {Phase::expand, Phase::backfill, Phase::switch_};
  for (const Phase phase : kWays) {
    const bool both = phase != Phase::expand;
    const std::string release = phase == Phase::switch_ ? "r2" : "r1";
    const auto word = std::string(planner::to_string(phase));
    const auto write = [&] {
      cycle.write_old();
      if (both) cycle.write_new();
      if (both) cycle.verify();
    };
    // A guarantee without `up` waits until the release that meets it is live.
    if (phase == Phase::switch_) cycle.live("r1");
    cycle.apply(phase, release);
    const Shape there = shape_of(cycle.database());
    write();
    auto kept = cycle.rollback();
    const auto rows = std::erase_if(kept, [](const auto& each) {
      return each.ends_with(" that were repaired keep their value");
    });
    expect_same(phase == Phase::expand ? subject.kept : Shape{}, kept,
                "what the rollback of " + word + " says it keeps");
    if (rows != (phase == Phase::backfill ? subject.repaired.size() : 0)) {
      throw std::runtime_error("the rollback of " + word + " does not say which rows it keeps");
    }
    if (!kept.empty()) shapes.back() = there;
    expect_same(shapes.back(), shape_of(cycle.database()),
                word + " and its rollback do not lead back to the schema of before");
    if (phase == Phase::expand) own = own_objects(cycle.database());
    cycle.write_old();
    if (phase == Phase::switch_) cycle.write_new();
    cycle.apply(phase, release);
    shapes.push_back(shape_of(cycle.database()));
    expect_same(there, shapes.back(), word + " leads to another schema the second time");
    write();
  }
  cycle.live("r2");
  cycle.apply(Phase::contract, "r3");
  cycle.write_new();
  if (const auto left = helpers_left(cycle.database()); !left.empty()) {
    fail(fmt::format("left after contract: {}", fmt::join(left, ", ")));
  }
  expect_same(own, own_objects(cycle.database()), "zdm's own objects after contract");
  for (const auto& [query, expected] : subject.finally) {
    const auto found = cycle.database().value(query);
    if (found != expected) fail(fmt::format("{} gives {}, not {}", query, found, expected));
  }
}

}  // namespace zdm::tests
