#include <algorithm>
#include <memory>

#include "bed.hpp"
#include "locks/lock_modes.hpp"
#include "support/catch.hpp"

namespace zdm::tests {
namespace {

using migrations::Connection;
using migrations::Result;
using migrations::Rows;
using migrations::Text;
using Locks = std::map<std::string, planner::LockMode>;

/// What each transaction with DDL has locked of the tables that were there before.
struct Seen {
  Locks locks;
  bool ddl = false;
};

/// The tables that were there, by oid: one that is dropped has no name any more when its
/// transaction commits.
using Tables = std::map<std::string, std::string>;

constexpr std::string_view kHeld = R"(
    SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation')";

class Observing final : public Connection {
 public:
  Observing(std::unique_ptr<Connection> inner, std::shared_ptr<Seen> seen, Tables there)
      : inner_(std::move(inner)), seen_(std::move(seen)), there_(std::move(there)) {}
  using Connection::run;
  Result<Rows> run(std::string_view sql, std::span<const Text> parameters) override {
    if (sql.starts_with("BEGIN")) seen_->ddl = false;
    if (sql.starts_with("ALTER") || sql.starts_with("CREATE") || sql.starts_with("DROP")) {
      seen_->ddl = inner_->in_transaction();
    }
    if (sql == "COMMIT" && seen_->ddl) look();
    return inner_->run(sql, parameters);
  }
  migrations::Engine engine() const override { return inner_->engine(); }
  int server_version() const override { return inner_->server_version(); }
  bool usable() const override { return inner_->usable(); }
  bool in_transaction() const override { return inner_->in_transaction(); }
  void cancel() noexcept override { inner_->cancel(); }
  std::int64_t backend_pid() const override { return inner_->backend_pid(); }
  bool pooled() const override { return inner_->pooled(); }

 private:
  void look() {
    const auto held = inner_->run(kHeld);
    REQUIRE(held);
    for (const auto& row : held->rows) {
      const auto table = there_.find(*row[0]);
      if (table == there_.end()) continue;
      for (std::size_t i = 0; i < planner::kLockModeNames.size(); ++i) {
        const auto mode = static_cast<planner::LockMode>(i);
        if (planner::pg_locks_mode(mode) != row[1]) continue;
        auto& strongest = seen_->locks.try_emplace(table->second, mode).first->second;
        strongest = std::max(strongest, mode);
      }
    }
  }

  std::unique_ptr<Connection> inner_;
  std::shared_ptr<Seen> seen_;
  Tables there_;
};

std::string words(const Locks& locks) {
  std::string text;
  for (const auto& [relation, mode] : locks) {
    text += relation + " " + std::string(planner::to_string(mode)) + "\n";
  }
  return text;
}

/// What the plan says its transactions lock, of tables that are there.
Locks claimed(Bed& bed, const Tables& there) {
  Locks locks;
  const auto plan = bed.plan();
  INFO(text_of(plan));
  REQUIRE_FALSE(plan.error);
  for (const auto& each : plan.report.sets[0].steps) {
    if (!each.step.in_transaction) continue;
    for (const auto& claim : each.step.locks) {
      if (std::ranges::none_of(there,
                               [&](const auto& table) { return table.second == claim.relation; })) {
        continue;
      }
      auto& strongest = locks.try_emplace(claim.relation, claim.mode).first->second;
      strongest = std::max(strongest, claim.mode);
    }
  }
  return locks;
}

}  // namespace

TEST_CASE("rotation locks what its plan says it locks", "[live][partitions]") {
  Bed bed;
  bed.policy.keep = planner::Interval{2, planner::Unit::month};
  bed.add_month("old", -3);
  bed.add_month("now_there", 0);
  SECTION("a plain set") {}
  SECTION("a set with a default partition") {
    bed.exec("CREATE TABLE rest PARTITION OF events DEFAULT");
  }
  SECTION("a set with a foreign key") {
    bed.exec("CREATE TABLE users (id bigint PRIMARY KEY)");
    bed.exec("ALTER TABLE events ADD FOREIGN KEY (id) REFERENCES users");
  }
  SECTION("a set with a foreign key to it, and a default partition") {
    bed.exec("CREATE TABLE rest PARTITION OF events DEFAULT");
    bed.exec(
        "CREATE TABLE notes (event bigint, at timestamptz, FOREIGN KEY (event, at) REFERENCES "
        "events (id, at))");
  }
  Tables there;
  for (const auto& row : bed.database.rows(R"(
           SELECT c.oid, format('%I.%I', n.nspname, c.relname)
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public')")) {
    there[*row[0]] = *row[1];
  }
  const auto expected = claimed(bed, there);
  const auto seen = std::make_shared<Seen>();
  bed.open_work = [&, open = bed.database.opener()]() -> Result<std::unique_ptr<Connection>> {
    ZDM_TRY(auto inner, open());
    return std::make_unique<Observing>(std::move(inner), seen, there);
  };
  const auto done = bed.rotate();
  INFO(text_of(done));
  REQUIRE_FALSE(done.error);
  CHECK(words(seen->locks) == words(expected));
}

}  // namespace zdm::tests
