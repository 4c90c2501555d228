#include "gate/type_change.hpp"

namespace zdm::planner {

namespace {

// numeric(6,2) to numeric(8,2) or numeric; timestamp(0) to timestamp.
bool widens_number(const SqlType& from, const SqlType& to) {
  if (from.name != to.name || from.modifiers.empty()) return false;
  const auto at = [](const SqlType& type, std::size_t i) {
    return i < type.modifiers.size() ? type.modifiers[i] : 0;
  };
  if (from.name == "numeric") {
    return to.modifiers.empty() || (at(to, 0) >= at(from, 0) && at(to, 1) == at(from, 1));
  }
  const bool precise = from.name == "time" || from.name == "timetz" || from.name == "timestamp" ||
                       from.name == "timestamptz";
  if (!precise && from.name != "varbit") return false;
  return to.modifiers.empty() || at(to, 0) >= at(from, 0);
}

bool widens(const SqlType& from, const SqlType& to) {
  if (from == to) return true;
  if (from.array || to.array || !from.schema.empty() || !to.schema.empty()) return false;
  const bool text = to.modifiers.empty() && (to.name == "text" || to.name == "varchar");
  if (from.name == "varchar" || from.name == "text") {
    if (text) return true;
    return from.name == "varchar" && to.name == "varchar" && !from.modifiers.empty() &&
           to.modifiers.size() == 1 && to.modifiers[0] >= from.modifiers[0];
  }
  return widens_number(from, to);
}

}  // namespace

bool only_widens(const History& history, const SqlEffect& change) {
  const SqlType* from = history.type_of(change.object, change.part);
  return from != nullptr && !change.has_using && widens(*from, change.column.type);
}

bool may_widen(const History& history, const SqlEffect& change) {
  const SqlType& to = change.column.type;
  if (change.has_using || history.type_of(change.object, change.part) != nullptr) return false;
  return !to.array && to.schema.empty() &&
         (to.name == "text" || to.name == "varchar" || to.name == "numeric");
}

}  // namespace zdm::planner
