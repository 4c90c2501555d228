#include "database/errors.hpp"

#include <sqlite3.h>

#include <array>
#include <cctype>
#include <utility>

#include "sql/quote.hpp"

namespace zdm::migrations {

Trouble classify(std::string_view sqlstate) {
  if (sqlstate == "55P03" || sqlstate == "40P01" || sqlstate == "40001") {
    return Trouble::lock;
  }
  if (sqlstate == "57014") {
    return Trouble::cancelled;
  }
  // 57P04 (database_dropped) is of this family too: connecting again gives the clearer error.
  if (sqlstate.starts_with("57P0") || sqlstate.starts_with("08")) {
    return Trouble::lost;
  }
  if (sqlstate == "42501") {
    return Trouble::privilege;
  }
  if (sqlstate == "25006") {
    return Trouble::read_only;
  }
  if (sqlstate == "53100" || sqlstate == "53200") {
    return Trouble::full;
  }
  return Trouble::none;
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (!line.empty() && line.back() == ' ') {
    line.pop_back();
  }
  return line;
}

bool explain_hidden_rows(planner::Error& error, const planner::TableName& table) {
  const bool hidden = classify(error.sqlstate) == Trouble::privilege &&
                      error.message.find("row-level security") != std::string::npos;
  if (!hidden) return false;
  error.message =
      "row security hides rows of " + planner::quote(table) + " from this role: " + error.message;
  error.hint =
      "Run zdm as a role with BYPASSRLS, or as the owner of a table without FORCE ROW LEVEL "
      "SECURITY.";
  return true;
}

bool is_commit(std::string_view sql) {
  const std::string line = one_line(sql);
  std::string word;
  for (const char c : line) {
    if (std::isalpha(static_cast<unsigned char>(c)) == 0) {
      break;
    }
    word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return word == "COMMIT" || word == "END";
}

namespace {

/// SQLITE_ERROR covers every mistake in the SQL itself; only the words tell them apart.
std::string from_message(std::string_view message) {
  using Pair = std::pair<std::string_view, std::string_view>;
  constexpr std::array<Pair, 8> kWords = {{
      {"no such table", "42P01"},
      {"no such view", "42P01"},
      {"no such column", "42703"},
      {"no such index", "42704"},
      {"no such function", "42883"},
      {"duplicate column name", "42701"},
      {"already exists", "42P07"},
      {"already another table or index", "42P07"},
  }};
  for (const auto& [words, sqlstate] : kWords) {
    if (message.find(words) != std::string_view::npos) {
      return std::string(sqlstate);
    }
  }
  return "42601";
}

std::string from_constraint(int extended_code) {
  switch (extended_code) {
    case SQLITE_CONSTRAINT_NOTNULL:
      return "23502";
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return "23503";
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return "23505";
    case SQLITE_CONSTRAINT_CHECK:
      return "23514";
    case SQLITE_CONSTRAINT_TRIGGER:
      return "P0001";  // RAISE()
    case SQLITE_CONSTRAINT | (12 << 8):
      return "22P02";  // _DATATYPE: a STRICT table (SQLite 3.37)
    default:
      return "23000";
  }
}

}  // namespace

std::string sqlite_sqlstate(int extended_code, std::string_view message) {
  switch (extended_code) {
    case SQLITE_BUSY_SNAPSHOT:
      return "40001";
    case SQLITE_IOERR_WRITE:
      return "53100";
    default:
      break;
  }
  switch (extended_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "55P03";
    case SQLITE_CONSTRAINT:
      return from_constraint(extended_code);
    case SQLITE_FULL:
      return "53100";
    case SQLITE_NOMEM:
      return "53200";
    case SQLITE_READONLY:
      return "25006";
    case SQLITE_INTERRUPT:
      return "57014";
    case SQLITE_CANTOPEN:
      return "08001";
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "42501";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "XX001";
    case SQLITE_IOERR:
      return "58030";
    case SQLITE_TOOBIG:
      return "54000";
    case SQLITE_MISMATCH:
      return "22P02";
    case SQLITE_ERROR:
      return from_message(message);
    default:
      return "XX000";
  }
}

}  // namespace zdm::migrations
