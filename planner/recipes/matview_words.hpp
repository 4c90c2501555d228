#pragma once

#include <optional>
#include <string>
#include <vector>

#include "recipes/index_words.hpp"
#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

/// What the kinds that make materialized views have in common. PostgreSQL only.
namespace zdm::planner::matviews {

/// The keys of create_matview and replace_matview.
struct Words {
  TableName name;
  SqlText query;
  std::optional<std::vector<IndexWords>> indexes;
  std::optional<std::string> with;        ///< storage parameters: "fillfactor = 70"
  std::optional<std::string> tablespace;  ///< a name
};

[[nodiscard]] Result<Words> decode(KeyReader& keys);
/// The names it gives to the catalog reader: the view, its indexes, what the query reads.
[[nodiscard]] CatalogRequest needs(const Words& words);

/// ErrorCode::refused on SQLite, which has none; ErrorCode::usage where the query is not one.
[[nodiscard]] Result<void> check(const Context& context, const Words& words);

/// The materialized view that the words ask for, under `name`: the query's columns, as far as it
/// says them; storage parameters and tablespace. `assumed` where only the server knows the columns.
[[nodiscard]] Table shape_of(const Words& words, const TableName& name);

/// The indexes that `indexes` asks for, by the names given there.
[[nodiscard]] Result<std::vector<Index>> indexes_of(const Context& context, const Table& view,
                                                    const Words& words);

/// Whether REFRESH … CONCURRENTLY could use one of them: unique, over plain columns and all rows
/// (PostgreSQL manual, REFRESH MATERIALIZED VIEW).
[[nodiscard]] bool can_refresh_concurrently(const std::vector<Index>& indexes);
/// The warning where it could not.
[[nodiscard]] Warning cannot_refresh_concurrently(const TableName& name);

/// CREATE MATERIALIZED VIEW … WITH NO DATA and its indexes, which are built in no time: nobody
/// waits for anything, and its owner fills it later (fill_of).
[[nodiscard]] std::vector<std::string> create(const Table& view, const SqlText& query);

/// Comments of `like` and its columns, statistics targets, storage, compression and options of
/// columns, for a materialized view of these columns.
[[nodiscard]] std::vector<std::string> describe(const TableName& view, const Table& like,
                                                const std::vector<std::string>& columns);

/// What stands on `like` and its columns beside query, options and indexes, for a materialized view
/// of these columns: what describe() says, the index it is clustered on (as `clustered` calls it,
/// or empty), owner and privileges.
[[nodiscard]] std::vector<std::string> make_alike(const Context& context, const TableName& view,
                                                  const Table& like,
                                                  const std::vector<std::string>& columns,
                                                  const std::string& clustered);

/// REFRESH and ANALYZE of a view that nobody reads yet, in a transaction of its own: as long as the
/// query takes, and the tables it reads are locked as by any SELECT. `reads` is what the query
/// reads, as the query or the catalog names it.
[[nodiscard]] Fragment fill_of(const Context& context, const Table& view,
                               const std::vector<TableName>& reads, std::string note);

/// ACCESS SHARE on what a query takes that reads these: tables, partitions and indexes, and what is
/// below plain views.
[[nodiscard]] std::vector<LockClaim> claims_below(const Context& context,
                                                  const std::vector<TableName>& reads);

/// DROP MATERIALIZED VIEW as a fragment of slot `retire`.
[[nodiscard]] Fragment drop_of(const Context& context, const Table& view);

}  // namespace zdm::planner::matviews
