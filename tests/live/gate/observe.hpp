#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "database/connection.hpp"
#include "model/step.hpp"

/// What can be read of a server about the relations of an example.
namespace zdm::tests {

/// By oid or by name.
using Modes = std::map<std::string, planner::LockMode>;

/// A table's or a materialized view's file, and the scans this session has not yet reported.
struct File {
  std::string name;
  std::string node;
  bool is_view = false;
  long long scans = 0;
};
using Files = std::map<std::string, File>;

void strengthen(Modes& modes, const std::string& relation, planner::LockMode mode);
[[nodiscard]] std::string literal(std::string_view text);

/// Runs it; throws std::runtime_error with the server's words.
migrations::Rows must(migrations::Connection& on, const std::string& sql);
/// The oids of all relations that are no catalog's.
[[nodiscard]] std::set<std::string> relations(migrations::Connection& on);
[[nodiscard]] Files files(migrations::Connection& on);
/// What a backend holds, or waits for, by oid.
[[nodiscard]] Modes locks_of(std::int64_t pid, migrations::Connection& on);
/// The relations and their columns.
[[nodiscard]] std::string outline(migrations::Connection& on);
[[nodiscard]] std::string name_of(const std::string& oid, migrations::Connection& on);
[[nodiscard]] bool is_index(const std::string& oid, migrations::Connection& on);

}  // namespace zdm::tests
