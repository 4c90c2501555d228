#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gate/costs.hpp"
#include "gate/facts.hpp"
#include "observe.hpp"
#include "support/database.hpp"
#include "support/gate_examples.hpp"

namespace zdm::tests {

/// What a server showed while it ran one example. Relations are those that were there before.
struct Shown {
  std::vector<std::string> differences;  ///< between what cost_of() claims and the server did
  std::set<std::string> unnamed;         ///< locked against writers, claimed by nobody
  Modes locked;                          ///< the strongest of the whole file
  std::set<std::string> rewritten;
  std::set<std::string> scanned;
  std::set<std::string> scanned_blocked;  ///< … or rewritten, while its writers had to wait
  std::set<std::string> rows_locked;      ///< no row was free for others
  std::string sqlstate;                   ///< of the statement that failed; the rest did not run
  std::string message;
  bool undone = false;  ///< the tables are what they were before
};

/// A database with an example's setup.sql, on which the example runs as its runner would send it.
class Stage final {
 public:
  explicit Stage(const GateExample& example);
  [[nodiscard]] Shown play();
  /// The statements of running.sql, those of the release that is in use: what failed, or nothing
  /// where all went well; none where there is no such file.
  [[nodiscard]] std::optional<std::string> running();

 private:
  struct Claimed {
    Modes locks;
    planner::Certainty rewrites = planner::Certainty::no;
    planner::Certainty scans = planner::Certainty::no;
    bool exact = true;   ///< false for a block, whose branches may not be taken
    bool alone = false;  ///< not within a transaction
  };

  void script(migrations::Connection& connection, const std::string& text);
  [[nodiscard]] Claimed claims_of(std::size_t& at);

  void begin();
  bool statement(std::size_t& at);
  bool within(const std::string& sql, const Claimed& claimed);
  bool alone(const std::string& sql, const Claimed& claimed);
  bool failed(const migrations::Result<migrations::Rows>& result);
  void compare_locks(const std::string& sql, const Claimed& claimed, const Modes& taken);
  void compare_files(const std::string& sql, const Claimed& claimed, const Files& before,
                     const Files& after, const Modes& taken);
  void look_at_rows();

  const GateExample& example_;
  planner::FileFacts facts_;
  TestDatabase database_;
  std::unique_ptr<migrations::Connection> work_;
  std::unique_ptr<migrations::Connection> other_;
  std::set<std::string> old_;     ///< oids of relations at the start of the example
  std::set<std::string> before_;  ///< oids at the start of the transaction
  Modes wanted_;                  ///< claims of the transaction so far
  bool open_ = false;             ///< a transaction that the example or its runner began
  Shown shown_;
};

}  // namespace zdm::tests
