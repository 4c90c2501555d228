#pragma once

#include <optional>
#include <string_view>

#include "model/error.hpp"
#include "partitions/key.hpp"

namespace zdm::planner {

/// What pg_get_expr(relpartbound, oid) says of a range partition, read in a session with TimeZone
/// UTC and DateStyle ISO. Nothing: it is the default partition. Numbers come quoted or bare, and a
/// quoted text may hold commas, quotes and brackets, so it is taken apart by tokens.
/// ErrorCode::refused where it is something else: LIST, HASH, several columns.
[[nodiscard]] Result<std::optional<Range>> parse_partition_bound(KeyType type,
                                                                 std::string_view text);

}  // namespace zdm::planner
