#include "support/snapshot.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace zdm::tests {

using migrations::Engine;

namespace {

std::string output_of(const std::string& command) {
  const auto close = [](FILE* pipe) { pclose(pipe); };
  const std::unique_ptr<FILE, decltype(close)> pipe(popen(command.c_str(), "r"), close);
  std::string text;
  std::array<char, 4096> buffer{};
  while (pipe && fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) text += buffer.data();
  return text;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == ',' || text.back() == ' ')) text.pop_back();
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

/// The lines of one object; those between the brackets of CREATE TABLE sorted.
std::string object_text(std::vector<std::string> lines) {
  if (!lines.empty() && lines[0].starts_with("CREATE TABLE") && lines[0].ends_with("(")) {
    const auto end = std::find_if(lines.begin(), lines.end(),
                                  [](const auto& line) { return line.starts_with(")"); });
    std::transform(lines.begin() + 1, end, lines.begin() + 1, trimmed);
    std::sort(lines.begin() + 1, end);
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

Shape dumped(const std::string& url) {
  const std::string text = output_of(fmt::format("'{}/pg_dump' --schema-only -N zdm -d '{}' 2>&1",
                                                 PostgresServer::shared().bin(), url));
  if (text.find("database dump complete") == std::string::npos) throw std::runtime_error(text);
  Shape shape;
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("-- Name: ") && !lines.empty()) {
      shape.push_back(object_text(std::exchange(lines, {})));
    }
    // Newer pg_dump fences its output with \restrict and a random word.
    const bool noise = line.empty() || line.starts_with("--") || line.starts_with("SET ") ||
                       line.starts_with("\\") || line.find("set_config(") != std::string::npos;
    // The fence in a trigger's WHEN counts how often the table's rules changed.
    static const std::regex fence(R"('\d+:\d+'::text)");
    if (!noise) lines.push_back(std::regex_replace(line, fence, "fence"));
  }
  if (!lines.empty()) shape.push_back(object_text(std::move(lines)));
  return shape;
}

