#include "gate/costs.hpp"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "locks/claims.hpp"
#include "sql/quote.hpp"
#include "support/catch.hpp"

using namespace zdm::planner;

namespace {

// lock_matrix.json: what 232 statements took on PostgreSQL 12 to 18, as seen in pg_locks, relation
// files and pg_stat_xact_user_tables. Statements that fail are left out.
nlohmann::json matrix() {
  std::ifstream file(ZDM_SOURCE_DIR "/tests/unit/gate/lock_matrix.json");
  return nlohmann::json::parse(file);
}

using Locks = std::map<std::string, LockMode>;

// Of the relations the statement names as what it works on; the others nobody can know from it.
Locks claimed(const FileFacts& facts, int postgres) {
  Locks locks;
  for (const StatementFacts& statement : facts.statements) {
    for (const SqlEffect& effect : statement.effects) {
      for (const LockClaim& claim : cost_of(effect, postgres).locks) {
        LockMode& mode = locks[claim.relation];
        mode = std::max(mode, claim.mode);
      }
    }
  }
  return locks;
}

Certainty strongest(const FileFacts& facts, int postgres, Certainty SqlCost::*which) {
  Certainty most = Certainty::no;
  for (const StatementFacts& statement : facts.statements) {
    for (const SqlEffect& effect : statement.effects) {
      most = std::max(most, cost_of(effect, postgres).*which);
    }
  }
  return most;
}

void agrees(Certainty claim, bool measured) {
  if (claim == Certainty::yes) CHECK(measured);
  if (claim == Certainty::no) CHECK_FALSE(measured);
}

}  // namespace

TEST_CASE("claimed locks, rewrites and scans are those measured on PostgreSQL 12 to 18", "[gate]") {
  std::size_t compared = 0;
  // Reading is no effect, and what does not exist is locked by nobody: claims are for what does.
  const std::set<std::string> apart = {"select", "select-for-update",
                                       "drop-index-if-exists-missing"};
  for (const auto& row : matrix()) {
    if (apart.contains(row["id"].get<std::string>())) continue;
    const std::string sql = row["sql"];
    const FileFacts facts = read_facts(SqlFile{.path = "m.sql", .bytes = sql, .shipped = sql});
    REQUIRE(facts.statements.size() >= 1);
    if (facts.statements[0].fault) continue;  // newer than the grammar
    for (const auto& variant : row["variants"]) {
      const int postgres = variant["to"];
      INFO(row["id"].get<std::string>() << " on " << postgres << ": " << sql);
      const Locks locks = claimed(facts, postgres);
      for (const auto& [relation, mode] : locks) {
        INFO(relation);
        CHECK(to_string(mode) == variant["locks"].value(relation, std::string("none")));
      }
      agrees(strongest(facts, postgres, &SqlCost::rewrites), !variant["rewrites"].empty());
      agrees(strongest(facts, postgres, &SqlCost::scans), !variant["scans"].empty());
      if (!locks.empty()) ++compared;
    }
  }
  CHECK(compared > 150);
}
