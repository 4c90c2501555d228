#include "gate/search_path.hpp"

namespace zdm::planner {

namespace {

bool creates_nothing(const std::string& schema) {
  return schema.empty() || schema == "$user" || schema == "pg_catalog" || schema == "pg_temp";
}

}  // namespace

void SearchPath::begin_transaction() {
  before_ = session_;
  local_.reset();
}

void SearchPath::set(const StatementFacts& statement, const SqlEffect& effect) {
  if (effect.temporary && !statement.in_transaction) return;  // over before it is of use
  const std::string schema = first_of(effect);
  if (effect.temporary) {
    local_ = schema;
    return;
  }
  session_ = schema;
  local_.reset();
}

void SearchPath::roll_back() {
  session_ = before_;
  local_.reset();
}

// What may have been set is not known, and is another path each time.
std::string SearchPath::first_of(const SqlEffect& effect) {
  if (effect.unknown || effect.conditional) return "\x01" + std::to_string(++unknown_);
  if (effect.values.empty()) return {};
  for (const std::string& schema : effect.values) {
    if (!creates_nothing(schema)) return schema;
  }
  return "\x01";
}

}  // namespace zdm::planner
