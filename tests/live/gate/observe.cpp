#include "observe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace zdm::tests {

using migrations::Connection;
using migrations::Rows;
using planner::LockMode;

namespace {

constexpr std::string_view kOurs =
    "c.relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN "
    "('pg_catalog', 'information_schema', 'pg_toast'))";

/// "AccessExclusiveLock" as a mode.
LockMode mode_of(const std::string& lock) {
  std::string text;
  for (const char each : lock.substr(0, lock.size() - std::string_view("Lock").size())) {
    if (each >= 'A' && each <= 'Z' && !text.empty()) text += ' ';
    text += static_cast<char>(each >= 'a' && each <= 'z' ? each - 'a' + 'A' : each);
  }
  return planner::parse_lock_mode(text).value();
}

}  // namespace

std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

void strengthen(Modes& modes, const std::string& relation, LockMode mode) {
  const auto [at, added] = modes.insert({relation, mode});
  if (!added) at->second = std::max(at->second, mode);
}

Rows must(Connection& on, const std::string& sql) {
  auto result = on.run(sql);
  if (!result) throw std::runtime_error(result.error().message + " in: " + sql);
  return std::move(*result);
}

std::set<std::string> relations(Connection& on) {
  std::set<std::string> found;
  for (const auto& row :
       must(on, fmt::format("SELECT c.oid FROM pg_class c WHERE c.relkind <> 'c' AND {}", kOurs))
           .rows) {
    found.insert(*row[0]);
  }
  return found;
}

Files files(Connection& on) {
  Files found;
  for (const auto& row : must(on, fmt::format(R"(
      SELECT c.oid, c.oid::regclass, coalesce(pg_relation_filenode(c.oid), 0),
             c.relkind = 'm', pg_stat_get_xact_numscans(c.oid)
        FROM pg_class c WHERE c.relkind IN ('r', 'm') AND {})",
                                              kOurs))
                             .rows) {
    found[*row[0]] = {*row[1], *row[2], *row[3] == "t", std::stoll(*row[4])};
  }
  return found;
}

Modes locks_of(std::int64_t pid, Connection& on) {
  Modes modes;
  for (const auto& row :
       must(on,
            fmt::format(
                "SELECT relation, mode FROM pg_locks WHERE pid = {} AND "
                "locktype = 'relation' AND database = (SELECT oid FROM pg_database WHERE datname = "
                "current_database())",
                pid))
           .rows) {
    strengthen(modes, *row[0], mode_of(*row[1]));
  }
  return modes;
}

std::string outline(Connection& on) {
  return must(on, fmt::format("SELECT coalesce(string_agg(c.oid || '.' || a.attname, ',' ORDER BY "
                              "c.oid, a.attnum), '') "
                              "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE {}",
                              kOurs))
      .first();
}

std::string name_of(const std::string& oid, Connection& on) {
  return must(on, fmt::format("SELECT {}::regclass", oid)).first();
}

bool is_index(const std::string& oid, Connection& on) {
  return must(on, fmt::format("SELECT relkind IN ('i', 'I') FROM pg_class WHERE oid = {}", oid))
      .first_true();
}

}  // namespace zdm::tests
