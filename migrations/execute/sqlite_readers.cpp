#include "execute/sqlite_readers.hpp"

#include <fmt/format.h>

#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::quote_identifier;

/// EXPLAIN has the statement compiled, with what it fires, and runs nothing of it.
Result<Rows> prepare(Connection& work, const Reader& reader) {
  const std::string of = quote_identifier(reader.of);
  if (reader.kind == "view") return work.run(fmt::format("EXPLAIN SELECT * FROM {}", of));
  if (reader.kind == "DELETE") return work.run(fmt::format("EXPLAIN DELETE FROM {}", of));
  if (reader.kind == "INSERT") {
    return work.run(fmt::format("EXPLAIN INSERT INTO {} DEFAULT VALUES", of));
  }
  ZDM_TRY(const Rows columns, work.run("SELECT name FROM pragma_table_info($1)", {reader.of}));
  std::string set;
  for (const auto& row : columns.rows) {
    const std::string name = quote_identifier(row[0].value_or(""));
    set += fmt::format("{}{} = {}", set.empty() ? "" : ", ", name, name);
  }
  return work.run(fmt::format("EXPLAIN UPDATE {} SET {}", of, set));
}

}  // namespace

Result<std::vector<Reader>> sound_readers(Connection& work) {
  std::vector<Reader> readers;
  ZDM_TRY(const Rows views, work.run("SELECT name FROM sqlite_schema WHERE type = 'view'"));
  for (const auto& row : views.rows) {
    const std::string name = row[0].value_or("");
    readers.push_back({.name = "view " + quote_identifier(name), .kind = "view", .of = name});
  }
  ZDM_TRY(const Rows tables, work.run(R"(
      SELECT DISTINCT t.name FROM sqlite_schema AS t JOIN sqlite_schema AS g ON g.tbl_name = t.name
       WHERE t.type = 'table' AND g.type = 'trigger')"));
  for (const auto& row : tables.rows) {
    const std::string name = row[0].value_or("");
    for (const char* kind : {"INSERT", "UPDATE", "DELETE"}) {
      readers.push_back(
          {.name = fmt::format("a trigger that {} of {} fires", kind, quote_identifier(name)),
           .kind = kind,
           .of = name});
    }
  }
  std::erase_if(readers, [&](const Reader& reader) { return !prepare(work, reader); });
  return readers;
}

Result<void> still_sound(Connection& work, const std::vector<Reader>& readers) {
  for (const Reader& reader : readers) {
    ZDM_TRY(const Rows there,
            work.run("SELECT count(*) FROM sqlite_schema WHERE name = $1", {reader.of}));
    if (there.first(0) == "0") continue;
    const auto prepared = prepare(work, reader);
    if (prepared) continue;
    return planner::fail(
        ErrorCode::refused,
        fmt::format("{} would fail from here on: {}", reader.name, prepared.error().message),
        "nothing was changed; in an earlier migration, let it name the columns it reads and "
        "writes, each with its table, instead of *");
  }
  return {};
}

}  // namespace zdm::migrations
