#pragma once

#include <cstdint>
#include <memory>

#include "database/connection.hpp"
#include "model/step.hpp"

/// What SQLite needs around the statements of a step.
namespace zdm::migrations {

/// Runs the statements, and returns how many rows they wrote. ErrorCode::failed where the edit of a
/// table's text changed more of its columns than the step says it does: whoever edits sqlite_schema
/// is not held back by SQLite (sqlite.org/lang_altertable.html, section 7). ErrorCode::refused
/// where a view or a trigger would fail after the step that did not fail before.
[[nodiscard]] Result<std::int64_t> run_statements(Connection& work, const planner::Step& step);

/// Foreign keys are off while this lives, if the step asks for it among its statements: SQLite
/// ignores that PRAGMA in a transaction, so that it must run before BEGIN.
class WithoutForeignKeys final {
 public:
  [[nodiscard]] static Result<WithoutForeignKeys> begin(Connection& work,
                                                        const planner::Step& step);
  WithoutForeignKeys(const WithoutForeignKeys&) = delete;
  WithoutForeignKeys& operator=(const WithoutForeignKeys&) = delete;
  WithoutForeignKeys(WithoutForeignKeys&&) = default;
  WithoutForeignKeys& operator=(WithoutForeignKeys&&) = delete;
  ~WithoutForeignKeys() = default;

 private:
  WithoutForeignKeys() = default;
  struct On {
    void operator()(Connection* work) const;
  };
  std::unique_ptr<Connection, On> off_;
};

}  // namespace zdm::migrations
