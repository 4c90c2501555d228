#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "gate/facts.hpp"

namespace zdm::planner {

/// Where names without a schema are looked for, as far as a file says so.
class SearchPath {
 public:
  /// The schema of what is created without one; empty: that of the path the session began with. One
  /// that no file can write stands for a schema that is not known.
  [[nodiscard]] const std::string& schema() const { return local_ ? *local_ : session_; }

  void begin_file() { *this = SearchPath(unknown_); }
  void begin_transaction();
  void set(const StatementFacts& statement, const SqlEffect& effect);
  void roll_back();

  SearchPath() = default;

 private:
  explicit SearchPath(std::size_t unknown) : unknown_(unknown) {}
  [[nodiscard]] std::string first_of(const SqlEffect& effect);

  std::string session_;
  std::string before_;                // the session's, when the transaction began
  std::optional<std::string> local_;  // until the transaction ends
  std::size_t unknown_ = 0;           // paths so far
};

}  // namespace zdm::planner
