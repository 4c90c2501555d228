#include <fmt/format.h>

#include <algorithm>

#include "matviews/build.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::quote;
using planner::quote_identifier;
using planner::TableName;

constexpr double kSampleRows = 5000;
constexpr int kShown = 10;

std::string equal_keys(const std::vector<std::string>& key) {
  std::vector<std::string> each;
  for (const auto& column : key) {
    each.push_back(fmt::format("n.{0} = o.{0}", quote_identifier(column)));
  }
  return fmt::format("{}", fmt::join(each, " AND "));
}

/// Whether the row is there as it was: by image, as REFRESH … CONCURRENTLY compares.
std::string sample_sql(const TableName& old, const TableName& built,
                       const std::vector<std::string>& key, double percent) {
  return fmt::format(
      "SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT FROM {} n WHERE {} AND n.* "
      "OPERATOR(pg_catalog.*=) o.*)) FROM {} o TABLESAMPLE SYSTEM ({:.6f})",
      quote(built), equal_keys(key), quote(old), percent);
}

/// Only to look: what goes wrong is no error of the refresh.
Result<Rows> look(Session& session, const std::string& sql) {
  return session.read([&](Connection& connection) { return connection.run(sql); });
}

}  // namespace

bool is_duplicate(const Error& error) {
  return error.sqlstate == "23505" || error.sqlstate == "21000";
}

std::optional<double> changed_share(MatviewJob& job, const TableName& built,
                                    std::int64_t new_rows) {
  const auto& key = job.state.eligibility.key;
  if (key.empty() || !job.state.view.may_read) return std::nullopt;
  const auto known =
      job.state.last && job.state.last->rows ? *job.state.last->rows : job.state.view.rows;
  const auto old_rows = static_cast<double>(std::max<std::int64_t>(known, 1));
  const double percent = std::clamp(100 * kSampleRows / old_rows, 0.0001, 100.0);
  const auto rows = look(job.session, sample_sql(job.name(), built, key, percent));
  if (!rows || rows->first_integer(0) == 0) return std::nullopt;
  const double gone =
      static_cast<double>(rows->first_integer(1)) / static_cast<double>(rows->first_integer(0));
  const auto now = static_cast<double>(std::max<std::int64_t>(new_rows, 1));
  const double came = (now - old_rows * (1 - gone)) / now;
  return std::clamp(std::max(gone, came), 0.0, 1.0);
}

std::vector<std::string> duplicate_rows(Session& session, const TableName& built,
                                        const std::vector<std::string>& key) {
  std::vector<std::string> whole;
  for (const auto& column : key) {
    whole.push_back(fmt::format("{} IS NOT NULL", quote_identifier(column)));
  }
  const auto rows =
      look(session,
           fmt::format("SELECT row({0})::text, count(*) FROM {1} WHERE {2} GROUP BY {0} HAVING "
                       "count(*) > 1 ORDER BY 2 DESC, 1 LIMIT {3}",
                       planner::quote_list(key), quote(built), fmt::join(whole, " AND "), kShown));
  std::vector<std::string> found;
  if (!rows) return found;
  for (const auto& row : rows->rows) {
    found.push_back(fmt::format("({}) = {}, {} times", fmt::join(key, ", "), row[0].value_or(""),
                                row[1].value_or("")));
  }
  return found;
}

Error with_duplicates(MatviewJob& job, Error error) {
  error.hint =
      "the old content stays; correct the data or the view's query, then run the same command "
      "again";
  const auto& key = job.state.eligibility.key;
  auto scene = read_swap_scene(job.session, job.state.view);
  if (key.empty() || !scene) return error;
  scene->members.resize(1);
  const auto built = scene->members.front().exchange.built;
  job.say("looking for the rows that share a key");
  std::vector<std::string> rows;
  if (create_beside(job, *scene, 0) && fill_beside(job, built, job.state.view)) {
    rows = duplicate_rows(job.session, built, key);
  }
  static_cast<void>(drop_leftovers(job.session, job.report.name));
  if (!rows.empty()) {
    error.message = fmt::format("the new content of {} has rows that share a key: {}",
                                job.report.name, fmt::join(rows, "; "));
  }
  return error;
}

}  // namespace zdm::migrations
