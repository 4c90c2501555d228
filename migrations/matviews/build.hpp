#pragma once

#include "matviews/swap.hpp"

/// The new view beside the old one, which nobody knows yet. Its name and oid are in the ledger from
/// the transaction that creates it on.
namespace zdm::migrations {

/// Creates it empty: owner, privileges, comments, options, statistics. What it reads of members
/// before it, it reads of those built beside: for that moment they have each other's names.
[[nodiscard]] Result<void> create_beside(MatviewJob& job, const SwapScene& scene,
                                         std::size_t member);
/// Fills it by its own query, as its owner; the number of its rows.
[[nodiscard]] Result<std::int64_t> fill_beside(MatviewJob& job, const planner::TableName& built,
                                               const planner::Matview& view);
/// Every index, then ANALYZE.
[[nodiscard]] Result<void> finish_beside(MatviewJob& job, const planner::ExchangeMember& member);

/// The share of the view's rows that is another in the new one, from a sample; nothing where no
/// unique index tells rows apart.
[[nodiscard]] std::optional<double> changed_share(MatviewJob& job, const planner::TableName& built,
                                                  std::int64_t new_rows);

/// Rows of the new content that share a key, as "(id) = (7), 2 times"; at most ten.
[[nodiscard]] std::vector<std::string> duplicate_rows(Session& session,
                                                      const planner::TableName& built,
                                                      const std::vector<std::string>& key);
/// The error of a refresh that met rows with the same key, with these rows in it: the content is
/// built once more to look at them, and dropped.
[[nodiscard]] Error with_duplicates(MatviewJob& job, Error error);
/// Whether it is such an error.
[[nodiscard]] bool is_duplicate(const Error& error);

}  // namespace zdm::migrations
