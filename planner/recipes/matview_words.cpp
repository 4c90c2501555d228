#include "recipes/matview_words.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <set>

#include "locks/claims.hpp"
#include "recipes/check.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "recipes/view_words.hpp"
#include "sql/quote.hpp"

namespace zdm::planner::matviews {

namespace {

bool is_plain(const IndexKey& key) {
  const auto text = key.sql.substr(0, key.sql.size() - key.suffix.size());
  return key.attnum != 0 || parse_identifier(text).has_value();
}

/// The query alone, whatever stands behind it in the file: WITH NO DATA is to follow.
std::string bare_query(const SqlText& query) {
  const auto statements = split_statements(Engine::postgresql, query.text);
  return statements && statements->size() == 1 ? statements->front().text : query.text;
}

void claim_below(const Context& context, const TableName& name, std::set<TableName>& seen,
                 Claims& claims) {
  const auto* table = context.catalog.table(name);
  if (table == nullptr && context.catalog.assumed) claims.add(name, LockMode::access_share);
  if (table == nullptr || !seen.insert(table->name).second) return;
  claims.table(*table, LockMode::access_share).indexes(*table, LockMode::access_share);
  if (table->kind != TableKind::view) return;  // another materialized view is read as it stands
  for (const auto& each : table->reads) claim_below(context, each, seen, claims);
}

std::vector<std::string> tuned_columns(const TableName& view, const Table& like,
                                       const std::vector<std::string>& columns) {
  std::vector<std::string> sql;
  for (const auto& column : like.columns) {
    if (std::ranges::find(columns, column.name) == columns.end()) continue;
    const auto alter = fmt::format("ALTER MATERIALIZED VIEW {} ALTER COLUMN {}", quote(view),
                                   quote_identifier(column.name));
    for (auto& each : statements::tune_column(alter, column)) sql.push_back(std::move(each));
  }
  return sql;
}

}  // namespace

Result<Words> decode(KeyReader& keys) {
  Words words;
  ZDM_TRY(words.name, keys.table("name"));
  ZDM_TRY(words.query, keys.sql("query"));
  if (keys.has("indexes")) {
    words.indexes.emplace();
    ZDM_TRY(auto objects, keys.objects("indexes"));
    for (auto& each : objects) {
      ZDM_TRY(auto index, decode_index_of(each, words.name));
      ZDM_CHECK(each.finish());
      words.indexes->push_back(std::move(index));
    }
  }
  ZDM_TRY(words.with, keys.optional_text("with"));
  ZDM_TRY(words.tablespace, keys.optional_identifier("tablespace"));
  return words;
}

CatalogRequest needs(const Words& words) {
  CatalogRequest request{.tables = views::read_by(words.query), .below_views = true};
  request.tables.push_back(words.name);
  for (const auto& index : words.indexes.value_or(std::vector<IndexWords>{})) {
    request.indexes.push_back({words.name.schema, index.name});
  }
  return request;
}

Result<void> check(const Context& context, const Words& words) {
  if (context.catalog.engine == Engine::sqlite) {
    return fail_at(where_of(context), ErrorCode::refused, "SQLite has no materialized views",
                   "keep a table for its rows: create_table, and fill it by kind = \"sql\"");
  }
  return check_query(context.catalog.engine, words.query, "`query`");
}

Table shape_of(const Words& words, const TableName& name) {
  Table view = views::shape_of(words.query, TableKind::materialized_view, name);
  view.view_options = words.with.value_or("");
  view.tablespace = words.tablespace.value_or("");
  return view;
}

Result<std::vector<Index>> indexes_of(const Context& context, const Table& view,
                                      const Words& words) {
  std::vector<Index> indexes;
  for (const auto& each : words.indexes.value_or(std::vector<IndexWords>{})) {
    ZDM_TRY(Index index, index_of(context, view, each));
    indexes.push_back(std::move(index));
  }
  return indexes;
}

bool can_refresh_concurrently(const std::vector<Index>& indexes) {
  return std::ranges::any_of(indexes, [](const Index& index) {
    return index.unique && index.valid && index.method == "btree" && index.predicate.empty() &&
           std::ranges::all_of(index.keys, is_plain);
  });
}

Warning cannot_refresh_concurrently(const TableName& name) {
  return {.code = "not-refreshable",
          .message = fmt::format(
              "{} has no unique index over plain columns and all its rows: every REFRESH keeps its "
              "readers waiting until it is done; with one among `indexes`, REFRESH … CONCURRENTLY "
              "lets them read on",
              quote(name))};
}

std::vector<std::string> create(const Table& view, const SqlText& query) {
  std::string head = fmt::format("CREATE MATERIALIZED VIEW {}", quote(view.name));
  if (!view.access_method.empty()) {
    head += fmt::format(" USING {}", quote_identifier(view.access_method));
  }
  if (!view.view_options.empty()) head += fmt::format(" WITH ({})", view.view_options);
  if (!view.tablespace.empty()) {
    head += fmt::format(" TABLESPACE {}", quote_identifier(view.tablespace));
  }
  std::vector<std::string> sql = {fmt::format("{} AS\n{}\nWITH NO DATA", head, bare_query(query))};
  for (const auto& index : view.indexes) {
    sql.push_back(statements::create_index(Engine::postgresql, view.name, index,
                                           statements::Building::at_once));
    for (std::size_t at = 0; at < index.statistics.size(); ++at) {
      if (index.statistics[at] < 0) continue;
      sql.push_back(fmt::format("ALTER INDEX {} ALTER COLUMN {} SET STATISTICS {}",
                                quote(index.name), at + 1, index.statistics[at]));
    }
    if (index.comment.empty()) continue;
    sql.push_back(
        fmt::format("COMMENT ON INDEX {} IS {}", quote(index.name), quote_literal(index.comment)));
  }
  return sql;
}

std::vector<std::string> describe(const TableName& view, const Table& like,
                                  const std::vector<std::string>& columns) {
  auto sql = tuned_columns(view, like, columns);
  for (auto& each : views::describe(view, like, columns)) sql.push_back(std::move(each));
  return sql;
}

std::vector<std::string> make_alike(const Context& context, const TableName& view,
                                    const Table& like, const std::vector<std::string>& columns,
                                    const std::string& clustered) {
  auto sql = describe(view, like, columns);
  if (!clustered.empty()) {
    sql.push_back(fmt::format("ALTER MATERIALIZED VIEW {} CLUSTER ON {}", quote(view),
                              quote_identifier(clustered)));
  }
  // Its owner comes last: what goes before is done by who made it.
  for (auto& each : views::share(context, view, like, columns)) sql.push_back(std::move(each));
  return sql;
}

std::vector<LockClaim> claims_below(const Context& context, const std::vector<TableName>& reads) {
  Claims claims;
  std::set<TableName> seen;
  for (const auto& each : reads) claim_below(context, each, seen, claims);
  return claims.list();
}

Fragment fill_of(const Context& context, const Table& view, const std::vector<TableName>& reads,
                 std::string note) {
  auto fragment =
      guarantee::fragment({context, view}, Slot::build, StepKind::transaction, std::move(note));
  fragment.step.sql = {fmt::format("REFRESH MATERIALIZED VIEW {}", quote(view.name)),
                       fmt::format("ANALYZE {}", quote(view.name))};
  fragment.step.scans = true;
  fragment.step.locks = Claims()
                            .merge(claims_below(context, reads))
                            .add(view.name, LockMode::access_exclusive)
                            .indexes(view, LockMode::access_exclusive)
                            .list();
  return fragment;
}

Fragment drop_of(const Context& context, const Table& view) {
  auto fragment = guarantee::fragment({context, view}, Slot::retire, StepKind::transaction, "");
  fragment.step.sql = {fmt::format("DROP MATERIALIZED VIEW {}", quote(view.name))};
  fragment.step.effects = {DropTable{view.name}};
  fragment.step.locks = Claims()
                            .add(view.name, LockMode::access_exclusive)
                            .indexes(view, LockMode::access_exclusive)
                            .list();
  return fragment;
}

}  // namespace zdm::planner::matviews
