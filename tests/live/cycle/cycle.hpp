#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "case.hpp"
#include "execute/operations.hpp"
#include "support/database.hpp"
#include "support/snapshot.hpp"

namespace zdm::tests {

/// A database, the application's two releases and zdm, for one case. Every function throws
/// std::runtime_error with what was done and what came of it.
class Cycle final {
 public:
  using Decorator = std::function<migrations::Opener(migrations::Opener)>;

  Cycle(Case subject, migrations::Engine engine, Decorator around_work = {});

  void apply(planner::Phase phase, const std::string& release,
             std::optional<std::size_t> migration = std::nullopt);
  /// Returns what it says it leaves behind.
  std::vector<std::string> rollback(std::optional<std::size_t> migration = std::nullopt);
  void live(const std::string& release);
  /// Old against new shape: no row may differ.
  void verify();
  void write_old() { write(subject_.old_writes, "the old release's "); }
  void write_new() { write(subject_.new_writes, "the new release's "); }

  [[nodiscard]] Database& database() { return *database_; }
  [[nodiscard]] const Case& subject() const { return subject_; }
  [[nodiscard]] const std::vector<planner::Migration>& migrations() const { return files_; }

 private:
  enum class Arrow { forward, contract, back };
  struct Content {
    Columns columns;
    std::map<std::string, std::vector<std::vector<migrations::Text>>> rows;
  };

  [[nodiscard]] migrations::Environment environment();
  void write(const std::vector<std::string>& statements, const std::string& whose);
  [[nodiscard]] Content content();
  void require_kept(const Content& before, Arrow arrow, const std::string& name);
  void require_present(const Columns& before, const Columns& now, Arrow arrow,
                       const std::string& name) const;
  void require_sound(const std::string& arrow);
  [[nodiscard]] bool is_repaired(const std::string& table, const std::string& column) const;

  Case subject_;
  std::unique_ptr<Database> database_;
  Decorator around_work_;
  migrations::RealHost host_;
  std::vector<planner::Migration> files_;
  Columns old_columns_;  ///< before anything was done
  int next_ = 1000;
};

/// Whether the tests' server is new enough for the case.
[[nodiscard]] bool is_served(const Case& subject);

/// Expand, back, expand, backfill, back, backfill, switch, back, switch, contract, with writes of
/// both releases in between. Each way back must lead to the very schema of before, no row of the
/// old shape may change, and nothing of zdm's may be left after contract. Where the case is not
/// served, expand must be refused.
void run_cycle(const Case& subject, migrations::Engine engine, Cycle::Decorator around_work = {});

}  // namespace zdm::tests
