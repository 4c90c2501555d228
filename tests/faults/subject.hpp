#pragma once

#include <memory>
#include <string>
#include <vector>

#include "case.hpp"
#include "support/database.hpp"
#include "support/process.hpp"

namespace zdm::tests {

/// A database that begins as a copy of another.
class CopiedDatabase : public Database {
 public:
  [[nodiscard]] virtual std::unique_ptr<CopiedDatabase> copy() = 0;
  /// With the tables of the case, none of its phases applied.
  [[nodiscard]] static std::unique_ptr<CopiedDatabase> of(const Case& subject,
                                                          migrations::Engine engine);
};

/// One command of the program on a case.
struct Action {
  std::string name;  ///< "expand", "undo backfill"
  std::vector<std::string> words;
};

/// Everything a run leaves: the schema, every row of every table, zdm's own objects.
[[nodiscard]] std::vector<std::string> state_of(Database& database);

/// A directory with the case's migration files, in which the built program runs.
class Workplace final {
 public:
  explicit Workplace(const Case& subject);
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  ~Workplace();

  /// `kill_at` as ZDM_TEST_KILL_AT takes it; empty: to the end.
  [[nodiscard]] Finished run(const Database& database, const Action& action,
                             const std::string& kill_at = {}) const;
  /// The same to its end; the number of statements of its work connections.
  [[nodiscard]] int count(const Database& database, const Action& action) const;

 private:
  std::string path_;
};

}  // namespace zdm::tests
