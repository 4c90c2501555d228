#include "matviews/shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "sql/quote.hpp"

namespace zdm::planner {
namespace {

using Statements = std::vector<std::string>;

std::string role(const std::string& name) {
  return name.empty() ? "PUBLIC" : quote_identifier(name);
}

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

/// Granted by whom it was granted: a privilege hangs on the grant option of its grantor.
void grant(const ShapeGrant& grant, const std::string& columns, const MatviewShape& shape,
           const TableName& built, Statements& sql) {
  const bool by_other = !grant.grantor.empty() && grant.grantor != shape.owner;
  if (by_other) sql.push_back("SET LOCAL ROLE " + quote_identifier(grant.grantor));
  sql.push_back(fmt::format("GRANT {}{} ON {} TO {}{}", grant.privilege, columns, quote(built),
                            role(grant.grantee), grant.grantable ? " WITH GRANT OPTION" : ""));
  if (by_other) sql.emplace_back("RESET ROLE");
}

/// What ALTER DEFAULT PRIVILEGES gave goes first; the owner keeps what it has where nothing was
/// ever granted or revoked.
void privileges(const MatviewShape& shape, const TableName& built,
                const std::vector<std::string>& granted, Statements& sql) {
  for (const auto& grantee : granted) {
    if (shape.default_privileges && grantee == shape.owner) continue;
    sql.push_back(fmt::format("REVOKE ALL ON {} FROM {}", quote(built), role(grantee)));
  }
  if (!shape.default_privileges && std::ranges::find(granted, shape.owner) == granted.end()) {
    sql.push_back(fmt::format("REVOKE ALL ON {} FROM {}", quote(built), role(shape.owner)));
  }
  for (const auto& each : shape.grants) grant(each, "", shape, built, sql);
  for (const auto& column : shape.columns) {
    const auto name = fmt::format(" ({})", quote_identifier(column.name));
    for (const auto& each : column.grants) grant(each, name, shape, built, sql);
  }
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

std::string labelled(const ShapeLabel& label, const TableName& built) {
  const auto on = label.column.empty()
                      ? fmt::format("MATERIALIZED VIEW {}", quote(built))
                      : fmt::format("COLUMN {}.{}", quote(built), quote_identifier(label.column));
  return fmt::format("SECURITY LABEL FOR {} ON {} IS {}", quote_identifier(label.provider), on,
                     quote_literal(label.label));
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
  std::vector<std::string> columns;
  for (const auto& column : shape.columns) columns.push_back(column.name);
  const auto with = shape.options.empty() ? "" : fmt::format(" WITH ({})", options(shape.options));
  return {in_tablespace(shape.tablespace),
          fmt::format("CREATE MATERIALIZED VIEW {} ({}) USING {}{} AS\n{}\nWITH NO DATA",
                      quote(built), quote_list(columns), quote_identifier(shape.access_method),
                      with, shape.definition),
          fmt::format("ALTER MATERIALIZED VIEW {} OWNER TO {}", quote(built),
                      quote_identifier(shape.owner))};
}

std::vector<std::string> describe_like(const MatviewShape& shape, const TableName& built,
                                       const std::vector<std::string>& granted) {
  Statements sql;
  privileges(shape, built, granted, sql);
  for (const auto& column : shape.columns) describe_column(column, built, sql);
  if (!shape.comment.empty()) {
    sql.push_back(fmt::format("COMMENT ON MATERIALIZED VIEW {} IS {}", quote(built),
                              quote_literal(shape.comment)));
  }
  for (const auto& each : shape.statistics) extended_statistics(each, built, sql);
  for (const auto& label : shape.labels) sql.push_back(labelled(label, built));
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
