#include <algorithm>
#include <array>

#include "gate/blank.hpp"
#include "gate/dialect.hpp"
#include "gate/lexical.hpp"
#include "gate/runner_marks.hpp"
#include "sql/text.hpp"

namespace zdm::migrations {

using planner::fold;
using planner::SqlFile;
using planner::Wrapping;

namespace {

/// Sent as one query string, which is one transaction unless it is one statement: PostgreSQL
/// manual, 55.2.2.1 "Multiple Statements in a Simple Query".
Wrapping one_query(const SqlFile& file) {
  return planner::statement_extents(file.shipped).size() > 1 ? Wrapping::transaction
                                                             : Wrapping::none;
}

/// dbmate's sections; what stands before the first one does not ship.
void read_dbmate(SqlFile& file) {
  bool up = false;
  bool apart = false;
  for (const Line& line : lines_of(file.bytes)) {
    const bool mark = is_dbmate_mark(line.text);
    if (mark) up = line.text.find("migrate:up") != std::string_view::npos;
    if (mark && up) apart = line.text.find("transaction:false") != std::string_view::npos;
    if (mark || !up) blank(file.shipped, line.begin, line.end());
  }
  file.wrapping = apart ? one_query(file) : Wrapping::transaction;
}

/// goose sends statement by statement, in a transaction unless told not to.
void read_goose(SqlFile& file) {
  bool up = false;
  file.wrapping = Wrapping::transaction;
  for (const Line& line : lines_of(file.bytes)) {
    const bool mark = is_goose_mark(line.text);
    const auto word = mark ? goose_words(line.text) : std::string{};
    if (word == "up" || word == "down") up = word == "up";
    if (word == "no transaction") file.wrapping = Wrapping::none;
    if (mark || !up) blank(file.shipped, line.begin, line.end());
  }
}

/// What PostgreSQL refuses within a transaction, as Flyway finds it (PostgreSQLParser).
bool needs_no_transaction(std::string_view statement) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < statement.size() && words.size() < 4;) {
    const auto piece = planner::next_piece(statement, at);
    if (piece.kind == planner::PieceKind::word) {
      words.push_back(fold(statement.substr(piece.begin, piece.end - piece.begin)));
    }
    at = piece.end;
  }
  words.resize(4);
  std::erase(words, "unique");
  words.resize(4);
  const bool made = words[0] == "create" || words[0] == "drop";
  if (made && words[1] == "index") return words[2] == "concurrently";
  if (made) {
    return words[1] == "database" || words[1] == "tablespace" || words[1] == "subscription";
  }
  return words[0] == "vacuum" || (words[0] == "alter" && words[1] == "system");
}

/// Flyway leaves the transaction away by itself where no statement can be in one.
void read_flyway(SqlFile& file, std::string_view settings) {
  for (auto at = file.shipped.find("${"); at != std::string::npos;
       at = file.shipped.find("${", at + 1)) {
    const auto end = file.shipped.find('}', at);
    if (end == std::string::npos) break;
    // a placeholder becomes a name of the same length
    for (auto byte = at; byte <= end; ++byte) {
      if (!planner::is_identifier_part(file.shipped[byte]) || byte == at) file.shipped[byte] = '_';
    }
  }
  const auto extents = planner::statement_extents(file.shipped);
  const bool none = !extents.empty() && std::ranges::all_of(extents, [&](const auto& extent) {
    return needs_no_transaction(
        std::string_view(file.shipped).substr(extent.begin, extent.end - extent.begin));
  });
  std::string plain = fold(settings);
  std::erase_if(plain, [](char c) { return c == ' ' || c == '\t'; });
  const bool off = plain.find("executeintransaction=false") != std::string::npos;
  file.wrapping = none || off ? Wrapping::none : Wrapping::transaction;
}

/// `-- zdm:transaction=on|off`: whoever runs it differently says so.
void override_wrapping(SqlFile& file) {
  for (std::size_t at = 0; at < file.bytes.size();) {
    const auto piece = planner::next_piece(file.bytes, at);
    at = piece.end;
    if (piece.kind != planner::PieceKind::comment) continue;
    const auto text = std::string_view(file.bytes).substr(piece.begin, at - piece.begin);
    const auto says = [&](std::string_view word) {
      return text.find(word) != std::string_view::npos;
    };
    if (says("zdm:transaction=on")) file.wrapping = Wrapping::transaction;
    if (says("zdm:transaction=off")) file.wrapping = Wrapping::none;
  }
}

}  // namespace

GateFile read_dialect(RawFile raw, Dialect dialect) {
  GateFile read;
  if (never_ships(raw.path, dialect)) return read;
  if (dialect == Dialect::laravel_pretend) {
    read = read_laravel(raw);
    for (SqlFile& part : read.parts) override_wrapping(part);
    return read;
  }
  SqlFile file{.path = std::move(raw.path), .bytes = std::move(raw.bytes)};
  file.shipped = file.bytes;
  if (file.bytes.starts_with("\xEF\xBB\xBF")) blank(file.shipped, 0, 3);
  switch (dialect) {
    case Dialect::plain:
      break;
    case Dialect::psql:
    case Dialect::sqitch:
      read.findings = blank_psql(file.shipped, file.path);
      break;
    case Dialect::flyway:
      read_flyway(file, raw.settings);
      break;
    case Dialect::dbmate:
      read_dbmate(file);
      break;
    case Dialect::goose:
      read_goose(file);
      break;
    case Dialect::golang_migrate:
      file.wrapping = one_query(file);
      break;
    case Dialect::laravel_pretend:
      break;
  }
  override_wrapping(file);
  read.parts.push_back(std::move(file));
  return read;
}

}  // namespace zdm::migrations
