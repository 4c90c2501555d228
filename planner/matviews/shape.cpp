#include "matviews/shape.hpp"

#include <fmt/format.h>

#include <string_view>

#include "matviews/access.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {
namespace {

using Statements = std::vector<std::string>;

TableName beside(const TableName& built, const std::string& name) {
  return {built.schema, name};
}

/// "fillfactor=70" as SQL: the name as it is (it may be toast.something), the value quoted.
std::string option(const std::string& text) {
  const auto equals = text.find('=');
  return fmt::format("{} = {}", text.substr(0, equals),
                     quote_literal(equals == std::string::npos ? "true" : text.substr(equals + 1)));
}

std::string options(const std::vector<std::string>& texts) {
  Statements each;
  for (const auto& text : texts) each.push_back(option(text));
  return fmt::format("{}", fmt::join(each, ", "));
}

void describe_column(const ShapeColumn& column, const TableName& built, Statements& sql) {
  const auto alter = fmt::format("ALTER MATERIALIZED VIEW {} ALTER COLUMN {} ", quote(built),
                                 quote_identifier(column.name));
  if (column.statistics >= 0) {
    sql.push_back(fmt::format("{}SET STATISTICS {}", alter, column.statistics));
  }
  if (!column.storage.empty()) sql.push_back(alter + "SET STORAGE " + column.storage);
  if (!column.compression.empty()) {
    sql.push_back(alter + "SET COMPRESSION " + quote_identifier(column.compression));
  }
  if (!column.options.empty()) {
    sql.push_back(fmt::format("{}SET ({})", alter, options(column.options)));
  }
  if (!column.comment.empty()) {
    sql.push_back(fmt::format("COMMENT ON COLUMN {}.{} IS {}", quote(built),
                              quote_identifier(column.name), quote_literal(column.comment)));
  }
}

void extended_statistics(const ShapeStatistics& each, const TableName& built, Statements& sql) {
  const auto name = quote(TableName{each.name.schema, each.built});
  sql.push_back(fmt::format("CREATE STATISTICS {} {} FROM {}", name, each.body, quote(built)));
  sql.push_back(fmt::format("ALTER STATISTICS {} OWNER TO {}", name, quote_identifier(each.owner)));
  if (each.target >= 0) {
    sql.push_back(fmt::format("ALTER STATISTICS {} SET STATISTICS {}", name, each.target));
  }
  if (!each.comment.empty()) {
    sql.push_back(fmt::format("COMMENT ON STATISTICS {} IS {}", name, quote_literal(each.comment)));
  }
}

Statements names_of(const MatviewShape& shape) {
  Statements columns;
  for (const auto& column : shape.columns) columns.push_back(column.name);
  return columns;
}

/// SET default_tablespace for what the next statements make; empty is the database's own.
std::string in_tablespace(const std::string& tablespace) {
  return fmt::format("SET LOCAL default_tablespace = {}",
                     quote_literal(tablespace.empty() ? "" : quote_identifier(tablespace)));
}

}  // namespace

void name_built_parts(MatviewShape& shape, const std::vector<std::string>& taken) {
  auto names = taken;
  for (auto& index : shape.indexes) {
    index.built = unique_name(index.name, "_zdm_new", names);
    names.push_back(index.built);
  }
  for (auto& each : shape.statistics) {
    each.built = unique_name(each.name.name, "_zdm_new", names);
    names.push_back(each.built);
  }
}

std::vector<std::string> create_like(const MatviewShape& shape, const TableName& built) {
  const auto with = shape.options.empty() ? "" : fmt::format(" WITH ({})", options(shape.options));
  return {in_tablespace(shape.tablespace),
          fmt::format("CREATE MATERIALIZED VIEW {} ({}) USING {}{} AS\n{}\nWITH NO DATA",
                      quote(built), quote_list(names_of(shape)),
                      quote_identifier(shape.access_method), with, shape.definition),
          views::change_owner(TableKind::materialized_view, built, shape.owner)};
}

std::vector<std::string> describe_like(const MatviewShape& shape, const TableName& built,
                                       const std::vector<std::string>& granted) {
  auto sql = views::copy_access(shape.access, shape.owner, built, granted, names_of(shape));
  for (const auto& column : shape.columns) describe_column(column, built, sql);
  if (!shape.comment.empty()) {
    sql.push_back(fmt::format("COMMENT ON MATERIALIZED VIEW {} IS {}", quote(built),
                              quote_literal(shape.comment)));
  }
  for (const auto& each : shape.statistics) extended_statistics(each, built, sql);
  return sql;
}

std::vector<std::string> index_like(const ShapeIndex& index, const TableName& built) {
  const auto name = beside(built, index.built);
  Statements sql = {in_tablespace(index.tablespace),
                    fmt::format("CREATE {}INDEX {} ON {} USING {}", index.unique ? "UNIQUE " : "",
                                quote_identifier(index.built), quote(built), index.tail)};
  for (const auto& [column, target] : index.statistics) {
    sql.push_back(fmt::format("ALTER INDEX {} ALTER COLUMN {} SET STATISTICS {}", quote(name),
                              column, target));
  }
  if (!index.comment.empty()) {
    sql.push_back(
        fmt::format("COMMENT ON INDEX {} IS {}", quote(name), quote_literal(index.comment)));
  }
  if (index.clustered) {
    sql.push_back(fmt::format("ALTER MATERIALIZED VIEW {} CLUSTER ON {}", quote(built),
                              quote_identifier(index.built)));
  }
  return sql;
}

}  // namespace zdm::planner
