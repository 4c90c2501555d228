#include "partitions/grids.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ledger/fields.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::Calendar;
using planner::Grid;
using planner::KeyType;
using planner::KeyValue;
using planner::Micros;
using planner::PartitionPolicy;
using planner::PartitionSet;
using Json = nlohmann::json;

// A time that a zone skips is the instant at which the clock is put forward, one that comes twice
// is the second (DetermineTimeZoneOffset in datetime.c): boundaries of days are then right.
constexpr std::string_view kInstants = R"(
    SELECT (w.civil::timestamp AT TIME ZONE w.zone)::text
      FROM ROWS FROM (jsonb_to_recordset($1) AS (civil text, zone text))
           WITH ORDINALITY AS w(civil, zone, ordinal)
     ORDER BY w.ordinal)";

Micros micros(KeyType type, const std::string& text) {
  const auto value = planner::parse_key(type, text);
  return value ? value->high : 0;
}

/// The grid of one set of times: computed on a line of civil time or of instants, and where the
/// key is an instant and the line is not, told by the server what is what.
class TimeGrid final {
 public:
  TimeGrid(const PartitionPolicy& policy, const SetClock& clock, const PartitionSet& set)
      : policy_(policy),
        set_(set),
        civil_now_(micros(KeyType::timestamp, clock.civil)),
        instant_(micros(KeyType::timestamptz, clock.instant)) {
    const bool civil_key = set.type == KeyType::date || set.type == KeyType::timestamp;
    hours_ = !civil_key && policy.interval->unit == planner::Unit::hour;
    ask_ = !civil_key && !hours_;
    const Micros anchor = hours_ ? micros(KeyType::timestamptz, clock.anchor) : policy.anchor;
    const Calendar calendar(*policy.interval, anchor);
    now_ = hours_ ? instant_ : civil_now_;
    if (policy.keep) cutoff_ = cutoff_on_line();
    const auto span = grid_span(set, policy, calendar, now_, cutoff_);
    for (auto i = span.first; i <= span.last; ++i) line_.push_back(calendar.start(i));
  }

  /// The civil times whose instants are asked for.
  void ask(Json& questions) const {
    const auto put = [&](Micros civil) {
      questions.push_back({{"civil", planner::civil_text(civil)}, {"zone", policy_.timezone}});
    };
    if (ask_) {
      for (const Micros each : line_) put(each);
    }
    if (asks_cutoff()) put(before(civil_now_, *policy_.keep));
  }

  /// `answers` begins with those to this set's questions; they are taken off.
  Grid finish(std::span<const std::vector<Text>>& answers) const {
    const auto next = [&] {
      const auto text = ledger::text(answers.front().front());
      answers = answers.subspan(1);
      return micros(KeyType::timestamptz, text);
    };
    Grid grid;
    for (const Micros each : line_) {
      const KeyValue value = key(ask_ ? next() : each);
      // A zone that skipped a whole day has two boundaries at one instant.
      if (!grid.lines.empty() && value <= grid.lines.back().value) continue;
      grid.lines.push_back({.name = each, .value = value});
    }
    grid.now =
        key(set_.type == KeyType::date || set_.type == KeyType::timestamp ? civil_now_ : instant_);
    if (cutoff_) grid.cutoff = key(asks_cutoff() ? next() : *cutoff_);
    return grid;
  }

 private:
  [[nodiscard]] KeyValue key(Micros time) const { return key_at(set_.type, time); }
  /// Hours before now are hours, whatever the clock was turned by meanwhile.
  [[nodiscard]] bool keeps_hours() const { return policy_.keep->unit == planner::Unit::hour; }
  [[nodiscard]] bool asks_cutoff() const {
    return policy_.keep && (hours_ || ask_) && !keeps_hours();
  }
  /// About where the grid must begin; finish() has it exactly.
  [[nodiscard]] Micros cutoff_on_line() const {
    const bool instants = (hours_ || ask_) && keeps_hours();
    return before(instants ? instant_ : now_, *policy_.keep);
  }

  const PartitionPolicy& policy_;
  const PartitionSet& set_;
  Micros civil_now_ = 0;
  Micros instant_ = 0;
  Micros now_ = 0;      ///< on the line
  bool hours_ = false;  ///< the line is one of instants
  bool ask_ = false;    ///< the key is an instant, and the line civil time
  std::optional<Micros> cutoff_;
  std::vector<Micros> line_;
};

/// The largest key: of the last partition that has a row. Of the set as a whole it would be asked
/// of every partition.
Result<std::int64_t> largest_number(Connection& connection, const PartitionSet& set,
                                    const PartitionPolicy& policy) {
  for (auto each = set.partitions.rbegin(); each != set.partitions.rend(); ++each) {
    if (each->pending) continue;
    ZDM_TRY(const Rows rows, connection.run(fmt::format("SELECT max({})::text FROM {}",
                                                        planner::quote_identifier(set.column),
                                                        planner::quote(each->name))));
    if (rows.rows.front().front()) return rows.first_integer();
  }
  for (const auto& each : set.partitions) {
    if (each.range.lower.edge == planner::Edge::value) return each.range.lower.value.high;
  }
  return policy.anchor;
}

}  // namespace

Result<void> read_grids(Connection& connection, const std::vector<PartitionPolicy>& policies,
                        const std::vector<SetClock>& clocks, std::vector<ReadSet>& sets) {
  std::vector<std::pair<std::size_t, TimeGrid>> grids;
  Json questions = Json::array();
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (sets[i].error) continue;
    if (!policies[i].interval) {
      ZDM_TRY(const std::int64_t current, largest_number(connection, sets[i].set, policies[i]));
      sets[i].grid = number_grid(sets[i].set, policies[i], current);
      continue;
    }
    grids.emplace_back(i, TimeGrid(policies[i], clocks[i], sets[i].set));
    grids.back().second.ask(questions);
  }
  Rows answers;
  if (!questions.empty()) {
    ZDM_TRY(answers, connection.run(kInstants, {questions.dump()}));
  }
  std::span<const std::vector<Text>> rest = answers.rows;
  for (auto& [i, grid] : grids) sets[i].grid = grid.finish(rest);
  return {};
}

}  // namespace zdm::migrations