/// White space collapsed outside quotes.
std::string collapsed(const std::string& text) {
  std::string result;
  char quote = 0;
  for (const char each : text) {
    if (quote == 0 && (each == '\'' || each == '"' || each == '`')) {
      quote = each;
    } else if (each == quote) {
      quote = 0;
    }
    const bool space = quote == 0 && (each == ' ' || each == '\n' || each == '\t');
    if (!space) {
      result += each;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  return result;
}

/// CREATE TABLE with what stands between its brackets sorted.
std::string sorted_table(const std::string& sql) {
  const auto open = sql.find('(');
  const auto close = sql.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return sql;
  std::vector<std::string> parts(1);
  int depth = 0;
  char quote = 0;
  for (const char each : sql.substr(open + 1, close - open - 1)) {
    if (quote == 0 && (each == '\'' || each == '"')) {
      quote = each;
    } else if (each == quote) {
      quote = 0;
    } else if (quote == 0) {
      depth += (each == '(') - (each == ')');
    }
    if (each == ',' && depth == 0 && quote == 0) {
      parts.emplace_back();
    } else {
      parts.back() += each;
    }
  }
  std::transform(parts.begin(), parts.end(), parts.begin(), trimmed);
  std::sort(parts.begin(), parts.end());
  return fmt::format("{}\n  {}\n{}", sql.substr(0, open + 1), fmt::join(parts, "\n  "),
                     sql.substr(close));
}

std::vector<std::string> first_fields(Database& database, const std::string& sql) {
  std::vector<std::string> names;
  for (const auto& row : database.rows(sql)) names.push_back(row[0].value_or("NULL"));
  return names;
}

std::vector<std::string> lines_of(const std::vector<std::string>& texts) {
  std::vector<std::string> lines;
  for (const auto& text : texts) {
    const auto head = text.substr(0, text.find('\n'));
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
      lines.push_back(line == head ? line : head + " … " + line);
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

Shape shape_of(Database& database) {
  Shape shape;
  if (database.engine() == Engine::postgresql) {
    shape = dumped(database.url().text.reveal());
  } else {
    const auto rows = database.rows(
        R"(SELECT type, sql FROM sqlite_schema
            WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'zdm\_%' ESCAPE '\'
              AND tbl_name NOT LIKE 'sqlite\_%' ESCAPE '\')");
    for (const auto& row : rows) {
      const std::string sql = collapsed(row[1].value_or(""));
      shape.push_back(row[0] == "table" ? sorted_table(sql) : sql);
    }
  }
  std::sort(shape.begin(), shape.end());
  return shape;
}

std::string difference(const std::vector<std::string>& before,
                       const std::vector<std::string>& after) {
  const auto was = lines_of(before);
  const auto is = lines_of(after);
  std::string text;
  std::vector<std::string> part;
  std::set_difference(was.begin(), was.end(), is.begin(), is.end(), std::back_inserter(part));
  for (const auto& each : part) text += "\n- " + each;
  part.clear();
  std::set_difference(is.begin(), is.end(), was.begin(), was.end(), std::back_inserter(part));
  for (const auto& each : part) text += "\n+ " + each;
  return text;
}

Columns columns_of(Database& database) {
  const auto rows = database.engine() == Engine::postgresql ? database.rows(R"(
      SELECT a.attrelid::regclass, quote_ident(a.attname)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace s ON s.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND a.attnum > 0
         AND NOT a.attisdropped
         AND s.nspname NOT IN ('zdm', 'pg_catalog', 'information_schema', 'pg_toast'))")
                                                            : database.rows(R"(
      SELECT '"' || replace(t.name, '"', '""') || '"', '"' || replace(c.name, '"', '""') || '"'
        FROM sqlite_schema t, pragma_table_xinfo(t.name) c
       WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'zdm\_%' ESCAPE '\'
         AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\')");
  Columns columns;
  for (const auto& row : rows) columns[*row[0]].push_back(*row[1]);
  for (auto& [table, names] : columns) std::sort(names.begin(), names.end());
  return columns;
}

std::vector<std::vector<migrations::Text>> rows_of(Database& database, const std::string& table,
                                                   const std::vector<std::string>& columns) {
  auto rows = database.rows(fmt::format("SELECT {} FROM {}", fmt::join(columns, ", "), table));
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<std::string> own_objects(Database& database) {
  if (database.engine() == Engine::sqlite) {
    return first_fields(database, R"(SELECT name FROM sqlite_schema
                                      WHERE name LIKE 'zdm\_%' ESCAPE '\' ORDER BY 1)");
  }
  return first_fields(database, R"(
      SELECT 'relation ' || relname FROM pg_class WHERE relnamespace = to_regnamespace('zdm')
      UNION SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = to_regnamespace('zdm')
      UNION SELECT 'type ' || typname FROM pg_type WHERE typnamespace = to_regnamespace('zdm')
      ORDER BY 1)");
}

std::vector<std::string> helpers_left(Database& database) {
  if (database.engine() == Engine::sqlite) {
    return first_fields(database, R"(SELECT type || ' ' || name FROM sqlite_schema
                                      WHERE name NOT LIKE 'zdm\_%' ESCAPE '\'
                                        AND tbl_name NOT LIKE 'zdm\_%' ESCAPE '\'
                                        AND (name LIKE '%zdm%' OR sql LIKE '%zdm%'))");
  }
  return first_fields(database, R"(
      SELECT 'relation ' || relname FROM pg_class
       WHERE relname LIKE '%zdm%' AND relnamespace IS DISTINCT FROM to_regnamespace('zdm')
      UNION ALL SELECT 'column ' || attname FROM pg_attribute
       WHERE attname LIKE '%zdm%' AND NOT attisdropped
         AND attrelid IN (SELECT oid FROM pg_class
                           WHERE relnamespace IS DISTINCT FROM to_regnamespace('zdm')
                             AND relkind NOT IN ('i', 'I'))
      UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger
       WHERE tgname LIKE '%zdm%' OR tgfoid IN (
             SELECT oid FROM pg_proc WHERE pronamespace = to_regnamespace('zdm'))
      UNION ALL SELECT 'function ' || proname FROM pg_proc
       WHERE proname LIKE '%zdm%' AND pronamespace IS DISTINCT FROM to_regnamespace('zdm')
      UNION ALL SELECT 'constraint ' || conname FROM pg_constraint
       WHERE conname LIKE '%zdm%' AND connamespace IS DISTINCT FROM to_regnamespace('zdm'))");
}

std::vector<std::string> unsound(Database& database) {
  if (database.engine() == Engine::postgresql) {
    return first_fields(database, R"(
        SELECT 'invalid index ' || indexrelid::regclass FROM pg_index
         WHERE NOT indisvalid OR NOT indisready OR NOT indislive)");
  }
  auto found = first_fields(database, "PRAGMA foreign_key_check");
  for (auto& line : first_fields(database, "PRAGMA integrity_check")) {
    if (line != "ok") found.push_back(line);
  }
  return found;
}

}  // namespace zdm::tests
