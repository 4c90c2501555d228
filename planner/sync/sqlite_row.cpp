#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "sql/quote.hpp"
#include "sync/triggers.hpp"

namespace zdm::planner {
namespace {

enum class Affinity { integer, text, blob, real, numeric };

/// sqlite.org/datatype3.html, 3.1 "Determination Of Column Affinity".
Affinity affinity(std::string type) {
  std::ranges::transform(type, type.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const auto has = [&](std::string_view part) { return type.find(part) != std::string::npos; };
  if (has("INT")) return Affinity::integer;
  if (has("CHAR") || has("CLOB") || has("TEXT")) return Affinity::text;
  if (has("BLOB") || type.empty()) return Affinity::blob;
  if (has("REAL") || has("FLOA") || has("DOUB")) return Affinity::real;
  return Affinity::numeric;
}

Affinity affinity(const Table& table, const std::string& column) {
  const Column* shape = find_column(Engine::sqlite, table, column);
  return affinity(shape == nullptr ? "" : shape->type);
}

bool numeric(Affinity kind) {
  return kind == Affinity::integer || kind == Affinity::real || kind == Affinity::numeric;
}

bool is_number(std::string_view text) {
  const auto part_of_number = [](unsigned char c) {
    return std::isdigit(c) != 0 || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
  };
  return std::ranges::any_of(text, [](unsigned char c) { return std::isdigit(c) != 0; }) &&
         std::ranges::all_of(text, part_of_number);
}

}  // namespace

std::string sqlite_compare(const Table& table, const std::string& column, const std::string& left,
                           std::string_view comparison, const std::string& right) {
  const bool binary = !numeric(affinity(table, column)) && right != "NULL";
  return fmt::format("{} {} {}{}", left, comparison, right, binary ? " COLLATE BINARY" : "");
}

std::vector<std::string> sqlite_primary_key(const Table& table) {
  std::vector<std::string> columns;
  const auto key =
      std::ranges::find(table.constraints, ConstraintKind::primary_key, &Constraint::kind);
  if (key != table.constraints.end()) {
    for (const int attnum : key->attnums) {
      if (const Column* column = table.column(attnum)) {
        columns.push_back(column->name);
      }
    }
    return columns;
  }
  const auto index = std::ranges::find(table.indexes, true, &Index::primary);
  if (index != table.indexes.end()) {
    for (const IndexKey& part : index->keys) {
      if (const Column* column = table.column(part.attnum)) {
        columns.push_back(column->name);
      }
    }
  }
  return columns;
}

std::string sqlite_rowid(const Table& table) {
  constexpr std::array<std::string_view, 3> names = {"rowid", "_rowid_", "oid"};
  const auto free = std::ranges::find_if(names, [&](std::string_view name) {
    return find_column(Engine::sqlite, table, name) == nullptr;
  });
  return free == names.end() ? std::string() : std::string(*free);
}

std::string sqlite_this_row(const Table& table) {
  if (!table.without_rowid) {
    return fmt::format("{0} = NEW.{0}", sqlite_rowid(table));
  }
  std::vector<std::string> parts;
  for (const std::string& column : sqlite_primary_key(table)) {
    parts.push_back(fmt::format("{0} = NEW.{0}", quote_identifier(column)));
  }
  return join(parts, " AND ");
}

std::string sqlite_literal(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    result += c;
    if (c == '\'') {
      result += c;
    }
  }
  return result + "'";
}

std::string sqlite_stored_default(const Table& table, const SyncColumn& column) {
  const Affinity kind = affinity(table, column.name);
  const std::string& text = column.default_sql;
  const bool quoted = text.size() >= 2 && text.front() == '\'' && text.back() == '\'';
  if (quoted && numeric(kind) && is_number(std::string_view(text).substr(1, text.size() - 2))) {
    return fmt::format("CAST({} AS NUMERIC)", text);
  }
  if (!quoted && kind == Affinity::text && is_number(text)) {
    return fmt::format("CAST({} AS TEXT)", text);
  }
  return in_brackets(text);
}

}  // namespace zdm::planner
