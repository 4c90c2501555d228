#include "model/value.hpp"

namespace zdm::planner {

SourceSpan place_of(const Value& value, std::size_t offset) {
  if (offset >= value.positions.size()) {
    if (value.positions.empty()) return value.where;
    offset = value.positions.size() - 1;
  }
  SourceSpan place{.file = value.where.file,
                   .line = value.positions[offset].first,
                   .column = value.positions[offset].second};
  return place;
}

}  // namespace zdm::planner
