#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "model/error.hpp"

namespace zdm::planner {

struct Value;

/// One `key = value` of a file, in file order, with the key's own place.
struct Member;

using Array = std::vector<Value>;
using Object = std::vector<Member>;

/// A neutral tree of what a TOML file says, so that the planner needs no TOML library.
struct Value {
  std::variant<std::string, std::int64_t, double, bool, Array, Object> data;
  SourceSpan where;  ///< where the value starts

  /// For strings: the place in the file of each byte of the decoded text, so that an error inside
  /// an SQL expression can be shown where it stands. One entry per byte and one for the end; empty
  /// when unknown.
  std::vector<std::pair<int, int>> positions;  ///< (line, column)
};

struct Member {
  std::string key;
  SourceSpan where;
  Value value;
};

/// The place of byte `offset` of a string value, or where the value starts.
[[nodiscard]] SourceSpan place_of(const Value& value, std::size_t offset);

}  // namespace zdm::planner
