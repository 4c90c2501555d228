#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "model/value.hpp"

/// Trees of values as a file would give them, written in one line. Each member stands on the line
/// of its number within its table, so that errors can be told apart by where they point.
namespace zdm::tests {

using planner::Value;

inline Value value(const char* text) {
  return Value{.data = std::string(text), .where = {.file = "0001.toml", .line = 1, .column = 9}};
}
inline Value value(std::int64_t number) {
  return Value{.data = number};
}
inline Value value(bool flag) {
  return Value{.data = flag};
}
inline Value list(std::initializer_list<Value> items) {
  return Value{.data = planner::Array(items)};
}

inline Value table(std::initializer_list<std::pair<std::string, Value>> members) {
  planner::Object object;
  int line = 0;
  for (const auto& [key, each] : members) {
    ++line;
    const planner::SourceSpan where{.file = "0001.toml", .line = line, .column = 1};
    object.push_back({.key = key, .where = where, .value = each});
    object.back().value.where = where;
  }
  return Value{.data = std::move(object)};
}

}  // namespace zdm::tests
