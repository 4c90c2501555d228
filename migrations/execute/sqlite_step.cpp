#include "execute/sqlite_step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "execute/sqlite_readers.hpp"
#include "recipes/statements.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::Step;
namespace statements = planner::statements;

/// A column as PRAGMA table_xinfo has it: what no edit touches, and what one may be for.
struct Shape {
  std::string kept;     ///< place, name, type, key, hidden
  std::string changed;  ///< NOT NULL, default
  std::string name;
  bool not_null = false;
};
using Shapes = std::map<std::string, std::vector<Shape>>;

std::set<std::string> edited_tables(const Step& step) {
  std::set<std::string> names;
  for (const auto& effect : step.effects) {
    const auto* put = std::get_if<planner::PutTable>(&effect);
    if (put != nullptr) names.insert(put->table.name.name);
  }
  return names;
}

Result<Shapes> shapes_of(Connection& work, const Step& step) {
  Shapes shapes;
  for (const auto& table : edited_tables(step)) {
    ZDM_TRY(const Rows rows, work.run(R"(
      SELECT cid || ' ' || quote(name) || ' ' || quote(type) || ' ' || pk || ' ' || hidden,
             "notnull" || ' ' || quote(dflt_value), name, "notnull"
        FROM pragma_table_xinfo($1) ORDER BY cid)",
                                      {table}));
    auto& columns = shapes[table];
    for (const auto& row : rows.rows) {
      columns.push_back(
          {row[0].value_or(""), row[1].value_or(""), row[2].value_or(""), row[3] == "1"});
    }
  }
  return shapes;
}

bool is_for(const Step& step, const std::string& table, const std::string& column) {
  return std::ranges::any_of(step.effects, [&](const planner::Effect& effect) {
    const auto* put = std::get_if<planner::PutColumn>(&effect);
    return put != nullptr && put->table.name == table && put->column.name == column;
  });
}

Result<void> same_shape(const Step& step, const Shapes& before, const Shapes& after) {
  for (const auto& item : before) {
    const std::string& table = item.first;
    const auto same = [&](const Shape& was, const Shape& is) {
      return was.kept == is.kept && (was.changed == is.changed || is_for(step, table, was.name));
    };
    if (std::ranges::equal(item.second, after.at(table), same)) continue;
    return planner::fail(
        ErrorCode::failed,
        fmt::format("the edit of the text of table {} would change other columns of it, too",
                    table),
        "nothing was changed; this is a fault of zdm: please report the table's CREATE TABLE");
  }
  return {};
}

/// SQLite asks no row when NOT NULL is written into the text, and takes IS NULL for false from then
/// on.
Result<void> no_nulls(Connection& work, const std::string& table, const std::string& column) {
  const std::string from = planner::quote_identifier(table);
  const std::string name = planner::quote_identifier(column);
  ZDM_TRY(const Rows rows,
          work.run(fmt::format("SELECT count(*) FROM {} WHERE typeof({}) = 'null'", from, name)));
  const std::string count = rows.first(0);
  if (count == "0") return {};
  return planner::fail(
      ErrorCode::refused,
      fmt::format("{} of {} no value in {}, which becomes NOT NULL; nothing was changed",
                  count == "1" ? "1 row" : count + " rows",
                  from + (count == "1" ? " has" : " have"), name),
      fmt::format("give them one and run the same command again; see them: SELECT * FROM {} WHERE "
                  "{} IS NULL",
                  from, name));
}

Result<void> keeps_promises(Connection& work, const Shapes& before, const Shapes& after) {
  for (const auto& [table, columns] : before) {
    const auto& now = after.at(table);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].not_null || !now[i].not_null) continue;
      ZDM_CHECK(no_nulls(work, table, now[i].name));
    }
  }
  return {};
}

/// How many rows of which table have no parent in which.
using Orphans = std::map<std::pair<std::string, std::string>, std::int64_t>;

Result<Orphans> orphans_of(Connection& work) {
  Orphans orphans;
  ZDM_TRY(const Rows rows, work.run(R"(
    SELECT "table", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2)"));
  for (const auto& row : rows.rows) {
    orphans[{row[0].value_or(""), row[1].value_or("")}] = std::stoll(row[2].value_or("0"));
  }
  return orphans;
}

Result<void> no_more_orphans(const Orphans& before, const Orphans& after) {
  for (const auto& [tables, count] : after) {
    const auto known = before.find(tables);
    const auto more = count - (known == before.end() ? 0 : known->second);
    if (more <= 0) continue;
    return planner::fail(
        ErrorCode::failed,
        fmt::format("{} {} of {} would refer to no row of {}", more, more == 1 ? "row" : "rows",
                    tables.first, tables.second),
        "nothing was changed; a step that drops a table runs with foreign keys off: make the table "
        "anew under its name with the rows that are referred to, or delete what refers to it in "
        "the same step");
  }
  return {};
}

Result<std::int64_t> run_edits(Connection& work, const Step& step) {
  std::int64_t affected = 0;
  Shapes before;
  for (const std::string& sql : step.sql) {
    if (sql == statements::kForeignKeysOff) continue;
    if (sql == statements::kSchemaWritable) {
      ZDM_TRY(before, shapes_of(work, step));
    }
    ZDM_TRY(const Rows rows, work.run(sql));
    affected += rows.affected;
    if (sql == statements::kSchemaReset) {
      ZDM_TRY(const Shapes after, shapes_of(work, step));
      ZDM_CHECK(same_shape(step, before, after));
      ZDM_CHECK(keeps_promises(work, before, after));
    }
  }
  return affected;
}

/// zdm's own statements, not the author's, who may have a view fail for a while.
bool alters_columns(const Step& step) {
  return !step.effects.empty() && std::ranges::any_of(step.sql, [](const std::string& sql) {
    return sql.starts_with("ALTER TABLE ");
  });
}

}  // namespace

Result<std::int64_t> run_statements(Connection& work, const Step& step) {
  if (work.engine() != Engine::sqlite) return run_edits(work, step);
  if (!statements::without_foreign_keys(step)) {
    std::vector<Reader> readers;
    if (alters_columns(step)) {
      ZDM_TRY(readers, sound_readers(work));
    }
    ZDM_TRY(const std::int64_t affected, run_edits(work, step));
    ZDM_CHECK(still_sound(work, readers));
    return affected;
  }
  ZDM_TRY(const Orphans before, orphans_of(work));
  ZDM_TRY(const std::int64_t affected, run_edits(work, step));
  ZDM_TRY(const Orphans after, orphans_of(work));
  ZDM_CHECK(no_more_orphans(before, after));
  return affected;
}

Result<WithoutForeignKeys> WithoutForeignKeys::begin(Connection& work, const Step& step) {
  WithoutForeignKeys without;
  if (!statements::without_foreign_keys(step)) return without;
  ZDM_CHECK(work.run(statements::kForeignKeysOff));
  without.off_.reset(&work);
  return without;
}

void WithoutForeignKeys::On::operator()(Connection* work) const {
  static_cast<void>(work->run("PRAGMA foreign_keys = ON"));
}

}  // namespace zdm::migrations
