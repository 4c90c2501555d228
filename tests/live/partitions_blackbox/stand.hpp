#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/sandbox.hpp"
#include "support/database.hpp"

namespace zdm::tests {

/// Words in front and behind, for names that SQL and TOML need in quotes.
[[nodiscard]] std::string sql_name(const std::string& name);
[[nodiscard]] std::string toml_key(const std::string& key);

/// A database, and a directory with a zdm.toml in which the built program runs on it.
class Stand final {
 public:
  explicit Stand(PostgresServer& server = PostgresServer::shared()) : database(server) {}

  /// Writes zdm.toml: the database, then `sets`.
  void policy(const std::string& sets) const;
  /// zdm partition WORDS.
  [[nodiscard]] Command command(std::vector<std::string> words) const;
  [[nodiscard]] Finished partition(std::vector<std::string> words) const;
  [[nodiscard]] Finished rotate(std::vector<std::string> words = {}) const;
  /// rotate --format json; the set of the table.
  [[nodiscard]] Json rotated(const std::string& table) const;

  TestDatabase database;
  Sandbox box;
  /// Of the program; DATABASE_URL as superuser postgres where it has none.
  std::map<std::string, std::string> environment;
};

/// events (id identity, occurred_at, note) by occurred_at, key (id, occurred_at), one more index,
/// and partitions of a month: from `first` to `last`, counted from the current one, each with
/// `rows` rows. Names are events_yYYYYmMM, as people write them.
void make_months(Database& database, int first, int last, int rows = 3);
/// The same by days, events_YYYYMMDD.
void make_days(Database& database, int first, int last, int rows = 3);

/// "FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00')", sorted; "DEFAULT" last.
[[nodiscard]] std::vector<std::string> bounds_of(Database& database, const std::string& table);
/// The bounds of such ranges of UTC from `first` to `last`, counted from the current one.
[[nodiscard]] std::vector<std::string> months(Database& database, int first, int last);
[[nodiscard]] std::vector<std::string> days(Database& database, int first, int last);

/// Whether each instant from now to the end of the range `ahead` months from now has its partition,
/// the default one not counted.
[[nodiscard]] bool months_are_covered(Database& database, const std::string& table, int ahead);
/// A set by months, UTC; `more` are further lines.
[[nodiscard]] std::string monthly(const std::string& table, const std::string& more);
/// How many partitions stand half detached.
[[nodiscard]] std::string pending(Database& database);

/// Every relation, column, constraint, bound, privilege, row and mark outside of zdm's own schema,
/// one line for each, sorted; nothing that depends on when or in which order it was made.
[[nodiscard]] std::vector<std::string> state_of(Database& database);

}  // namespace zdm::tests
