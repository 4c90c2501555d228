#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/error.hpp"
#include "model/names.hpp"
#include "partitions/calendar.hpp"
#include "partitions/key.hpp"

namespace zdm::planner {

enum class Expire { drop, detach, archive };
[[nodiscard]] std::string_view to_string(Expire expire);

/// Whose privileges and row security a new partition gets.
enum class PrivilegesFrom { newest, parent, none };

/// The standing instruction for one partition set: [partition."…"] of zdm.toml.
struct PartitionPolicy {
  std::string title;  ///< the set as it was written
  TableName table;
  std::string column;
  std::optional<Interval> interval;  ///< by time; nothing: by `step`
  std::int64_t step = 0;
  std::int64_t anchor = 0;  ///< microseconds of civil time, or a number
  std::int64_t ahead = 4;
  std::optional<Interval> keep;
  std::optional<std::int64_t> keep_numbers;
  Expire expire = Expire::drop;
  std::string archive_schema;
  std::string timezone = "UTC";
  std::int64_t max_drops = 12;
  std::string name_pattern;
  PrivilegesFrom privileges = PrivilegesFrom::newest;
  SourceSpan where;

  [[nodiscard]] bool keeps_all() const { return !keep && !keep_numbers; }
};

}  // namespace zdm::planner
