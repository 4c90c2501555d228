#include "recipes/plan.hpp"
#include "support/catch.hpp"

namespace zdm::planner {

namespace {

Step step(std::string sql) {
  Step step;
  step.id = "expand.1";
  step.sql = {std::move(sql)};
  return step;
}

bool accepted(const Step& one, Phase phase = Phase::expand, bool undo = false) {
  return verify_plan(Steps{.checks = {}, .steps = {one}, .warnings = {}}, phase, undo).has_value();
}

}  // namespace

TEST_CASE("law 10: a plan with CASCADE is a bug, however it is written", "[law10]") {
  CHECK(accepted(step("ALTER TABLE t DROP COLUMN a")));
  CHECK_FALSE(accepted(step("ALTER TABLE t DROP COLUMN a CASCADE")));
  CHECK_FALSE(accepted(step("drop table t cascade")));
}

TEST_CASE("law 10: CASCADE of a foreign key, or in a name, is the author's own word", "[law10]") {
  CHECK(
      accepted(step("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES b ON DELETE CASCADE NOT VALID")));
  CHECK(accepted(step(R"(ALTER TABLE t DROP COLUMN "CASCADE")")));
  CHECK(accepted(step("CREATE VIEW v WITH (check_option=cascaded) AS SELECT cascade FROM t")));
}

TEST_CASE("a plan destroys nothing before contract, and never on the way back") {
  auto one = step("DROP TABLE t");
  one.destructive = true;
  CHECK(accepted(one, Phase::contract));
  CHECK_FALSE(accepted(one, Phase::switch_));
  CHECK_FALSE(accepted(one, Phase::contract, true));
}

TEST_CASE("law 12: a concurrent step stands outside a transaction and can say how it stands",
          "[law12]") {
  auto one = step("CREATE INDEX CONCURRENTLY i ON t (a)");
  one.kind = StepKind::concurrent;
  one.in_transaction = false;
  CHECK_FALSE(accepted(one));
  one.action = ConcurrentAction{.probe = "SELECT 'done'", .cleanup = {}};
  CHECK(accepted(one));
  one.in_transaction = true;
  CHECK_FALSE(accepted(one));
}

TEST_CASE("law 15: a step that does nothing is a bug", "[law15]") {
  Step nothing;
  nothing.id = "expand.1";
  CHECK_FALSE(accepted(nothing));
  CHECK_FALSE(accepted(step("")));
}

TEST_CASE("two steps of one name are a bug") {
  const auto one = step("SELECT 1");
  CHECK_FALSE(
      verify_plan(Steps{.checks = {}, .steps = {one, one}, .warnings = {}}, Phase::expand, false));
}

}  // namespace zdm::planner
