#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/catalog.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"
#include "sync/compose.hpp"
#include "unit/sync/rules.hpp"

namespace zdm::tests {

/// A table `t` of a throwaway database, and the rules in flight on it.
class SyncBench {
 public:
  SyncBench(planner::Engine engine, const std::string& create_table);

  /// Composes the trigger pair for these rules and runs it in one transaction.
  void install(const std::vector<planner::SyncRule>& rules);
  /// Reads the columns of `t` again.
  void read();

  void exec(const std::string& sql) { database_->exec(sql); }
  /// Makes a state as if the triggers had never been there.
  void past_the_triggers(const std::string& sql);
  [[nodiscard]] std::string value(const std::string& sql) { return database_->value(sql); }
  /// Runs the statement; the message of its error, or empty.
  [[nodiscard]] std::string error(const std::string& sql);
  /// Removes all rows, runs the statement, and gives `columns` of the row left, "a|b" with NULL.
  [[nodiscard]] std::string after(const std::string& setup, const std::string& statement,
                                  const std::string& columns);
  /// `columns` of the only row, "a|b" with NULL.
  [[nodiscard]] std::string row(const std::string& columns, const std::string& where = "true");

  [[nodiscard]] Database& database() { return *database_; }
  [[nodiscard]] bool sqlite() const { return catalog.engine == planner::Engine::sqlite; }

  planner::Catalog catalog;
  planner::Table table;
  std::int64_t generation = 1;

 private:
  std::unique_ptr<Database> database_;
  std::vector<planner::SyncRule> installed_;
};

}  // namespace zdm::tests
