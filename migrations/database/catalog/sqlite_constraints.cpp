#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "database/catalog/records.hpp"
#include "database/catalog/sqlite_readers.hpp"
#include "database/catalog/words.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {

using planner::Constraint;
using planner::ConstraintKind;
using planner::ForeignKey;
using planner::IncomingForeignKey;
using planner::Table;

namespace {

/// A constraint as it stands in the text: of a column, or of the table.
struct Written {
  ConstraintKind kind = ConstraintKind::check;
  std::string name;
  std::string text;  ///< check: the bare expression; foreign key: from REFERENCES on
  std::vector<std::string> columns;
};

std::vector<std::string> names_in(const SqlItem& item, std::size_t open) {
  std::vector<std::string> names;
  const std::size_t end = item.word(open) == "(" ? after_bracket(item, open) : open;
  for (std::size_t at = open + 1; at + 1 < end; ++at) {
    if (item.tokens[at - 1] == "(" || item.tokens[at - 1] == ",") {
      names.push_back(unquoted(item.tokens[at]));
    }
  }
  return names;
}

/// The end of REFERENCES table (columns) ON … MATCH … DEFERRABLE ….
std::size_t after_references(const SqlItem& item, std::size_t at) {
  at += 2;
  if (item.word(at) == "(") {
    at = after_bracket(item, at);
  }
  for (;;) {
    const std::string word = item.word(at);
    if (word == "ON") {
      at += item.word(at + 2) == "SET" || item.word(at + 2) == "NO" ? 4 : 3;
    } else if (word == "MATCH" || word == "INITIALLY" ||
               (word == "NOT" && item.word(at + 1) == "DEFERRABLE")) {
      at += 2;
    } else if (word == "DEFERRABLE") {
      at += 1;
    } else {
      return std::min(at, item.tokens.size());
    }
  }
}

bool is_table_constraint(const SqlItem& item) {
  constexpr std::array<std::string_view, 5> kWords = {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK",
                                                      "FOREIGN"};
  return std::ranges::find(kWords, item.word(0)) != kWords.end();
}

/// Adds what one definition of the list says.
void read_item(const SqlStatement& statement, const SqlItem& item, std::vector<Written>& found) {
  const bool of_table = is_table_constraint(item);
  std::vector<std::string> columns;
  if (!of_table && !item.tokens.empty()) {
    columns.push_back(unquoted(item.tokens[0]));
  }
  std::string name;
  const auto add = [&](ConstraintKind kind, std::string text, std::size_t open) {
    found.push_back(Written{kind, std::exchange(name, ""), std::move(text),
                            of_table ? names_in(item, open) : columns});
  };
  for (std::size_t at = of_table ? 0 : 1; at < item.tokens.size(); ++at) {
    const std::string word = item.word(at);
    if (word == "CONSTRAINT" && at + 1 < item.tokens.size()) {
      name = unquoted(item.tokens[++at]);
    } else if (word == "CHECK" && item.word(at + 1) == "(") {
      const std::size_t end = after_bracket(item, at + 1);
      add(ConstraintKind::check, statement.from(item, at + 2, end - 1), item.tokens.size());
      at = end - 1;
    } else if (word == "PRIMARY") {
      add(ConstraintKind::primary_key, "", at + 2);
    } else if (word == "UNIQUE") {
      add(ConstraintKind::unique, "", at + 1);
    } else if (word == "FOREIGN") {
      columns = names_in(item, at + 2);
      at = after_bracket(item, at + 2) - 1;
    } else if (word == "REFERENCES") {
      const std::size_t end = after_references(item, at);
      // One spelling, whatever stands in the text: recipes look for the word.
      found.push_back(Written{ConstraintKind::foreign_key, std::exchange(name, ""),
                              "REFERENCES " + statement.from(item, at + 1, end), columns});
      at = end - 1;
    } else if (word == "(") {
      at = after_bracket(item, at) - 1;
    }
  }
}

std::vector<int> attnums_of(const std::vector<std::string>& names, const Table& table) {
  std::vector<int> attnums;
  for (const std::string& name : names) {
    if (const auto* column = table.column(name)) {
      attnums.push_back(column->attnum);
    }
  }
  return attnums;
}

/// The index SQLite made for a PRIMARY KEY or UNIQUE, by its columns.
void give_index(const Table& table, Constraint& constraint) {
  for (const auto& index : table.indexes) {
    std::vector<int> attnums;
    for (const auto& key : index.keys) {
      attnums.push_back(key.attnum);
    }
    if (!index.constraint.empty() && attnums == constraint.attnums) {
      constraint.index = index.name.name;
    }
  }
}

Constraint constraint_of(const Written& written, const Table& table) {
  Constraint constraint;
  constraint.name = written.name;
  constraint.kind = written.kind;
  constraint.attnums = attnums_of(written.columns, table);
  const std::string columns = planner::quote_list(written.columns);
  if (written.kind == ConstraintKind::check) {
    constraint.attnums = columns_in(written.text, table);
    constraint.expression = written.text;
    constraint.definition = fmt::format("CHECK ({})", written.text);
  } else if (written.kind == ConstraintKind::foreign_key) {
    const SqlItem item = tokens_of(written.text);
    constraint.references = ForeignKey{
        .table_oid = 0, .table = {"", unquoted(item.tokens[1])}, .columns = names_in(item, 2)};
    constraint.definition = fmt::format("FOREIGN KEY ({}) {}", columns, written.text);
    for (std::size_t at = 0; at < item.tokens.size(); ++at) {
      constraint.deferrable |= item.word(at) == "DEFERRABLE" && item.word(at - 1) != "NOT";
      constraint.initially_deferred |= item.word(at) == "DEFERRED";
    }
  } else {
    const bool primary = written.kind == ConstraintKind::primary_key;
    constraint.definition = fmt::format("{} ({})", primary ? "PRIMARY KEY" : "UNIQUE", columns);
    give_index(table, constraint);
  }
  return constraint;
}

/// REFERENCES without columns means the primary key of the other table.
Result<void> complete(Connection& connection, Constraint& constraint) {
  if (!constraint.references || !constraint.references->columns.empty()) {
    return {};
  }
  return for_each(connection, "SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk",
                  {constraint.references->table.name}, [&](const Record& row) {
                    constraint.references->columns.push_back(row.text("name"));
                  });
}

Result<void> read_incoming(Connection& connection, Table& table) {
  constexpr std::string_view kSql = R"(
    SELECT m.name AS other, f.id, f."from" AS from_column,
           coalesce(f."to", (SELECT p.name FROM pragma_table_info($1) AS p
                              WHERE p.pk = f.seq + 1)) AS to_column
      FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f
     WHERE m.type = 'table' AND f."table" = $1 COLLATE NOCASE
     ORDER BY m.name, f.id, f.seq)";
  std::map<std::pair<std::string, std::int64_t>, IncomingForeignKey> keys;
  ZDM_CHECK(for_each(connection, kSql, {table.name.name}, [&](const Record& row) {
    IncomingForeignKey& key = keys[{row.text("other"), row.integer("id")}];
    key.table = {"", row.text("other")};
    key.definition +=
        (key.definition.empty() ? "" : ", ") + planner::quote_identifier(row.text("from_column"));
    for (const int attnum : attnums_of({row.text("to_column")}, table)) {
      key.attnums.push_back(attnum);
    }
  }));
  for (auto& [place, key] : keys) {
    key.definition =
        fmt::format("FOREIGN KEY ({}) REFERENCES {}", key.definition, planner::quote(table.name));
    key.name = key.definition;  // SQLite keeps no name where it can be asked for
    table.incoming.push_back(std::move(key));
  }
  return {};
}

}  // namespace

Result<void> read_sqlite_constraints(Connection& connection, const SqlStatement& statement,
                                     Table& table) {
  std::vector<Written> found;
  for (const SqlItem& item : statement.items) {
    read_item(statement, item, found);
  }
  for (const Written& written : found) {
    Constraint constraint = constraint_of(written, table);
    ZDM_CHECK(complete(connection, constraint));
    for (auto& index : table.indexes) {
      if (!constraint.index.empty() && index.name.name == constraint.index) {
        index.constraint = constraint.name.empty() ? index.name.name : constraint.name;
      }
    }
    // An unnamed one is called as the index that backs it.
    if (constraint.name.empty()) {
      constraint.name = constraint.index;
    }
    table.constraints.push_back(std::move(constraint));
  }
  return read_incoming(connection, table);
}

}  // namespace zdm::migrations
