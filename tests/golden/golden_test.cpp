#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "execute/operations.hpp"
#include "files/project.hpp"
#include "recipes/change.hpp"
#include "support/catch.hpp"

namespace zdm::tests {

namespace {

using planner::Engine;

const std::filesystem::path kFolder = std::filesystem::path(ZDM_SOURCE_DIR) / "tests" / "golden";

std::string read(const std::filesystem::path& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void draw(const planner::Step& step, std::string& text) {
  text += fmt::format("-- {} {}{}{}{}{}\n", step.id, planner::to_string(step.kind),
                      step.in_transaction ? "" : ", outside a transaction",
                      step.destructive ? ", destructive" : "", step.rewrites ? ", rewrites" : "",
                      step.scans ? ", scans" : "");
  for (const auto& lock : step.locks) {
    text += fmt::format("-- lock {} on {}\n", planner::to_string(lock.mode), lock.relation);
  }
  for (const auto& sql : step.sql) text += fmt::format("{};\n", sql);
}

/// The whole plan as text, or the refusal.
std::string drawn(Engine engine, const planner::Migration& migration) {
  const auto report = migrations::plan_offline(engine, {migration}, {});
  if (!report || report->error) {
    const auto& error = report ? *report->error : report.error();
    return fmt::format("refused: {}\n  hint: {}\n", error.message, error.hint);
  }
  std::string text;
  for (const auto& phase : report->migrations.front().phases) {
    text += fmt::format("== {}\n", planner::to_string(phase.phase));
    for (const auto& step : phase.steps) draw(step, text);
  }
  for (const auto& warning : report->migrations.front().warnings) {
    text += fmt::format("warning {}: {}\n", warning.code, warning.message);
  }
  return text;
}

void compare(const std::filesystem::path& path, const std::string& text) {
  if (std::getenv("ZDM_APPROVE") != nullptr) {
    std::ofstream(path) << text;
    return;
  }
  INFO(path.string());
  CHECK(read(path) == text);
}

}  // namespace

TEST_CASE("every kind of change has a golden folder, and its plans are as approved", "[golden]") {
  for (const auto* kind : planner::kinds()) {
    const auto folder = kFolder / std::string(kind->kind);
    INFO(folder.string());
    REQUIRE(std::filesystem::exists(folder / "migration.toml"));
    const auto migration = migrations::load_migration((folder / "migration.toml").string());
    REQUIRE(migration);
    const auto& changes = migration->changes;
    CHECK(std::ranges::any_of(
        changes, [&](const auto& change) { return planner::info(change).kind == kind->kind; }));
    compare(folder / "postgresql.sql", drawn(Engine::postgresql, *migration));
    compare(folder / "sqlite.sql", drawn(Engine::sqlite, *migration));
  }
}

TEST_CASE("a golden folder belongs to a kind of change", "[golden]") {
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (!entry.is_directory()) continue;
    const auto name = entry.path().filename().string();
    if (name == "gate") continue;  // the rules' examples: tests/unit/gate/examples_test.cpp
    INFO(name);
    CHECK(std::ranges::any_of(planner::kinds(),
                              [&](const auto* kind) { return kind->kind == name; }));
  }
}

TEST_CASE("the example of each kind decodes", "[golden]") {
  const auto path =
      std::filesystem::temp_directory_path() / fmt::format("zdm-example-{}.toml", ::getpid());
  for (const auto* kind : planner::kinds()) {
    std::ofstream(path) << "phase = \"contract\"\n\n" << kind->example;
    const auto migration = migrations::load_migration(path.string());
    std::filesystem::remove(path);
    INFO(kind->kind);
    INFO((migration ? std::string() : migration.error().message));
    CHECK(migration);
  }
}

}  // namespace zdm::tests
