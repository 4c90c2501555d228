#include "partitions/policies.hpp"

#include <fmt/format.h>

#include <charconv>

#include "partitions/names.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::Expire;
using planner::fail_at;
using planner::PartitionPolicy;
using planner::PrivilegesFrom;

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Adds the place and the set to an error of one of its values.
template <class Value>
Result<Value> in_set(const NamedTable& table, Result<Value> result) {
  if (result) return result;
  Error error = std::move(result).error();
  error.message = fmt::format("[partition.\"{}\"]: {}", table.name, error.message);
  error.where = table.where;
  return planner::fail(std::move(error));
}

class Reader final {
 public:
  explicit Reader(const NamedTable& table) : table_(table) {}

  Result<PartitionPolicy> read() {
    policy_.title = table_.name;
    policy_.where = table_.where;
    ZDM_TRY(policy_.table, in_set(table_, planner::parse_table_name(table_.name)));
    ZDM_TRY(policy_.column, in_set(table_, planner::parse_identifier(value("column"))));
    policy_.interval = planner::parse_interval(value("interval"));
    policy_.step = number(value("step"));
    policy_.ahead = number(value("ahead"));
    policy_.max_drops = number(value("max_drops"));
    policy_.timezone = value("timezone");
    policy_.name_pattern = value("name");
    ZDM_CHECK(in_set(table_, planner::check_name_pattern(policy_.name_pattern)));
    read_choices();
    policy_.keep = planner::parse_interval(value("keep"));
    if (!policy_.keep && !value("keep").empty()) policy_.keep_numbers = number(value("keep"));
    ZDM_CHECK(read_anchor());
    if (policy_.expire == Expire::archive) {
      ZDM_TRY(policy_.archive_schema, in_set(table_, planner::parse_identifier(value("schema"))));
    }
    return std::move(policy_);
  }

 private:
  [[nodiscard]] std::string value(const char* key) const {
    const auto found = table_.values.find(key);
    return found == table_.values.end() ? std::string() : found->second;
  }

  void read_choices() {
    const std::string expire = value("expire");
    policy_.expire = expire == "detach"    ? Expire::detach
                     : expire == "archive" ? Expire::archive
                                           : Expire::drop;
    const std::string from = value("privileges");
    policy_.privileges = from == "parent" ? PrivilegesFrom::parent
                         : from == "none" ? PrivilegesFrom::none
                                          : PrivilegesFrom::newest;
  }

  Result<void> read_anchor() {
    const std::string text = value("anchor");
    if (!policy_.interval) {
      policy_.anchor = number(text);
      const bool good = text.empty() || std::to_string(policy_.anchor) == text;
      return good ? Result<void>() : wrong_anchor(text, "a number, since the set goes by step");
    }
    const auto civil =
        text.empty() ? planner::default_anchor(policy_.interval->unit) : planner::parse_civil(text);
    if (!civil) return wrong_anchor(text, "a date, or a date and a time: \"2024-01-01 06:00\"");
    policy_.anchor = *civil;
    return {};
  }

  [[nodiscard]] tl::unexpected<Error> wrong_anchor(const std::string& text,
                                                   std::string_view takes) const {
    return fail_at(
        table_.where, ErrorCode::usage,
        fmt::format("[partition.\"{}\"] takes as anchor {}, not \"{}\"", table_.name, takes, text));
  }

  const NamedTable& table_;
  PartitionPolicy policy_;
};

}  // namespace

Result<std::vector<PartitionPolicy>> partition_policies(const std::vector<NamedTable>& tables) {
  std::vector<PartitionPolicy> policies;
  for (const NamedTable& table : tables) {
    ZDM_TRY(auto policy, Reader(table).read());
    policies.push_back(std::move(policy));
  }
  return policies;
}

}  // namespace zdm::migrations
